"""The emulator's page: what it received and what it is doing, at a glance.

It is plain HTML from one template, without scripts. Everything from outside is escaped, and no
payload is shown.
"""

from datetime import UTC, datetime
from itertools import islice
from typing import Final

import jinja2
from aiohttp import web

from relay.sandbox.exchange import Exchange
from relay.sandbox.scenario import SCENARIOS
from relay.sandbox.scripts import platform_of

_EVENTS_SHOWN: Final = 50
_REQUESTS_SHOWN: Final = 25

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_WORDS: Final = {
    "accepted": "accepted",
    "refused": "refused",
    "turned_away": "turned away",
    "unanswered": "no answer given",
}


def routes(exchange: Exchange) -> list[web.RouteDef]:
    """Return the route of the page."""
    return [web.get("/", _Page(exchange).show)]


class _Page:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("relay.sandbox"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["moment"] = _moment
        environment.filters["grouped"] = "{:,}".format
        environment.filters["word"] = _WORDS.__getitem__
        environment.filters["platform"] = platform_of
        self._template = environment.get_template("page.html")

    async def show(self, request: web.Request) -> web.Response:
        del request
        inbox = self._exchange.inbox
        text = self._template.render(
            scenario=self._exchange.scenario_name,
            scenarios=SCENARIOS,
            steps=self._exchange.playback.hits(),
            counts=inbox.counts,
            events=list(islice(reversed(inbox.events), _EVENTS_SHOWN)),
            requests=list(islice(reversed(inbox.requests), _REQUESTS_SHOWN)),
        )
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)


def _moment(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
