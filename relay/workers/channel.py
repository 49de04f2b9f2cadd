"""One end of the socket between a worker and the main process: messages in, messages out, in order.

A frame is a length in four bytes, followed by one message. Messages sent within one turn of the
loop go out in one write, so that a busy relay needs few writes; those that the socket does not take
yet wait, and are encoded later. Since events are large, nothing is copied without need: this module
reads and writes the socket itself, without asyncio's transports.

Its users bound what waits: a worker has at most one request under way for each of its connections,
all of which together are bounded like its bodies (`relay.sources.body`), and each is answered once.
A frame larger than `max_frame_bytes`, or one that cannot be decoded, is a bug and ends the
connection.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

HEAD_BYTES: Final = 4
READ_BYTES: Final = 256 * 1024
"""Size of the read buffer; it grows for a larger frame, and shrinks again afterwards."""
WRITE_BYTES: Final = 64 * 1024
"""How much is encoded in advance; further messages wait until that has gone out. An amount that
stays in the processor's cache on its way costs half as much as a whole request at once."""
BUFFER_BYTES: Final = 1024 * 1024
"""The send buffer that the kernel is asked for; it may grant less."""
MAX_FRAME_BYTES: Final = 2**30
"""Far more than the events of one message can take."""

log = logging.getLogger(__name__)

Incoming = TypeVar("Incoming")


class Channel(Generic[Incoming]):
    """See the module docstring. `received` is called with each message, `lost` once at the end.

    From `open` on, it belongs to the running loop, and owns the socket.
    """

    def __init__(
        self,
        kind: Any,
        received: Callable[[Incoming], None],
        lost: Callable[[], None],
        *,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(kind)
        self._encoder = msgspec.msgpack.Encoder()
        self._received = received
        self._lost = lost
        self._max_frame_bytes = max_frame_bytes
        self._incoming = bytearray(READ_BYTES)
        self._filled = 0
        self._outgoing: deque[msgspec.Struct] = deque()
        self._frames = bytearray()
        self._sent = 0
        self._socket: socket.socket | None = None
        self._stuck = False
        self._ended = False
        self._closing = False

    def open(self, connection: socket.socket) -> None:
        """Start to send and receive on a connection."""
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._loop.add_reader(connection, self._read)
        self._write()

    def send(self, message: msgspec.Struct) -> None:
        """Send at the end of this turn of the loop; nothing once the other end is gone."""
        self._outgoing.append(message)
        if len(self._outgoing) == 1 and self._socket is not None:
            self._loop.call_soon(self._write)

    def close(self) -> None:
        """End the connection once everything has gone out."""
        self._closing = True
        self._write()

    def abort(self) -> None:
        """End the connection now."""
        if self._ended or self._socket is None:
            return
        self._ended = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._lost()

    def _write(self) -> None:
        """Send as much as the socket takes."""
        if self._socket is None or self._ended:
            return
        while self._encode():
            try:
                with memoryview(self._frames) as frames, frames[self._sent :] as rest:
                    self._sent += self._socket.send(rest)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._socket, self._write)
                self._stuck = True
                return
            except OSError:  # the other end is gone
                self.abort()
                return
        if self._stuck:
            self._loop.remove_writer(self._socket)
            self._stuck = False
        if self._closing:
            self.abort()

    def _encode(self) -> bool:
        """Encode what to send next if nothing is left over; return whether there is anything."""
        frames = self._frames
        if self._sent < len(frames):
            return True
        frames.clear()
        self._sent = 0
        while self._outgoing and len(frames) < WRITE_BYTES:
            start = len(frames)
            self._encoder.encode_into(self._outgoing.popleft(), frames, start + HEAD_BYTES)
            length = len(frames) - start - HEAD_BYTES
            frames[start : start + HEAD_BYTES] = length.to_bytes(HEAD_BYTES, "big")
        return bool(frames)

    def _read(self) -> None:
        """Read what is available, and pass on all complete messages."""
        if self._socket is None:
            return
        try:
            with memoryview(self._incoming) as view, view[self._filled :] as room:
                count = self._socket.recv_into(room)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            count = 0
        if not count:
            self.abort()
            return
        self._filled += count
        try:
            self._keep(self._pass_on())
        except Exception:
            # Also for an error in the receiver: earlier messages must not be passed on again.
            log.exception("a message between processes cannot be taken")
            self.abort()

    def _pass_on(self) -> int:
        """Pass on all complete messages; return where the first incomplete frame starts."""
        start = 0
        while self._filled - start >= HEAD_BYTES and not self._ended:
            end = start + HEAD_BYTES + self._length(start)
            if end > self._filled:
                break
            with memoryview(self._incoming) as view, view[start + HEAD_BYTES : end] as frame:
                message = self._decoder.decode(frame)
            start = end
            self._received(message)
        return start

    def _keep(self, start: int) -> None:
        """Move what is left to the front, and make room for the rest of its frame."""
        left = self._filled - start
        whole = HEAD_BYTES + (self._length(start) if left >= HEAD_BYTES else 0)
        if whole - HEAD_BYTES > self._max_frame_bytes:
            log.error("a message between processes is too large", extra={"bytes": whole})
            self.abort()
            return
        if start:
            self._incoming[:left] = self._incoming[start : self._filled]
            self._filled = left
        if whole > len(self._incoming):
            self._incoming.extend(bytes(whole - len(self._incoming)))
        elif not left and len(self._incoming) > READ_BYTES:
            self._incoming = bytearray(READ_BYTES)

    def _length(self, start: int) -> int:
        return int.from_bytes(self._incoming[start : start + HEAD_BYTES], "big")
