"""The control API for tests in any language: JSON under `/sandbox/`.

- `POST /sandbox/scenario` `{"scenario":"outage"}`; `POST /sandbox/script` with a fault script;
  `POST /sandbox/style` with the keys of `relay.sandbox.style.Style` to change.
- `GET` on the same three paths: what is in force. `GET /sandbox/answers`: every answer by name.
- `GET /sandbox/summary`; `/sandbox/requests` and `/sandbox/events`, the latest first, with
  `?event_id=`, `?platform=`, `?limit=`; `/sandbox/ids`, the accepted ids as NDJSON.
- `DELETE /sandbox/events`: forget what was received.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, get_args

import msgspec
from aiohttp import web

from relay.errors import ConfigError
from relay.sandbox.answer import PlatformName
from relay.sandbox.catalogue import ANSWERS
from relay.sandbox.exchange import Exchange
from relay.sandbox.fault import MALFORMED
from relay.sandbox.scripts import parse
from relay.sandbox.style import Style

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 10_000
_CHUNK: Final = 1_000
_NUMBER: Final = re.compile(r"[0-9]{1,9}")

_ENCODER = msgspec.json.Encoder()


class _ScenarioName(msgspec.Struct, forbid_unknown_fields=True):
    scenario: str


def routes(exchange: Exchange) -> list[web.RouteDef]:
    """Return the routes of the control API."""
    control = _Control(exchange)
    return [
        web.post("/sandbox/scenario", control.set_scenario),
        web.get("/sandbox/scenario", control.scenario),
        web.post("/sandbox/script", control.set_script),
        web.get("/sandbox/script", control.script),
        web.post("/sandbox/style", control.set_style),
        web.get("/sandbox/style", control.style),
        web.get("/sandbox/answers", control.answers),
        web.get("/sandbox/summary", control.summary),
        web.get("/sandbox/requests", control.requests),
        web.get("/sandbox/events", control.events),
        web.delete("/sandbox/events", control.clear),
        web.get("/sandbox/ids", control.ids),
    ]


class _Control:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def set_scenario(self, request: web.Request) -> web.Response:
        try:
            wanted = msgspec.json.decode(await request.read(), type=_ScenarioName)
            self._exchange.run_scenario(wanted.scenario)
        except (ConfigError, *MALFORMED) as error:
            return _refused(error)
        return await self.scenario(request)

    async def scenario(self, request: web.Request) -> web.Response:
        del request
        return _json({"scenario": self._exchange.scenario_name})

    async def set_script(self, request: web.Request) -> web.Response:
        try:
            self._exchange.run_script(parse(await request.read()))
        except ConfigError as error:
            return _refused(error)
        return await self.script(request)

    async def script(self, request: web.Request) -> web.Response:
        del request
        steps = [{"step": step, "hits": hits} for step, hits in self._exchange.playback.hits()]
        return _json({"scenario": self._exchange.scenario_name, "steps": steps})

    async def set_style(self, request: web.Request) -> web.Response:
        try:
            changes = msgspec.json.decode(await request.read(), type=dict[str, Any])
            style = {**msgspec.to_builtins(self._exchange.style), **changes}
            self._exchange.use_style(msgspec.convert(style, Style))
        except MALFORMED as error:
            return _refused(error)
        return await self.style(request)

    async def style(self, request: web.Request) -> web.Response:
        del request
        return _json(self._exchange.style)

    async def answers(self, request: web.Request) -> web.Response:
        del request
        return _json(ANSWERS)

    async def summary(self, request: web.Request) -> web.Response:
        del request
        scenario = {"scenario": self._exchange.scenario_name}
        return _json(scenario | self._exchange.inbox.counts)

    async def requests(self, request: web.Request) -> web.Response:
        platform = _platform(request)
        latest = (
            seen
            for seen in reversed(self._exchange.inbox.requests)
            if platform in {None, seen.platform}
        )
        return _json({"requests": list(islice(latest, _limit(request)))})

    async def events(self, request: web.Request) -> web.Response:
        platform, event_id = _platform(request), request.query.get("event_id")
        latest = (
            seen
            for seen in reversed(self._exchange.inbox.events)
            if platform in {None, seen.platform} and event_id in {None, seen.event_id}
        )
        return _json({"events": list(islice(latest, _limit(request)))})

    async def clear(self, request: web.Request) -> web.Response:
        del request
        self._exchange.inbox.clear()
        return web.Response(status=204)

    async def ids(self, request: web.Request) -> web.StreamResponse:
        lines = self._id_lines(_platform(request))
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        for chunk in _chunks(lines):
            await response.write(chunk)
        await response.write_eof()
        return response

    def _id_lines(self, platform: PlatformName | None) -> Iterator[bytes]:
        inbox = self._exchange.inbox
        for seen in inbox.ids(platform):
            yield _ENCODER.encode(seen) + b"\n"
        of_interest = [inbox.counts[platform]] if platform else list(inbox.counts.values())
        if not all(counts.ids_complete for counts in of_interest):
            yield b'{"incomplete":true,"message":"more ids were accepted than are kept"}\n'


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    while chunk := b"".join(islice(lines, _CHUNK)):
        yield chunk


def _platform(request: web.Request) -> PlatformName | None:
    """Return the platform asked for, None for both; a name of neither is answered with 400."""
    wanted, names = request.query.get("platform"), get_args(PlatformName)
    if wanted and wanted not in names:
        raise web.HTTPBadRequest(text=f"platform: use one of {', '.join(names)}\n")
    return next((name for name in names if name == wanted), None)


def _limit(request: web.Request) -> int:
    wanted = request.query.get("limit", "")
    return min(int(wanted), MAX_LIMIT) if _NUMBER.fullmatch(wanted) else DEFAULT_LIMIT


def _json(document: object, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=_ENCODER.encode(document), content_type="application/json"
    )


def _refused(error: Exception) -> web.Response:
    return _json({"message": str(error)}, status=400)
