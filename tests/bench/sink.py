"""Both platforms as a process that only counts, so that a bench measures the sender and not them.

It answers in the platforms' own words, one verdict per event for Pinterest, and looks at nothing
of a body but the `"event_id"`s in it. A request without an event, or with more than the platforms
take, is refused and not counted. `GET /count` tells what arrived and when the last of it did,
`GET /arrivals` when each event of the corpus did, both by the system-wide monotonic clock. The
emulator with fault scripts is another thing.
"""

import asyncio
import re
from array import array
from functools import cache, partial
from time import monotonic
from typing import cast

import click
import msgspec

from tests.bench import loop

MAX_BATCH = 1_000
"""Events of one request, at both platforms."""
HEAD_END = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
PINTEREST = b"POST /v5/ad_accounts/"
TIKTOK = b"POST /open_api/v1.3/event/track/"
COUNT = b"GET /count"
ARRIVALS = b"GET /arrivals"
EVENT_ID = b'"event_id"'
EVENT_NUMBER = re.compile(rb'"event_id":\s*"[^"]*-(\d{7})"')
"""The end of an id of the corpus, see `tests.bench.corpus`; others arrive without a number."""
NUMBERS = "I"
"""The type of an array of event numbers, four bytes each."""


class Tally(msgspec.Struct):
    """What one platform was sent; `last_at_s` is a reading of the monotonic clock."""

    events: int = 0
    requests: int = 0
    last_at_s: float = 0.0

    def add(self, events: int, at_s: float) -> None:
        """Count one request of `events` that came at `at_s`."""
        self.events += events
        self.requests += 1
        self.last_at_s = at_s


class Arrival(msgspec.Struct, frozen=True, array_like=True):
    """One request that was taken: the numbers of its events, as the bytes of an array."""

    at_s: float
    numbers: bytes


class Count(msgspec.Struct):
    """The answer to `GET /count`; `refused` are requests, of both platforms."""

    pinterest: Tally = msgspec.field(default_factory=Tally)
    tiktok: Tally = msgspec.field(default_factory=Tally)
    refused: int = 0

    @property
    def events(self) -> int:
        """Events that were taken, by both platforms."""
        return self.pinterest.events + self.tiktok.events

    @property
    def requests(self) -> int:
        """Requests that were taken, by both platforms."""
        return self.pinterest.requests + self.tiktok.requests

    @property
    def last_at_s(self) -> float:
        """When the last event came, at either platform."""
        return max(self.pinterest.last_at_s, self.tiktok.last_at_s)


class Connection(asyncio.Protocol):
    """One keep-alive connection; answers in the order of the requests, `latency_s` late."""

    _transport: asyncio.Transport

    def __init__(self, count: Count, arrivals: list[Arrival], latency_s: float) -> None:
        self._count = count
        self._arrivals = arrivals
        self._latency_s = latency_s
        self._buffer = bytearray()
        self._head_size = 0
        self._request_size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete now."""
        self._buffer += data
        while self._is_complete():
            self._answer(bytes(self._buffer[: self._head_size]))
            del self._buffer[: self._request_size]
            self._request_size = 0

    def _is_complete(self) -> bool:
        if not self._request_size and (end := self._buffer.find(HEAD_END)) >= 0:
            length = CONTENT_LENGTH.search(self._buffer, 0, end)
            self._head_size = end + len(HEAD_END)
            self._request_size = self._head_size + (int(length[1]) if length else 0)
        return 0 < self._request_size <= len(self._buffer)

    def _answer(self, head: bytes) -> None:
        if head.startswith(COUNT):
            self._transport.write(_http(200, msgspec.json.encode(self._count)))
            return
        if head.startswith(ARRIVALS):
            self._transport.write(_http(200, msgspec.msgpack.encode(self._arrivals)))
            return
        answer = self._verdict(head)
        if self._latency_s:
            asyncio.get_running_loop().call_later(self._latency_s, self._send, answer)
        else:
            self._transport.write(answer)

    def _verdict(self, head: bytes) -> bytes:
        events = self._buffer.count(EVENT_ID, self._head_size, self._request_size)
        is_pinterest = head.startswith(PINTEREST)
        if not is_pinterest and not head.startswith(TIKTOK):
            return _http(404, b"{}")
        if not 0 < events <= MAX_BATCH:
            self._count.refused += 1
            return _pinterest_refusal() if is_pinterest else tiktok(40002, "data: 1 to 1000")
        tally = self._count.pinterest if is_pinterest else self._count.tiktok
        tally.add(events, at_s := monotonic())
        self._arrivals.append(Arrival(at_s, self._numbers()))
        return pinterest(events) if is_pinterest else tiktok(0, "OK")

    def _numbers(self) -> bytes:
        found = EVENT_NUMBER.findall(self._buffer, self._head_size, self._request_size)
        return array(NUMBERS, map(int, found)).tobytes()

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


@cache
def pinterest(events: int) -> bytes:
    """Return the answer that took all `events`; at most `MAX_BATCH` of them are cached."""
    verdict = {"status": "processed", "error_message": "", "warning_message": ""}
    answer = {"num_events_received": events, "num_events_processed": events}
    return _json(200, answer | {"events": [verdict] * events})


def _pinterest_refusal() -> bytes:
    return _json(400, {"code": 1, "message": "data: 1 to 1000 events", "status": "failure"})


@cache
def tiktok(code: int, message: str) -> bytes:
    """Return the answer with this verdict; the request id is the same each time."""
    answer = {"code": code, "message": message, "request_id": "20260101000000000000"}
    return _json(200, answer | {"data": {}})


def _json(status: int, answer: object) -> bytes:
    return _http(status, msgspec.json.encode(answer))


def _http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def start(host: str, port: int, latency_s: float = 0.0) -> asyncio.Server:
    """Listen; the caller closes the server."""
    factory = partial(Connection, Count(), [], latency_s)
    return await asyncio.get_running_loop().create_server(factory, host, port, backlog=1_024)


async def serve(port: int, latency_s: float) -> None:
    """Listen on loopback until cancelled."""
    async with await start("127.0.0.1", port, latency_s) as server:
        await server.serve_forever()


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--latency-ms", type=float, default=0.0, show_default=True)
def main(port: int, latency_ms: float) -> None:
    """Run the counting sink until it is told to stop."""
    loop.run(serve(port, latency_ms / 1_000))


if __name__ == "__main__":
    main()
