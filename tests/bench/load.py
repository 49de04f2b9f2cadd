"""The load generator: posts a file of ready bodies over keep-alive connections.

A closed loop: a connection sends its next body when it has the answer to the last, so the number
of connections bounds what waits. Bodies are read and requests rendered before the clock starts.
It prints one JSON `Summary`; nothing is sent twice, and an answer other than 202 is counted, not
repeated.
"""

import asyncio
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import cast

import click
import msgspec

from tests.bench import loop

HEAD_END = b"\r\n\r\n"
STATUS = slice(9, 12)
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
ACCEPTED = re.compile(rb'"accepted":\s*(\d+)')


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a load run saw; the two times are readings of the system-wide monotonic clock."""

    requests: int
    accepted: int
    statuses: dict[str, int]
    began_at_s: float
    ended_at_s: float
    answer_p50_ms: float
    answer_p99_ms: float


class Record:
    """What the connections of one run found out together."""

    def __init__(self) -> None:
        self.accepted = 0
        self.statuses: Counter[str] = Counter()
        self.latencies_s = array("d")

    def add(self, status: str, accepted: int, latency_s: float) -> None:
        """Count one answer."""
        self.accepted += accepted
        self.statuses[status] += 1
        self.latencies_s.append(latency_s)

    def quantile_ms(self, share: float) -> float:
        """Return the latency that `share` of the answers did not exceed."""
        ordered = sorted(self.latencies_s)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1_000


class Connection(asyncio.Protocol):
    """Sends the requests of a shared iterator, each after the answer to the one before."""

    _transport: asyncio.Transport

    def __init__(self, requests: Iterator[bytes], record: Record) -> None:
        self._requests = requests
        self._record = record
        self._buffer = bytearray()
        self._sent_at_s = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; sending begins with `send_next`."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own

    def send_next(self) -> None:
        """Send the next body, or close when there is none."""
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent_at_s = monotonic()
        self._transport.write(request)

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
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a request that the server left without an answer."""
        if self._sent_at_s:
            self._record.add("none", 0, monotonic() - self._sent_at_s)
        if not self.done.done():
            self.done.set_result(None)


def render(body: bytes, port: int) -> bytes:
    """Return the whole HTTP request that posts `body`."""
    head = f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def post(requests: list[bytes], port: int, connection_count: int) -> Summary:
    """Post all `requests` once each and return what the answers said."""
    record, queue = Record(), iter(requests)
    running = asyncio.get_running_loop()
    connections = [
        (await running.create_connection(lambda: Connection(queue, record), "127.0.0.1", port))[1]
        for _ in range(connection_count)
    ]
    began_at_s = monotonic()
    for connection in connections:
        connection.send_next()
    await asyncio.gather(*(connection.done for connection in connections))
    return Summary(
        requests=len(requests),
        accepted=record.accepted,
        statuses=dict(record.statuses),
        began_at_s=began_at_s,
        ended_at_s=monotonic(),
        answer_p50_ms=record.quantile_ms(0.50),
        answer_p99_ms=record.quantile_ms(0.99),
    )


async def report(requests: list[bytes], port: int, connection_count: int) -> None:
    """Post all `requests` and print the summary as JSON."""
    summary = await post(requests, port, connection_count)
    click.echo(msgspec.json.encode(summary).decode())


@click.command()
@click.argument("bodies", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--port", type=int, required=True)
@click.option("--connections", type=click.IntRange(1), default=8, show_default=True)
def main(bodies: Path, port: int, connections: int) -> None:
    """Post BODIES, one JSON body a line, to the relay on PORT of this machine."""
    requests = [render(line, port) for line in bodies.read_bytes().splitlines()]
    loop.run(report(requests, port, connections))


if __name__ == "__main__":
    main()
