"""The HTTP connection of both ports: whatever goes wrong, it quotes and logs nothing of a request.

aiohttp answers what it cannot parse with plain text that quotes the client's bytes, and logs them,
although they may contain a token or a shopper's address. Here, each port answers in its own format
instead.

A client that has closed its own half of the connection is answered, too, if its request was
complete.
"""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage

NO_HTTP: Final = "This is no valid HTTP, or its head is too long."
MAX_HEAD_BYTES: Final = 64 * 1024
"""The most bytes of a head, or of the fields after a body, that come in parts. A thousand clients
that go on to the limits of each field, and never end, would take gigabytes."""
NEVER_HTTP: Final = b"\0"
"""What no head may contain."""

log = logging.getLogger(__name__)


class Runner(web.AppRunner):
    """Runs an application whose `SERVER` makes connections of a kind of its own."""

    SERVER: ClassVar[type[web.Server]]

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        made.__class__ = self.SERVER  # aiohttp has no other way to choose the protocol class
        return made


class HttpConnection(web.RequestHandler):
    """The protocol of a connection; each port defines `refusal` and `failure`."""

    __slots__ = ("_body_bytes", "_head_bytes", "_newest", "_patience", "gives_way")

    gives_way: bool
    """Whether it can be closed without a loss, although a request is under way."""
    _head_bytes: int
    """How many bytes have come since a head was complete, or any of a body."""
    _body_bytes: int
    _newest: StreamReader | None
    _patience: asyncio.TimerHandle | None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return self._waiter is not None and not self._messages

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """During the block, let the connection be closed first if room is needed for another."""
        self.gives_way = True
        try:
            yield
        finally:
            self.gives_way = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection without a request."""
        self._newest = self._patience = None
        self._head_bytes = self._body_bytes = 0
        self.gives_way = False
        super().connection_made(transport)
        cast("asyncio.Transport", transport).set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Parse the data, and remember the body of the newest request.

        If a body turns malformed halfway, whoever reads it gets the error at once: aiohttp queues
        the error behind the request, which would then wait for the rest in vain.
        """
        known = self._request_count
        super().data_received(data)
        if self._request_count == known and self._is_head_too_long(len(data)):
            super().data_received(NEVER_HTTP)
        if self._request_count == known:
            return
        body = self._newest
        newest, self._newest = self._messages[-1]
        self._head_bytes, self._body_bytes = 0, self._newest.total_bytes
        if body is not None and not body.is_eof() and not isinstance(newest, RawRequestMessage):
            body.set_exception(web.RequestPayloadError())

    def _is_head_too_long(self, size: int) -> bool:
        """Count `size` more bytes; return whether a head, or what follows a body, is too long."""
        total = 0 if self._newest is None else self._newest.total_bytes
        self._head_bytes = self._head_bytes + size if total == self._body_bytes else 0
        self._body_bytes = total
        return self._head_bytes > MAX_HEAD_BYTES

    def pause_writing(self) -> None:
        """Close the connection if the client reads nothing for as long as it may be idle."""
        super().pause_writing()
        if self.transport is not None:
            self._watch_reading(self.transport)

    def resume_writing(self) -> None:
        """Stop the timeout: the client has read everything."""
        super().resume_writing()
        self._stop_watching()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio allows it, aiohttp does not
        """Answer a client that has closed its own half of the connection, then close the other.

        If it waits for no answer, or its last request is incomplete, close the connection at once.
        """
        if self.is_idle or self._newest is None or not self._newest.is_eof():
            return False
        if self._messages:
            self._messages[-1] = _last(*self._messages[-1])
        else:
            self.close()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """Cancel the handler, unless it is answering a request that has arrived completely.

        aiohttp would keep waiting for the rest of a request that was refused half-read, and body
        and connection would keep each other alive until the next garbage collection.
        """
        self._newest = None
        self._stop_watching()
        task, is_answering = self._task_handler, self._request_in_progress
        super().connection_lost(exc)
        if task is not None and (self.gives_way or not is_answering):
            task.cancel()

    @abstractmethod
    def refusal(self) -> web.Response:
        """Return the answer to invalid HTTP: status 400 with the message `NO_HTTP`."""

    @abstractmethod
    def failure(self, error: BaseException | None) -> web.Response:
        """Log a failure of the relay itself, and return the answer with status 500."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer invalid HTTP (400), or a failure of the relay itself (500)."""
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
        """Log that a connection broke, without the exception, which may quote the request."""
        del args, kwargs
        log.debug("a connection broke")


def _last(message: Any, body: StreamReader) -> tuple[Any, StreamReader]:
    """Mark a request as the last of its connection; invalid HTTP always is."""
    if isinstance(message, RawRequestMessage):
        message = message._replace(should_close=True)
    return message, body
