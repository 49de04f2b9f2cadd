"""A request body, read and unpacked within bounds of size and time."""

import asyncio
import zlib

from aiohttp import web

from relay.intake import Unreadable

GZIP_WINDOW = 31
"""zlib's `wbits` for a gzip stream and nothing else."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Refused(Exception):  # noqa: N818 - becomes an answer
    """The request cannot be taken; `status` is the answer's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_body(request: web.BaseRequest, *, max_bytes: int, timeout_s: float) -> bytes:
    """Return the body, unpacked.

    Raises `Refused` (413 too large before or after unpacking, 415 for an unknown encoding, 408 if
    it takes too long) or `Unreadable` (broken gzip).
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Refused(415, "Content-Encoding: send the body plain or as gzip.")
    try:
        async with asyncio.timeout(timeout_s):
            packed = await _read(request, max_bytes)
    except web.RequestPayloadError:
        raise Unreadable("The body is not framed as its headers say.") from None
    except TimeoutError:
        raise Refused(408, f"The body did not arrive within {timeout_s:g} s.") from None
    return unpack(packed, max_bytes) if encoding == "gzip" else packed


async def _read(request: web.BaseRequest, max_bytes: int) -> bytes:
    if (request.content_length or 0) > max_bytes:
        raise too_large(max_bytes)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(CONTINUE)
        request.writer.output_size = 0
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > max_bytes:
            raise too_large(max_bytes)
        parts.append(part)
    return b"".join(parts)


def unpack(packed: bytes, max_bytes: int) -> bytes:
    """Return what a gzip body holds, in memory of at most `max_bytes`.

    Raises `Refused` if it holds more, `Unreadable` if it is broken, cut short, or followed by
    something else.
    """
    parts: list[bytes] = []
    room = max_bytes
    while packed:
        member = zlib.decompressobj(GZIP_WINDOW)
        try:
            part = member.decompress(packed, room + 1)
        except zlib.error:
            raise Unreadable("The body is not valid gzip.") from None
        room -= len(part)
        if room < 0:
            raise too_large(max_bytes)
        if not member.eof:
            raise Unreadable("The gzip body is cut short.")
        parts.append(part)
        packed = member.unused_data
    return b"".join(parts)


def too_large(max_bytes: int) -> Refused:
    """Return the refusal of a body over the limit."""
    return Refused(413, f"The body is larger than {max_bytes} bytes; send smaller batches.")
