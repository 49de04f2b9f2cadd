"""An answer that goes out in one write.

Most requests carry one event and are answered with the same few bytes. For these, aiohttp's general
machinery for answers would cost as much as everything else done with the event. If the short way
might differ in anything that a client sees (HEAD, HTTP/1.0, a connection about to be closed,
answers that pile up because nobody reads them), the answer goes the usual way.
"""

import time
from email.utils import formatdate
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11

JSON: Final = "application/json"
SERVER: Final = "relay"
"""Sent instead of the names and versions of the libraries that the port is built on."""


class Prompt(web.StreamResponse):
    """An answer of a status and a JSON body, without further headers."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status=status)
        self._content = body
        self._usual: web.Response | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the answer."""
        transport = request.transport
        is_plain = (
            request.keep_alive and request.version == HttpVersion11 and request.method != "HEAD"
        )
        if transport is None or not is_plain or transport.get_write_buffer_size():
            self._usual = json_response(self._content, self.status)
            return await self._usual.prepare(request)
        self._keep_alive = True
        head = _head(self.status), _date(int(time.time())), b"%d" % len(self._content)
        transport.write(b"%s%s\r\nContent-Length: %s\r\n\r\n%s" % (*head, self._content))
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Finish the answer, if it went the usual way."""
        if self._usual is not None:
            await self._usual.write_eof(data)
            self._keep_alive = self._usual.keep_alive


def json_response(body: bytes, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """Return an answer that goes the usual way, with further headers."""
    named = {"Server": SERVER, **(headers or {})}
    return web.Response(body=body, status=status, headers=named, content_type=JSON)


@cache
def _head(status: int) -> bytes:
    """Return the lines up to the date; one entry of the cache for each status."""
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    return f"{line}\r\nServer: {SERVER}\r\nContent-Type: {JSON}\r\nDate: ".encode()


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
