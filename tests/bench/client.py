"""The connections of the load generator, and the two ways to decide what is sent when.

A `ClosedLoop` sends the next body on a connection when the answer to the last is there, so the
number of connections bounds what waits. An `OpenLoop` sends bodies when they are due, whatever the
server does, and counts the time from then on, even while no connection is idle.
"""

import asyncio
import re
from array import array
from collections import Counter, deque
from collections.abc import Sequence
from time import monotonic
from typing import Protocol, cast

HEAD_END = b"\r\n\r\n"
STATUS = slice(9, 12)
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
ACCEPTED = re.compile(rb'"accepted":\s*(\d+)')


class Record:
    """What the connections of one run found out together; times are of the monotonic clock."""

    def __init__(self, request_count: int) -> None:
        self.accepted = 0
        self.statuses: Counter[str] = Counter()
        self.latencies_s = array("d")
        self.sent_at_s = array("d", bytes(8 * request_count))
        """By the number of the request; the time at which it was due if there is one."""

    def add(self, status: str, accepted: int, latency_s: float) -> None:
        """Count one answer."""
        self.accepted += accepted
        self.statuses[status] += 1
        self.latencies_s.append(latency_s)


class Loop(Protocol):
    """Decides what a connection does next."""

    def idle(self, connection: "Connection") -> None:
        """Let the connection send or close, now or later."""


class Connection(asyncio.Protocol):
    """Sends one request at a time, and tells its loop when it can take the next."""

    _transport: asyncio.Transport

    def __init__(self, loop: Loop, record: Record) -> None:
        self._loop = loop
        self._record = record
        self._buffer = bytearray()
        self._sent_at_s = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own
        self._loop.idle(self)

    def send(self, number: int, request: bytes, at_s: float) -> None:
        """Send a request whose time began at `at_s`."""
        self._sent_at_s = self._record.sent_at_s[number] = at_s
        self._transport.write(request)

    def close(self) -> None:
        """Send nothing more."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take the answer when it is whole, and go on."""
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        length = CONTENT_LENGTH.search(self._buffer, 0, end)
        if length is None:
            self._transport.abort()
        elif len(self._buffer) >= end + len(HEAD_END) + int(length[1]):
            self._take_answer(end)

    def _take_answer(self, head_end: int) -> None:
        accepted = ACCEPTED.search(self._buffer, head_end)
        latency_s = monotonic() - self._sent_at_s
        status = self._buffer[STATUS].decode()
        self._record.add(status, int(accepted[1]) if accepted else 0, latency_s)
        self._buffer.clear()
        self._sent_at_s = 0.0
        self._loop.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a request that the server left without an answer."""
        if self._sent_at_s:
            self._record.add("none", 0, monotonic() - self._sent_at_s)
        if not self.done.done():
            self.done.set_result(None)


class ClosedLoop:
    """See the module docstring."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = iter(enumerate(requests))

    def idle(self, connection: Connection) -> None:
        """Send the next request, or close when there is none."""
        found = next(self._requests, None)
        if found is None:
            connection.close()
        else:
            connection.send(*found, monotonic())


class OpenLoop:
    """See the module docstring. `run` is the clock that makes requests due."""

    def __init__(self, requests: Sequence[bytes], requests_per_s: float) -> None:
        self._requests = requests
        self._interval_s = 1 / requests_per_s
        self._due: deque[tuple[int, bytes, float]] = deque()
        self._idle: deque[Connection] = deque()
        self._over = False

    def idle(self, connection: Connection) -> None:
        """Send what has been due for longest, or wait for the next; close when all is sent."""
        if self._due:
            connection.send(*self._due.popleft())
        elif self._over:
            connection.close()
        else:
            self._idle.append(connection)

    async def run(self) -> None:
        """Make one request after the other due, and close what is idle after the last."""
        began_at_s = monotonic()
        for number, request in enumerate(self._requests):
            at_s = began_at_s + number * self._interval_s
            if (wait_s := at_s - monotonic()) > 0:
                await asyncio.sleep(wait_s)
            if self._idle:
                self._idle.popleft().send(number, request, at_s)
            else:
                self._due.append((number, request, at_s))
        self._over = True
        while self._idle:
            self._idle.popleft().close()
