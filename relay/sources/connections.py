"""The producers' port's connections: how many there may be, and the answers to broken HTTP.

Every answer has the form that producers know, and no part of a request is quoted or logged.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, cast

import msgspec
from aiohttp import web

from relay.http_connection import NO_HTTP, HttpConnection
from relay.sources.answer import Answer, Complaint, Refused

MAX_REFUSED: Final = 128
"""How many connections may be answered 503 at once; any more are closed without an answer."""
FAREWELL_S: Final = 1.0
"""How long a refused client has to read why."""

log = logging.getLogger(__name__)


class Server(web.Server):
    """aiohttp's low-level server, with connections that answer and log as described above.

    `answered` is called with the status of each answer that is not the handler's own, `connected`
    with the number of connections whenever it changes.
    """

    def __init__(
        self,
        handler: Callable[..., Any],
        answered: Callable[[int], None],
        connected: Callable[[int], object] = bool,
        **limits: Any,
    ) -> None:
        super().__init__(handler, **limits)
        self.answered = answered
        self._connected = connected
        self._limits = limits
        self.refused: set[asyncio.Transport] = set()

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return _Connection(self, **self._limits)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Note a new connection."""
        super().connection_made(handler, transport)
        self._connected(len(self.connections))

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Note the end of a connection."""
        super().connection_lost(handler, exc)
        self._connected(len(self.connections))

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's
        """Wait for answers under way, then end every connection."""
        for transport in self.refused:
            transport.abort()
        await super().shutdown(timeout)


class _Connection(HttpConnection):
    __slots__ = ("_answered",)

    def __init__(self, server: Server, **limits: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **limits)
        self._answered = server.answered

    def refusal(self) -> web.Response:
        self._answered(400)
        return Refused(400, "bad_request", NO_HTTP).response()

    def failure(self, error: BaseException | None) -> web.Response:
        self._answered(500)
        log.error("a request failed", exc_info=error)
        return Refused(500, "internal", "The relay failed; its log says where.").response()


class _Refusal(asyncio.Protocol):
    """Answers 503 without reading, and closes when the client does, or after `FAREWELL_S`.

    Closing at once could lose the answer: the kernel resets a connection that is closed while
    bytes are unread.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.refused.add(self._transport)
        self._server.answered(503)
        loop = asyncio.get_running_loop()
        self._farewell = loop.call_later(FAREWELL_S, self._transport.abort)
        self._transport.write(_BUSY)
        self._transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._farewell.cancel()
        self._server.refused.discard(self._transport)


class _Cut(asyncio.Protocol):
    """Ends a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()


def bounded(
    server: Server, max_connections: int, elsewhere: Callable[[], int] = int
) -> Callable[[], asyncio.Protocol]:
    """Return a protocol factory that serves at most `max_connections` at a time.

    Connections of other processes (`elsewhere`) count as well. One more is answered 503, or closed
    at once if too many are being refused already.
    """

    def factory() -> asyncio.Protocol:
        if len(server.connections) + elsewhere() < max_connections:
            return server()
        return _Refusal(server) if len(server.refused) < MAX_REFUSED else _Cut()

    return factory


def _busy() -> bytes:
    refused = Refused.unavailable("too many connections are open", retry_after_s=1)
    complaint = Complaint(None, None, refused.code, "", refused.message)
    body = msgspec.json.encode(Answer(errors=[complaint]))
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Retry-After: 1",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


_BUSY: Final = _busy()
