"""The HTTP source: `POST /v1/events`, answered only once the events are on disk.

Built on aiohttp's low-level server: its parser and its limits, without the application layer,
which would cost more for a single event than all the rest of the relay.
"""

import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from relay.errors import JournalUnavailable
from relay.intake import Intake, Taken, Unreadable
from relay.metrics import Metrics
from relay.sources.answer import (
    Caller,
    refusal,
    response,
    taken_answer,
    unreadable,
)
from relay.sources.body import Refused, read_body

SOURCE = "http"
SCOPES = ("events:write", "events:read")
JSON_TYPES = frozenset({"application/json", "text/json"})
NDJSON_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
MAX_LINE_BYTES = 8190
MAX_HEADER_BYTES = 16_380
MAX_HEADERS = 100
RETRY_AFTER_S = 5

log = logging.getLogger(__name__)
Handler = Callable[[web.BaseRequest], Awaitable[web.Response]]


class HttpSource:
    """Answers producers. `stopping` refuses new events while the relay shuts down."""

    def __init__(
        self,
        intake: Intake,
        metrics: Metrics,
        *,
        max_body_bytes: int,
        body_timeout_s: float,
        openapi: bytes,
    ) -> None:
        self._intake = intake
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._openapi = openapi
        self._routes: dict[str, dict[str, Handler]] = {
            "/v1/events": {"POST": self._events},
            "/v1/auth/test": {"GET": self._auth_test},
            "/openapi.json": {"GET": self._document},
        }
        self.stopping = False

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer any request to the port; never with a 5xx for what the producer sent."""
        routes = self._routes.get(request.path)
        if routes is None:
            return response(404, refusal("not_found", "Post events to /v1/events."))
        handler = routes.get(request.method)
        if handler is None:
            allowed = {"Allow": ", ".join(routes)}
            message = f"Use {' or '.join(routes)} here."
            return response(405, refusal("method_not_allowed", message), allowed)
        try:
            return await handler(request)
        except Refused as refused:
            return _closing(
                response(refused.status, refusal(_CODES[refused.status], refused.message))
            )

    async def _events(self, request: web.BaseRequest) -> web.Response:
        started = time.perf_counter()
        take = self._reader_of(request)
        if self.stopping:
            return _unavailable("The relay is shutting down.", RETRY_AFTER_S)
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        try:
            taken = take(body, SOURCE)
        except Unreadable as error:
            return response(400, unreadable(error.problem))
        answered = await self._store(taken)
        self._metrics.ingest_seconds.observe(time.perf_counter() - started)
        return answered

    def _reader_of(self, request: web.BaseRequest) -> Callable[[bytes, str], Taken]:
        declared = request.headers.get("Content-Type")
        kind = (
            "application/json" if declared is None else declared.partition(";")[0].strip().lower()
        )
        if kind in JSON_TYPES:
            return self._intake.take_json
        if kind in NDJSON_TYPES:
            return self._intake.take_ndjson
        raise Refused(415, "Content-Type: send application/json or application/x-ndjson.")

    async def _body(self, request: web.BaseRequest) -> bytes | web.Response:
        try:
            return await read_body(
                request, max_bytes=self._max_body_bytes, timeout_s=self._body_timeout_s
            )
        except Unreadable as error:
            return response(400, unreadable(error.problem))

    async def _store(self, taken: Taken) -> web.Response:
        answer = taken_answer(taken)
        started = time.perf_counter()
        try:
            await self._intake.store(taken, SOURCE)
        except JournalUnavailable as error:
            if taken.entries:
                return _unavailable(error.reason, error.retry_after_s)
            log.warning("rejections were not counted", extra={"fields": {"reason": error.reason}})
        self._metrics.journal_append_seconds.observe(time.perf_counter() - started)
        return response(202 if taken.entries else 400, answer)

    async def _auth_test(self, request: web.BaseRequest) -> web.Response:
        return response(200, Caller("", SCOPES, None))

    async def _document(self, request: web.BaseRequest) -> web.Response:
        return web.Response(body=self._openapi, content_type="application/json")


_CODES = {408: "timeout", 413: "too_large", 415: "unsupported_media_type"}


def _unavailable(reason: str, retry_after_s: int) -> web.Response:
    message = f"No events can be taken now: {reason}"
    headers = {"Retry-After": str(retry_after_s)}
    return _closing(response(503, refusal("unavailable", message), headers))


def _closing(answer: web.Response) -> web.Response:
    """Have the connection closed after the answer: the rest of its request was not read."""
    answer.force_close()
    return answer


def server(source: HttpSource, *, idle_timeout_s: float) -> web.Server:
    """Return the protocol factory of the port.

    A connection that has not sent a whole request head within `idle_timeout_s` is closed.
    """
    return web.Server(
        source.handle,
        access_log=None,
        keepalive_timeout=idle_timeout_s,
        auto_decompress=False,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
