"""The load generator: posts a file of ready bodies over keep-alive connections.

Bodies are read and requests rendered before the clock starts; the clock starts before the first
connection is asked for. It prints one JSON `Summary`; nothing is sent twice, and an answer other
than 202 is counted, not repeated. A connection that is refused ends it.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import click
import msgspec

from tests.bench import loop
from tests.bench.client import ClosedLoop, Connection, OpenLoop, Record


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a load run saw; all moments are readings of the system-wide monotonic clock."""

    requests: int
    accepted: int
    statuses: dict[str, int]
    began_at_s: float
    ended_at_s: float
    answer_p50_ms: float | None = None
    answer_p99_ms: float | None = None
    sent_at_s: list[float] = []
    """When each body was sent, or was due, in the order of the file."""


def quantile(figures: Sequence[float], share: float) -> float:
    """Return what `share` of the figures did not exceed; there is at least one."""
    ordered = sorted(figures)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def render(body: bytes, port: int) -> bytes:
    """Return the whole HTTP request that posts `body`."""
    head = f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def post(
    requests: Sequence[bytes],
    port: int,
    connection_count: int,
    requests_per_s: float | None = None,
) -> Summary:
    """Post all `requests` once each, in an open loop if at a rate; return what was answered."""
    record, began_at_s = Record(len(requests)), monotonic()
    if requests_per_s is None:
        await _connected(ClosedLoop(requests), record, port, connection_count)
    else:
        paced = OpenLoop(requests, requests_per_s)
        await asyncio.gather(_connected(paced, record, port, connection_count), paced.run())
    return Summary(
        requests=len(requests),
        accepted=record.accepted,
        statuses=dict(record.statuses),
        began_at_s=began_at_s,
        ended_at_s=monotonic(),
        answer_p50_ms=quantile(record.latencies_s, 0.50) * 1_000,
        answer_p99_ms=quantile(record.latencies_s, 0.99) * 1_000,
        sent_at_s=list(record.sent_at_s),
    )


async def _connected(
    loop: ClosedLoop | OpenLoop, record: Record, port: int, connection_count: int
) -> None:
    """Open all connections at once; return when all are closed."""
    connect = asyncio.get_running_loop().create_connection
    opened = await asyncio.gather(
        *(
            connect(lambda: Connection(loop, record), "127.0.0.1", port)
            for _ in range(connection_count)
        )
    )
    await asyncio.gather(*(connection.done for _, connection in opened))


async def report(
    requests: Sequence[bytes], port: int, connection_count: int, requests_per_s: float | None
) -> None:
    """Post all `requests` and print the summary as JSON."""
    summary = await post(requests, port, connection_count, requests_per_s)
    click.echo(msgspec.json.encode(summary).decode())


@click.command()
@click.argument("bodies", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--port", type=int, required=True)
@click.option("--connections", type=click.IntRange(1), required=True)
@click.option("--bodies-per-s", type=float, help="Post at this pace instead of one by one.")
def main(bodies: Path, port: int, connections: int, bodies_per_s: float | None) -> None:
    """Post BODIES, one JSON body a line, to the relay on PORT of this machine."""
    requests = [render(line, port) for line in bodies.read_bytes().splitlines()]
    loop.run(report(requests, port, connections, bodies_per_s))


if __name__ == "__main__":
    main()
