"""A connection of an HTTP server that quotes and logs nothing of a request, whatever goes wrong.

It answers a client that has closed its own half, too: what came whole is done, and said so.

aiohttp answers what it cannot parse in plain text that holds the client's bytes, and logs them: a
token or an address of a shopper may be among them. Both ports answer here in their own shape.
"""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage

NO_HTTP: Final = "This is no valid HTTP, or its head is too long."

log = logging.getLogger(__name__)


class DiscreetConnection(web.RequestHandler):
    """The protocol of a connection; each port says how it refuses and how it fails."""

    __slots__ = ("_newest", "_patience", "gives_way")

    gives_way: bool
    """Whether nothing would be lost with it, though a request is under way."""
    _newest: StreamReader | None
    _patience: asyncio.TimerHandle | None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return self._waiter is not None and not self._messages

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """Let the connection be the first to go of those in use, and the block end with it."""
        self.gives_way = True
        try:
            yield
        finally:
            self.gives_way = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with no request so far."""
        self._newest = self._patience = None
        self.gives_way = False
        super().connection_made(transport)
        cast("asyncio.Transport", transport).set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Take what came, and remember the body of the newest request.

        One whose body goes wrong halfway is told so, as is who reads the rest of a refused one:
        aiohttp puts the error behind the request, which then waits for the rest in vain.
        """
        super().data_received(data)
        if not self._messages:
            return
        body = self._newest
        newest, self._newest = self._messages[-1]
        if body is not None and not body.is_eof() and not isinstance(newest, RawRequestMessage):
            body.set_exception(web.RequestPayloadError())

    def pause_writing(self) -> None:
        """Hang up on a client that reads nothing for as long as one may be idle."""
        super().pause_writing()
        if self.transport is not None:
            self._watch_reading(self.transport)

    def resume_writing(self) -> None:
        """Go on: the client has read everything."""
        super().resume_writing()
        self._stop_watching()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's; aiohttp never keeps one
        """Keep the connection for the answers to a client that says no more, then close it.

        One that waits for nothing, or whose last request is not all there, is closed at once.
        """
        if self.is_idle or self._newest is None or not self._newest.is_eof():
            return False
        if self._messages:
            self._messages[-1] = _last(*self._messages[-1])
        else:
            self.close()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """End what was left to do, unless that is to answer a request which came whole.

        aiohttp would go on waiting for the rest of a request that was refused half-read. The body
        and the connection would keep each other until the next collection.
        """
        self._newest = None
        self._stop_watching()
        task, is_answering = self._task_handler, self._request_in_progress
        super().connection_lost(exc)
        if task is not None and (self.gives_way or not is_answering):
            task.cancel()

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

    def _watch_reading(self, transport: asyncio.Transport, unread: int | None = None) -> None:
        left = transport.get_write_buffer_size()
        if left == unread:
            transport.abort()
            return
        self._patience = self._loop.call_later(
            self.keepalive_timeout, self._watch_reading, transport, left
        )

    def _stop_watching(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Note that a connection broke, without the words for it."""
        del args, kwargs
        log.debug("a connection broke")


def _last(message: Any, body: StreamReader) -> tuple[Any, StreamReader]:
    """Return a request that is the last of its connection; what is no HTTP is that anyway."""
    if isinstance(message, RawRequestMessage):
        message = message._replace(should_close=True)
    return message, body
