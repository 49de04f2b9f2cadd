"""The HTTP source: `POST /v1/events`, answered only once the events are on disk.

Built on aiohttp's low-level server: its parser and its limits, without the application layer,
which would cost more for a single event than all the rest of the relay.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from relay.errors import JournalUnavailable
from relay.intake import Intake, Origin, Taken, TooMany, Unreadable
from relay.keys.keyring import Denied, Grant, Keyring
from relay.metrics import Metrics
from relay.sources.answer import (
    Caller,
    Refused,
    json_response,
    response,
    taken_answer,
    unreadable,
)
from relay.sources.body import STOPPING, BodyReader
from relay.sources.connections import Server
from relay.sources.credential import grant_of, refused

SOURCE: Final = "http"
JSON_TYPES: Final = frozenset({"application/json", "text/json"})
NDJSON_TYPES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
MAX_LINE_BYTES: Final = 8190
MAX_HEADER_BYTES: Final = 16_380
MAX_HEADERS: Final = 100
LINGER_S: Final = 2.0
"""How long the rest of a refused request is read, so that the client gets to read the answer."""

Handler = Callable[[web.BaseRequest], Awaitable[web.Response]]
Taker = Callable[[bytes, Origin], Awaitable[Taken]]


class HttpSource:
    """Answers producers. `stopping` refuses new events while the relay shuts down."""

    def __init__(
        self,
        intake: Intake,
        metrics: Metrics,
        keyring: Keyring,
        *,
        max_body_bytes: int,
        body_timeout_s: float,
        openapi: bytes,
    ) -> None:
        self._intake = intake
        self._metrics = metrics
        self._keyring = keyring
        self._bodies = BodyReader(max_bytes=max_body_bytes, timeout_s=body_timeout_s)
        self._openapi = openapi
        self._routes: dict[str, dict[str, Handler]] = {
            "/v1/events": {"POST": self._events},
            "/v1/auth/test": {"GET": self._auth_test},
            "/openapi.json": {"GET": self._document},
        }
        self.stopping = False

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer any request to the port; never with a 5xx for what the producer sent."""
        try:
            return await self._handler_of(request)(request)
        except Denied as denied:
            return refused(denied).response()
        except Refused as refusal:
            return refusal.response()

    def stop(self) -> None:
        """Take no events from now on; what has arrived whole is still stored and answered."""
        self.stopping = True
        self._bodies.stop()

    def _handler_of(self, request: web.BaseRequest) -> Handler:
        routes = self._routes.get(request.path)
        if routes is None:
            raise Refused(404, "not_found", "Post events to /v1/events.")
        handler = routes.get(request.method)
        if handler is None:
            allowed = ", ".join(routes)
            raise Refused(405, "method_not_allowed", f"Use {allowed} here.", {"Allow": allowed})
        return handler

    async def _events(self, request: web.BaseRequest) -> web.Response:
        grant = grant_of(request, self._keyring)
        take = self._taker_of(request)
        if self.stopping:
            raise Refused.unavailable(STOPPING)
        use = _Use(grant)
        try:
            async with self._bodies.body_of(request) as body:
                started = time.perf_counter()
                taken = await take(body, use.origin)
                await self._store(taken, use)
        except TooMany as error:
            raise Refused(413, "too_large", error.problem.message) from None
        except Unreadable as error:
            return response(400, unreadable(error.problem))
        finally:
            use.end()
        self._metrics.ingest_seconds.observe(time.perf_counter() - started)
        return response(202 if taken.entries else 400, taken_answer(taken))

    def _taker_of(self, request: web.BaseRequest) -> Taker:
        declared = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not declared or declared in JSON_TYPES:
            return self._intake.take_json
        if declared in NDJSON_TYPES:
            return self._intake.take_ndjson
        message = "Content-Type: send application/json or application/x-ndjson."
        raise Refused(415, "unsupported_media_type", message)

    async def _store(self, taken: Taken, use: "_Use") -> None:
        """Return once the events are on disk.

        Where none was accepted, a journal that takes nothing only costs the count of rejections:
        the answer is the producer's to mend all the same.
        """
        started = time.perf_counter()
        use.made = bool(taken.entries)  # also if the client goes away before the answer
        try:
            await self._intake.store(taken, use.origin)
        except JournalUnavailable as error:
            use.made = False
            if taken.entries:
                raise Refused.unavailable(error.reason, error.retry_after_s) from None
        self._metrics.journal_append_seconds.observe(time.perf_counter() - started)

    async def _auth_test(self, request: web.BaseRequest) -> web.Response:
        grant = grant_of(request, self._keyring)
        return response(200, Caller(grant.name, grant.scopes, grant.uses_left))

    async def _document(self, request: web.BaseRequest) -> web.Response:
        return json_response(self._openapi)


class _Use:
    """One use of a key, taken before the body is read; unless it was `made`, `end` gives it back.

    Raises `Denied` if the key allows none.
    """

    def __init__(self, grant: Grant) -> None:
        grant.begin()
        self._grant = grant
        self.made = False
        self.origin = Origin(SOURCE, grant.name or None, grant.counted, grant.destinations)

    def end(self) -> None:
        """Say how it ended."""
        self._grant.end(used=self.made)


def server(source: HttpSource, *, idle_timeout_s: float) -> Server:
    """Return the protocol factory of the port.

    A connection that has not sent a whole request head within `idle_timeout_s` is closed.
    """
    return Server(
        source.handle,
        access_log=None,
        keepalive_timeout=idle_timeout_s,
        lingering_time=LINGER_S,
        auto_decompress=False,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
