"""The HTTP source: `POST /v1/events`, answered only once the events are on disk.

It uses aiohttp's low-level server, with its parser and limits but without the application layer,
which would cost more for a single event than all the rest of the relay.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from relay.failed_attempts import DelayedRefusals
from relay.instrument import Tally
from relay.intake import Intake, Unreadable
from relay.keys.keyring import Denied, Keyring
from relay.sources.answer import (
    Caller,
    Refused,
    response,
    taken_answer,
    unreadable,
)
from relay.sources.connections import Server
from relay.sources.credential import grant_of, refused
from relay.sources.prompt import Prompt
from relay.sources.receiver import Reading, Receiver, Use

JSON_TYPES: Final = frozenset({"application/json", "text/json"})
NDJSON_TYPES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
MAX_LINE_BYTES: Final = 8190
MAX_HEADER_BYTES: Final = 16_380
MAX_HEADERS: Final = 100
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401

log = logging.getLogger(__name__)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class HttpSource:
    """Answers producers, and counts the `answers` by their status.

    `others` are paths that accept the same events in other formats. Their handlers get requests of
    any method, since they make their own refusals. `refusals` delays the answers to invalid keys
    and signatures.
    """

    def __init__(
        self,
        intake: Intake,
        receiver: Receiver,
        keyring: Keyring,
        *,
        answers: Tally,
        refusals: DelayedRefusals,
        openapi: bytes,
        others: Mapping[str, Handler],
    ) -> None:
        self._intake = intake
        self._receiver = receiver
        self._keyring = keyring
        self._answers = answers
        self._refusals = refusals
        self._openapi = openapi
        self._routes: dict[str, dict[str, Handler]] = {
            "/v1/events": {"POST": self._events},
            "/v1/auth/test": {"GET": self._auth_test},
            "/openapi.json": {"GET": self._document},
        }
        self._others = others

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request to the port; never with a 5xx for what the producer sent."""
        try:
            answer = await self._handler_of(request)(request)
        except Denied as denied:
            answer = refused(denied).response()
        except Refused as refusal:
            answer = refusal.response()
        if answer.status >= BAD_REQUEST:
            fields = {"source": "http", "http_status": answer.status}
            log.debug("a request was refused", extra={"fields": fields})
        if answer.status == UNAUTHORIZED:
            await self._refusals.failed(request.remote)
        self.answered(answer.status)
        return answer

    def answered(self, status: int) -> None:
        """Count an answer."""
        self._answers.add(str(status))

    @property
    def stopping(self) -> bool:
        """Whether the relay is shutting down."""
        return self._receiver.stopping

    def stop(self) -> None:
        """Stop accepting events; complete requests are still stored and answered."""
        self._receiver.stop()

    def _handler_of(self, request: web.BaseRequest) -> Handler:
        routes = self._routes.get(request.path)
        if routes is None:
            return self._other_handler_of(request)
        handler = routes.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            raise Refused.method(", ".join(routes))
        return handler

    def _other_handler_of(self, request: web.BaseRequest) -> Handler:
        handler = self._others.get(request.path)
        if handler is None:
            raise Refused(404, "not_found", "Post events to /v1/events.")
        return handler

    async def _events(self, request: web.BaseRequest) -> web.StreamResponse:
        use = Use(grant_of(request, self._keyring))
        try:
            taken = await self._receiver.take(request, use, self._reading_of(request))
        except Unreadable as error:
            return response(400, unreadable(error.problem))
        return response(202 if taken.entries else 400, taken_answer(taken))

    def _reading_of(self, request: web.BaseRequest) -> Reading:
        declared = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not declared or declared in JSON_TYPES:
            return self._intake.take_json
        if declared in NDJSON_TYPES:
            return self._intake.take_ndjson
        message = "Content-Type: send application/json or application/x-ndjson."
        raise Refused(415, "unsupported_media_type", message)

    async def _auth_test(self, request: web.BaseRequest) -> web.StreamResponse:
        grant = grant_of(request, self._keyring)
        return response(200, Caller(grant.name, grant.scopes, await grant.uses_left()))

    async def _document(self, request: web.BaseRequest) -> web.StreamResponse:
        return Prompt(200, self._openapi)


def server(
    source: HttpSource,
    *,
    idle_timeout_s: float,
    body_timeout_s: float,
    connected: Callable[[int], object] = bool,
) -> Server:
    """Return the protocol factory of the port.

    A connection that has not sent a complete request head within `idle_timeout_s` is closed. The
    rest of a refused body is read for up to `body_timeout_s`, since many clients and proxies look
    for an answer only after sending everything, and would miss it if the connection were closed.
    `connected` is called with the number of connections whenever it changes.
    """
    return Server(
        source.handle,
        source.answered,
        connected,
        access_log=None,
        keepalive_timeout=idle_timeout_s,
        lingering_time=body_timeout_s,
        auto_decompress=False,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
