"""A connection of an HTTP server that quotes and logs nothing of a request, whatever goes wrong.

It answers a client that has closed its own half, too: what came whole is done, and said so.

aiohttp answers what it cannot parse in plain text that holds the client's bytes, and logs them: a
token or an address of a shopper may be among them. Both ports answer here in their own shape.
"""

import asyncio
import logging
from abc import abstractmethod
from http import HTTPStatus
from typing import Any, Final

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage

NO_HTTP: Final = "This is no valid HTTP, or its head is too long."

log = logging.getLogger(__name__)


class DiscreetConnection(web.RequestHandler):
    """The protocol of a connection; each port says how it refuses and how it fails."""

    __slots__ = ("_newest",)

    _newest: StreamReader | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with no request so far."""
        self._newest = None
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take what came, and remember the body of the newest request."""
        super().data_received(data)
        if self._messages:
            self._newest = self._messages[-1][1]

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's; aiohttp never keeps one
        """Keep the connection for the answers to a client that says no more, then close it.

        One that waits for nothing, or whose last request is not all there, is closed at once.
        """
        is_idle = self._waiter is not None and not self._messages
        if is_idle or self._newest is None or not self._newest.is_eof():
            return False
        if self._messages:
            self._messages[-1] = _last(*self._messages[-1])
        else:
            self.close()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, and let go of the body: the two would keep each other until the next collection."""
        self._newest = None
        super().connection_lost(exc)

    @abstractmethod
    def refusal(self) -> web.Response:
        """Return the answer to what is no HTTP, status 400, with `NO_HTTP` as its words."""

    @abstractmethod
    def failure(self, error: BaseException | None) -> web.Response:
        """Log a failure of the relay's own, and return its answer, status 500."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that is no HTTP (400), or a failure of the relay's own (500)."""
        del request, message
        return self.refusal() if status == HTTPStatus.BAD_REQUEST else self.failure(exc)

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Note that a connection broke, without the words for it."""
        del args, kwargs
        log.debug("a connection broke")


def _last(message: Any, body: StreamReader) -> tuple[Any, StreamReader]:
    """Return a request that is the last of its connection; what is no HTTP is that anyway."""
    if isinstance(message, RawRequestMessage):
        message = message._replace(should_close=True)
    return message, body
