"""Renders templates. Everything from outside is escaped; no page shows PII or a token.

A screen is a template with the blocks `head` and `live`. If htmx asks, only `live` is sent, which
replaces itself every few seconds. The port's content policy forbids inline scripts and styles.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec
from aiohttp import web

from relay.admin import formatting
from relay.admin.pages import sparkline
from relay.admin.pages.asset import Assets
from relay.config.quantity import sized
from relay.outcome.insight.headline import share
from relay.outcome.insight.match import identifier_name
from relay.outcome.notation import joined
from relay.outcome.wording import WHO

FOLDER: Final = Path(__file__).parents[1] / "templates"
LIVE_S: Final = 3
"""Seconds between two polls of an open page."""
_HTMX: Final = {
    "includeIndicatorCSS": False,
    "history": False,
    "noSwap": [204, 304, "4xx", "5xx"],
    "morphIgnore": ["data-htmx-powered", "open", "data-sent"],
    "defaultTimeout": 10_000,
}


class Place(msgspec.Struct, frozen=True):
    """An entry of the navigation."""

    path: str
    name: str


NAVIGATION: Final = (
    Place("/", "Overview"),
    Place("/find", "Find a conversion"),
    Place("/undelivered", "Not delivered"),
    Place("/refused", "Refused"),
    Place("/fix", "What to fix"),
    Place("/test", "Send a test"),
    Place("/on-call", "On call"),
)


class Renderer:
    """Renders screens. `tested` returns the destinations that send in test mode."""

    def __init__(
        self,
        assets: Assets,
        clock: Callable[[], float],
        tested: Callable[[], Sequence[str]],
        emulated: Sequence[str],
    ) -> None:
        self._clock = clock
        self._tested = tested
        self._environment = jinja2.Environment(
            loader=templates(FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= _FILTERS
        self._environment.globals |= {
            "asset": assets.address,
            "navigation": NAVIGATION,
            "htmx_config": msgspec.json.encode(_HTMX).decode(),
            "live_s": LIVE_S,
            "emulated": emulated,
            "who": WHO,
        }

    def page(
        self, request: web.Request, template: str, *, status: int = 200, **context: Any
    ) -> web.Response:
        """Answer with a screen, or only its live part if htmx asks."""
        fragment = "HX-Request" in request.headers
        now_s = self._clock()
        text = self._environment.get_template(template).render(
            layout="fragment.html" if fragment else "base.html",
            here=request.path_qs,
            path=request.path,
            now_ms=now_s * 1000,
            tested=self._tested(),
            **context,
        )
        return web.Response(text=text, status=status, content_type="text/html")


def templates(folder: Path) -> jinja2.BaseLoader:
    """Return a loader of a folder's templates as they are now.

    All are read at once: after an update of the files, a process goes on with its own until it is
    started again.
    """
    read = {
        path.name: (path.read_text(encoding="utf-8"), str(path), None)
        for path in folder.glob("*.html")
    }
    return jinja2.FunctionLoader(read.get)


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "grouped": formatting.grouped,
    "counted": formatting.counted,
    "plural": formatting.plural,
    "money": formatting.money_text,
    "moment": formatting.moment,
    "joined": joined,
    "identifier": identifier_name,
    "instant": formatting.instant,
    "sized": sized,
    "spoken": formatting.spoken,
    "within": formatting.within,
    "named": formatting.named,
    "about_event": formatting.about_event,
    "share": share,
    "sparkline": sparkline.points,
}
