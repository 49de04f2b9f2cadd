"""What an event costs that comes from Kafka, on top of the chain; and with two relays.

Part of `make bench`, against a real broker; ends with 1 if a promised bound is missed. Every figure
is the best of some rounds that took turns: noise of the machine only ever adds.
"""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
import msgspec

from deploy.kafka.broker import Cluster, Unavailable
from tests.bench import corpus
from tests.bench.kafka_reader import Cost
from tests.kafka.broker_side import make_topic, publish

MAX_EXTRA_US: Final = 8.0
MAX_WITH_TWO: Final = 1.15
PARTITIONS: Final = 6
SEED: Final = 20_260_101


def reader(address: str, topic: str, group: str, file: Path) -> "subprocess.Popen[bytes]":
    """Start a reader."""
    command = [sys.executable, "-m", "tests.bench.kafka_reader", address, topic, group, str(file)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def cost_us(*readers: "subprocess.Popen[bytes]") -> float:
    """Return the processor time an event, over readers that run at the same time."""
    outputs = [each.communicate()[0] for each in readers]
    costs = [msgspec.json.decode(output, type=Cost) for output in outputs]
    return 1e6 * sum(each.cpu_s for each in costs) / max(1, sum(each.events for each in costs))


def fill(address: str, file: Path, events: int) -> None:
    """Write the events as lines of a file and as messages of a topic."""
    found = corpus.Shop(SEED, datetime.now(UTC)).events(events)
    messages = [msgspec.json.encode(each) for each in islice(found, events)]
    file.write_bytes(b"\n".join(messages))

    async def send() -> None:
        await make_topic(address, "bench", partitions=PARTITIONS)
        await publish(address, "bench", messages)

    asyncio.run(send())


def measure(address: str, file: Path, rounds: int) -> tuple[float, float, float]:
    """Return the costs of the chain, of one relay, and of two, in µs an event."""
    chain, one, two = [], [], []
    for number in range(rounds):
        chain.append(cost_us(reader("", "", "", file)))
        one.append(cost_us(reader(address, "bench", f"one-{number}", file)))
        pair = [reader(address, "bench", f"two-{number}", file) for _ in range(2)]
        two.append(cost_us(*pair))
    return min(chain), min(one), min(two)


@click.command()
@click.option("--events", type=click.IntRange(1_000), default=60_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--no-gate", is_flag=True, help="End with 0 even if a bound is missed.")
def main(*, events: int, rounds: int, no_gate: bool) -> None:
    """Measure what reading from Kafka costs."""
    try:
        with (
            TemporaryDirectory(prefix="relay-bench-") as name,
            Cluster(Path(name) / "kafka") as cluster,
        ):
            file = Path(name) / "messages.ndjson"
            fill(cluster.address, file, events)
            chain_us, one_us, two_us = measure(cluster.address, file, rounds)
    except Unavailable as error:
        raise click.ClickException(f"no figures for Kafka: {error}") from None
    extra_us, ratio = one_us - chain_us, two_us / one_us
    click.echo(f"Events from Kafka: the chain alone {chain_us:.1f} µs, with Kafka {one_us:.1f} µs.")
    kept = [
        verdict(extra_us <= MAX_EXTRA_US, f"Kafka adds {extra_us:.1f} µs, bound {MAX_EXTRA_US}"),
        verdict(ratio <= MAX_WITH_TWO, f"two cost {ratio:.2f} of one, bound {MAX_WITH_TWO}"),
    ]
    if not (all(kept) or no_gate):
        sys.exit(1)


def verdict(is_kept: bool, text: str) -> bool:  # noqa: FBT001 - what is asserted, in words
    """Print what became of a promise."""
    click.echo(f"{'kept' if is_kept else 'missed'}: {text}")
    return is_kept


if __name__ == "__main__":
    main()
