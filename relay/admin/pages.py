"""The page: whether the conversions arrive, in one sentence, one table, and what to do.

Plain HTML from one template, whole without scripts, with no resource from elsewhere. Whatever came
from outside is escaped, and no event is shown. *Delivered* is the platform's word, and nothing is
rounded up: only all of them are 100 %.
"""

from decimal import Decimal
from pathlib import Path
from typing import Final

import jinja2
import msgspec
from aiohttp import web

from relay.admin.query import choice
from relay.outcome.health import STATES
from relay.outcome.reports import Reports
from relay.outcome.view import DestinationView, RangeName, Summary

STYLE: Final = Path(__file__).with_name("static") / "page.css"
DELAYED_S: Final = 300
"""An event that has waited for longer is late."""
SPOKEN: Final[dict[RangeName, str]] = {
    "1h": "hour",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}
_UNITS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Condition(msgspec.Struct, frozen=True):
    """How a destination is, in words: `mark` is `good`, `quiet` or `bad`."""

    mark: str
    word: str
    meaning: str


class Pages:
    """The routes of the page and of its style sheet."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("relay.admin"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"grouped": grouped, "moment": moment, "spoken": spoken}
        self._template = environment.get_template("page.html")
        self._style = STYLE.read_bytes()

    def routes(self) -> list[web.RouteDef]:
        """Return what is below `/`."""
        return [web.get("/", self.page), web.get("/static/page.css", self.style)]

    async def page(self, request: web.Request) -> web.Response:
        """Answer with the page of a range."""
        name: RangeName = choice(request, "range", RangeName) or "24h"
        summary = await self._reports.summary(name)
        text = self._template.render(
            summary=summary,
            headline=headline(summary),
            rows=[(each, condition(each)) for each in summary.destinations],
            ranges=SPOKEN,
        )
        return web.Response(text=text, content_type="text/html")

    async def style(self, request: web.Request) -> web.Response:
        """Answer with the style sheet."""
        return web.Response(
            body=self._style, content_type="text/css", headers={"Cache-Control": "no-cache"}
        )


def headline(summary: Summary) -> str:
    """Return the one sentence: do the conversions arrive?"""
    lately = f"the last {SPOKEN[summary.range]}"
    if not summary.destinations:
        return "No destination is set up yet: name one in relay.toml."
    if not summary.received:
        return f"No conversion arrived in {lately}."
    delivered = sum(each.delivered for each in summary.destinations)
    ended = delivered + sum(each.dead for each in summary.destinations)
    if not ended:
        return f"No conversion of {lately} was sent yet."
    return f"{_share(delivered, ended)} of the conversions sent in {lately} were delivered."


def condition(view: DestinationView) -> Condition:
    """Return what somebody has to know about a destination, the most pressing first."""
    if view.state != "active":
        words = {"paused": "Paused", "degraded": "Not answering", "throttled": "Slowed down"}
        wording = STATES[view.state]
        meaning = view.message or f"{wording.sentence} {wording.fix}"
        return Condition("bad", words[view.state], meaning)
    if view.oldest_pending_seconds > DELAYED_S:
        return Condition("bad", "Delayed", "Sending goes on, and is behind.")
    if view.dead:
        return Condition("bad", "Not all delivered", "The list behind the figure has the reasons.")
    if not view.received:
        return Condition("quiet", "Quiet", "Nothing came in.")
    return Condition("good", "Working", "Conversions are sent as they come.")


def grouped(number: int | str) -> str:
    """Return a count, or money as text, with its thousands apart."""
    return f"{Decimal(number):,f}"


def moment(text: str) -> str:
    """Return a moment of the API to the second, for people."""
    return f"{text[:19].replace('T', ' ')} UTC"


def spoken(seconds: float) -> str:
    """Return a span of time in its largest unit, rounded down."""
    for unit, length_s in _UNITS:
        count = int(seconds // length_s)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a second"


def _share(part: int, whole: int) -> str:
    """Return a percentage with one digit, rounded down."""
    tenths = part * 1000 // whole
    return "100 %" if tenths == 1000 else f"{tenths / 10:.1f} %"  # noqa: PLR2004 - all of it
