"""One end of the socket between a worker and the main process: messages in, messages out, in order.

A frame is its length in four bytes, and an array of messages. What is sent within one turn of the
loop goes out as one frame and one write, so that a busy relay pays for few of them. Bounded by
whoever uses it: a worker has at most one request for each of its connections under way, and all of
them together hold no more than its bodies may (`relay.sources.body`); it is answered each one once.
A frame beyond `max_frame_bytes`, or one that cannot be read, is a mistake and ends the connection.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar, cast

import msgspec

HEAD_BYTES: Final = 4
READ_BYTES: Final = 256 * 1024
"""Room for one read, and what is kept of it between frames."""
MAX_FRAME_BYTES: Final = 2**30
"""Far beyond what the events of one part can come to."""

log = logging.getLogger(__name__)

Incoming = TypeVar("Incoming")


class Channel(asyncio.BufferedProtocol, Generic[Incoming]):
    """See the module docstring. `received` is called with each message, `lost` once at the end."""

    def __init__(
        self,
        kind: Any,
        received: Callable[[Incoming], None],
        lost: Callable[[], None],
        *,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        self._decoder: msgspec.msgpack.Decoder[list[Incoming]] = msgspec.msgpack.Decoder(list[kind])
        self._encoder = msgspec.msgpack.Encoder()
        self._received = received
        self._lost = lost
        self._max_frame_bytes = max_frame_bytes
        self._incoming = bytearray(READ_BYTES)
        self._filled = 0
        self._outgoing: list[msgspec.Struct] = []
        self._frame = bytearray()
        self._transport: asyncio.Transport | None = None

    def send(self, message: msgspec.Struct) -> None:
        """Send at the end of this turn of the loop; nothing once the other end is gone."""
        self._outgoing.append(message)
        if len(self._outgoing) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what there is now."""
        if self._transport is None:
            return
        messages, self._outgoing = self._outgoing, []
        if not messages or self._transport.is_closing():
            return
        self._encoder.encode_into(messages, self._frame, HEAD_BYTES)
        self._frame[:HEAD_BYTES] = (len(self._frame) - HEAD_BYTES).to_bytes(HEAD_BYTES, "big")
        self._transport.write(self._frame)
        if self._transport.get_write_buffer_size():
            self._frame = bytearray()  # the transport may still need the other one

    def close(self) -> None:
        """End the connection once everything has gone out."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what was to be sent before there was a connection."""
        self._transport = cast("asyncio.Transport", transport)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the other end is gone."""
        del exc
        self._lost()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        del sizehint
        return memoryview(self._incoming)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on all messages that are there as a whole."""
        self._filled += nbytes
        try:
            self._keep(self._read())
        except msgspec.MsgspecError as error:
            log.error("a message between processes cannot be read", exc_info=error)  # noqa: TRY400 - no traceback of ours
            self._abort()

    def _read(self) -> int:
        """Return how much was read: everything up to a frame that is not whole."""
        start = 0
        while self._filled - start >= HEAD_BYTES:
            end = start + HEAD_BYTES + self._length(start)
            if end > self._filled:
                break
            with memoryview(self._incoming) as view, view[start + HEAD_BYTES : end] as frame:
                messages: Sequence[Incoming] = self._decoder.decode(frame)
            start = end
            for message in messages:
                self._received(message)
        return start

    def _keep(self, start: int) -> None:
        """Move what is left to the front, and make room for the rest of its frame."""
        left = self._incoming[start : self._filled]
        whole = HEAD_BYTES + self._length(start) if len(left) >= HEAD_BYTES else HEAD_BYTES
        if whole - HEAD_BYTES > self._max_frame_bytes:
            log.error("a message between processes is too large", extra={"bytes": whole})
            self._abort()
            return
        room = max(READ_BYTES, whole)
        if room != len(self._incoming):
            self._incoming = bytearray(room)
        self._incoming[: len(left)] = left
        self._filled = len(left)

    def _length(self, start: int) -> int:
        return int.from_bytes(self._incoming[start : start + HEAD_BYTES], "big")

    def _abort(self) -> None:
        self._filled = 0
        if self._transport is not None:
            self._transport.abort()
