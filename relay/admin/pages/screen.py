"""What all screens have in common; their errors are pages, too, that say what to do."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from relay.admin.answer import BadRequest
from relay.admin.guard import FAILED, MISTAKE
from relay.admin.pages.link import Links
from relay.admin.pages.renderer import Renderer
from relay.admin.query import choice
from relay.errors import JournalUnavailable
from relay.outcome.acting.audited import Control
from relay.outcome.acting.dead_letters import DeadLetters
from relay.outcome.insight.insight import Insight
from relay.outcome.probe import Probe
from relay.outcome.producers import Producers
from relay.outcome.reports import Reports
from relay.outcome.views.source import SourcesView

log = logging.getLogger(__name__)

Figures = Literal["counts", "percent"]
Trial = Callable[[str, str], Awaitable[Sequence[Probe]]]
"""Sends a test event to a destination, by name, with a test event code or none."""


class ScreenContext(msgspec.Struct, frozen=True, kw_only=True):
    """What every screen works with; `started_s` is in Unix seconds.

    `emulated` are the destinations whose platform is an emulator on this machine; `fingerprint`
    differs between different settings.
    """

    insight: Insight
    reports: Reports
    dead_letters: DeadLetters
    control: Control
    producers: Producers
    trial: Trial
    clock: Callable[[], float]
    started_s: float
    sources: Callable[[], SourcesView]
    emulated: Sequence[str]
    links: Links
    fingerprint: str


class Screen:
    """One screen, or a few that belong together."""

    def __init__(self, context: ScreenContext, renderer: Renderer) -> None:
        self.context = context
        self.renderer = renderer

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the screen."""
        raise NotImplementedError  # each screen has its own; the base is never served


S = TypeVar("S", bound=Screen)
Handler = Callable[[S, web.Request], Awaitable[web.Response]]


def told(handler: Handler[S]) -> Handler[S]:
    """Show a handler's errors as a page instead of JSON."""

    @wraps(handler)
    async def wrapped(self: S, request: web.Request) -> web.Response:
        try:
            return await handler(self, request)
        except JournalUnavailable as problem:
            kind = "not_written" if request.method == "POST" else "could_not_load"
            return _error(self, request, 503, kind, problem.reason)
        except BadRequest as problem:
            return _error(self, request, 400, "not_understood", str(problem))
        except web.HTTPRequestEntityTooLarge:
            return _error(self, request, 413, "not_understood", "It is too large.")
        except web.HTTPNotFound:
            return _error(self, request, 404, "not_there", "")
        except web.HTTPException:
            raise
        except Exception:
            log.exception(FAILED)
            return _error(self, request, 500, "could_not_load", MISTAKE)

    return wrapped


def figures_of(request: web.Request) -> Figures:
    """Return whether figures are counts (the default) or shares of what was received."""
    name: Figures = choice(request, "figures", Figures) or "counts"
    return name


def _error(
    screen: Screen, request: web.Request, status: int, kind: str, reason: str
) -> web.Response:
    return screen.renderer.page(request, "error.html", status=status, kind=kind, reason=reason)
