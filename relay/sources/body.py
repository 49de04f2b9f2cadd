"""Reads and decompresses request bodies within bounds on size, time and memory.

A gzipped body is decompressed as it arrives, so a zip bomb is stopped at the limit, not after it.
"""

import asyncio
import zlib
from typing import Final

from aiohttp import web

from relay.intake import Unreadable
from relay.sources.answer import Refused

MAX_BODIES_AT_ONCE: Final = 32
"""How many bodies of full size the relay may hold at once; one more is answered 503."""
STRANGERS_SHARE: Final = 4
"""One in this many of them may come from strangers, whom only the body itself can identify.
Otherwise anybody without a key could shut out those who have one, with bodies that never end."""
MAX_GZIP_MEMBERS: Final = 1000
"""The most members of a gzip body; more are an attack: each costs as much as a small body."""
GZIP_WINDOW: Final = 31
"""zlib's `wbits` for a gzip stream and nothing else."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
STOPPING: Final = "the relay is shutting down"


class BodyReader:
    """Reads the bodies of all requests; `max_bytes` bounds each, compressed and decompressed."""

    def __init__(self, *, max_bytes: int, timeout_s: float, bodies_at_once: int) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._free_bytes = max_bytes * bodies_at_once
        self._free_to_strangers = max_bytes * max(1, bodies_at_once // STRANGERS_SHARE)
        self._deadlines: set[asyncio.Timeout] = set()
        self._stopping = False

    async def hold(self, request: web.BaseRequest, *, strangers: bool = False) -> "Body":
        """Return the decompressed body, which takes up room until `release`.

        With `strangers`, its sender is known only once it has been read.
        Raises `Refused`: 413 too large, compressed or not; 415 unknown encoding; 408 too slow; 503
        if too much is held, or the relay stops; 400 if the rest never arrives. Raises `Unreadable`
        for broken gzip.
        """
        if (request.content_length or 0) > self._max_bytes:
            raise too_large(self._max_bytes)
        body = _Packed(self._max_bytes) if _is_packed(request) else Body(self._max_bytes)
        body.strangers = strangers
        try:
            await self._read(request, body)
        except BaseException:
            self.release(body)
            raise
        return body

    def release(self, body: "Body") -> None:
        """Free the room of a body that was held."""
        self._count(body, -body.held)

    def stop(self) -> None:
        """Stop waiting for bodies: those that have not arrived completely are answered 503."""
        self._stopping = True
        now = asyncio.get_running_loop().time()
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(now)

    async def _read(self, request: web.BaseRequest, body: "Body") -> None:
        try:
            if request.content.is_eof():
                self._hold(body, request.content.read_nowait())
            else:
                await self._wait_for(request, body)
        except TimeoutError:
            raise self._too_late() from None
        except web.RequestPayloadError:
            raise Refused(400, "not_json", "The body is not framed as its head says.") from None
        except OSError:  # the client is gone, and nobody will read this
            raise Refused(400, "not_json", "The body ended too early.") from None

    async def _wait_for(self, request: web.BaseRequest, body: "Body") -> None:
        deadline = asyncio.timeout(0 if self._stopping else self._timeout_s)
        self._deadlines.add(deadline)
        try:
            async with deadline:
                _ask_for(request)
                async for part in request.content.iter_any():
                    self._hold(body, part)
        finally:
            self._deadlines.discard(deadline)

    def _hold(self, body: "Body", part: bytes) -> None:
        """Add a part; the sum of free room and held bytes stays the same, whatever happens."""
        self._count(body, -body.held)
        try:
            body.add(part)
        finally:
            self._count(body, body.held)
        if self._free_bytes < 0 or self._free_to_strangers < 0:
            raise Refused.unavailable("too many large bodies are being read", retry_after_s=1)

    def _count(self, body: "Body", held: int) -> None:
        self._free_bytes -= held
        if body.strangers:
            self._free_to_strangers -= held

    def _too_late(self) -> Refused:
        if self._stopping:
            return Refused.unavailable(STOPPING)
        return Refused(408, "timeout", f"The body did not arrive within {self._timeout_s:g} s.")


class Body:
    """The part of a body that has arrived; `held` is its size in bytes."""

    strangers = False
    """Whether its sender is known only once it has been read."""

    def __init__(self, max_bytes: int) -> None:
        self.held = 0
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """Add the part that came next."""
        self.held += len(part)
        if self.held > self._max_bytes:
            raise too_large(self._max_bytes)
        self._parts.append(part)

    def whole(self) -> bytes:
        """Return the whole body. Raises `Unreadable` if its gzip is cut short."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


class _Packed(Body):
    """The same for gzip of one or more members; `held` counts decompressed bytes."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._member = zlib.decompressobj(GZIP_WINDOW)
        self._members = 1

    def add(self, part: bytes) -> None:
        while part:
            if self._member.eof:
                self._open_next()
            room = self._max_bytes - self.held
            try:
                unpacked = self._member.decompress(part, room + 1)
            except zlib.error:
                raise Unreadable("The body is not valid gzip.") from None
            super().add(unpacked)
            part = self._member.unused_data

    def whole(self) -> bytes:
        if not self._member.eof:
            raise Unreadable("The gzip body is empty or cut short.")
        return super().whole()

    def _open_next(self) -> None:
        self._members += 1
        if self._members > MAX_GZIP_MEMBERS:
            raise Unreadable(f"The gzip body has more than {MAX_GZIP_MEMBERS} members.")
        self._member = zlib.decompressobj(GZIP_WINDOW)


def too_large(max_bytes: int) -> Refused:
    """Return the refusal of a body over the limit."""
    message = f"The body is larger than {int(max_bytes)} bytes; send smaller batches."
    return Refused(413, "too_large", message)


def _is_packed(request: web.BaseRequest) -> bool:
    encodings = request.headers.getall("Content-Encoding", ())
    encoding = ",".join(encodings).strip().lower()
    if encoding in ("", "identity"):
        return False
    if encoding in ("gzip", "x-gzip"):
        return True
    message = "Content-Encoding: send the body plain or as gzip."
    raise Refused(415, "unsupported_media_type", message)


def _ask_for(request: web.BaseRequest) -> None:
    """Ask a client that waits for it to send its body (RFC 9110, section 10.1.1)."""
    waits = request.headers.get("Expect", "").lower() == "100-continue"
    if waits and request.version >= (1, 1) and request.transport is not None:
        request.transport.write(CONTINUE)
