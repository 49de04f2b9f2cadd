"""A long outage: many events wait on disk, and the relay starts, holds and takes as if none did.

A million by default; `RELAY_TEST_BACKLOG=10000000` (`make backlog`) for ten. Both platforms are out
of reach. The two relays, with and without a backlog, run side by side and are measured in turns, so
that whatever else the machine does meets both.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import aiohttp
import msgspec
import pytest

from tests.acceptance.process import Relay, purchase
from tests.given.journal.backlog import fill

EVENTS: Final = int(os.environ.get("RELAY_TEST_BACKLOG", "1000000"))
UNREACHABLE: Final = "http://127.0.0.1:9"
JSON: Final = {"Content-Type": "application/json"}

MAX_START_S: Final = 5.0
"""Of processor time, which no other process of the machine makes longer by waiting its turn."""
MAX_MEMORY_BYTES: Final = 300 * 10**6
MIN_SHARE: Final = 0.8
"""Of the rate at which a relay without a backlog takes events."""

ROUNDS: Final = 9
CONNECTIONS: Final = 4
BODIES: Final = 100
"""Requests of one measurement, of 100 events each."""


class Rates(NamedTuple):
    """Events a second; `again` is the empty relay once more, after the full one: the noise."""

    empty: float
    full: float
    again: float

    @property
    def share(self) -> float:
        """What is left of the rate with a backlog, against the empty relay before and after."""
        return 2 * self.full / (self.empty + self.again)


def relay_in(folder: Path) -> Relay:
    """Return a relay whose journal may get large."""
    folder.mkdir(exist_ok=True)
    relay = Relay(folder, UNREACHABLE)
    config = folder / "relay.toml"
    config.write_text(config.read_text().replace("[journal]", '[journal]\nmax_size = "40GiB"'))
    return relay


async def started_within(relay: Relay) -> float:
    """Start it; return the seconds of processor time that it took until it can take events."""
    await relay.start()
    return spent_s(relay)


def spent_s(relay: Relay) -> float:
    """Return the processor time of the process so far."""
    figures = Path(f"/proc/{relay.process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_bytes(relay: Relay) -> int:
    """Return the most memory that the process ever held."""
    lines = Path(f"/proc/{relay.process_id}/status").read_text().splitlines()
    [peak] = [line for line in lines if line.startswith("VmHWM:")]
    return int(peak.split()[1]) * 1024


def bodies(numbers: Iterator[int]) -> Iterator[bytes]:
    """Return requests of one measurement; no event id comes twice."""
    for _ in range(BODIES):
        yield msgspec.json.encode([purchase(f"fresh-{next(numbers)}") for _ in range(100)])


async def rate(relay: Relay, numbers: Iterator[int]) -> float:
    """Return at how many events a second a relay acknowledges."""
    waiting = list(bodies(numbers))
    async with aiohttp.ClientSession() as session:

        async def post() -> None:
            while waiting:
                url = f"{relay.producers}/v1/events"
                async with session.post(url, data=waiting.pop(), headers=JSON) as answer:
                    assert answer.status == 202

        begun_s = time.monotonic()
        async with asyncio.TaskGroup() as posting:
            for _ in range(CONNECTIONS):
                posting.create_task(post())
    return BODIES * 100 / (time.monotonic() - begun_s)


async def measured(empty: Relay, full: Relay, numbers: Iterator[int]) -> Rates:
    """Return the medians of some rounds in which the relays took turns."""
    rounds = [
        Rates(await rate(empty, numbers), await rate(full, numbers), await rate(empty, numbers))
        for _ in range(ROUNDS)
    ]
    return Rates(*(median(column) for column in zip(*rounds, strict=True)))


async def rates_of(empty: Relay, full: Relay) -> Rates:
    """Return what was measured; once more, if even the empty relay differs from itself too much."""
    numbers = count()
    await rate(empty, numbers)
    await rate(full, numbers)
    found = await measured(empty, full, numbers)
    if not MIN_SHARE <= found.again / found.empty <= 1 / MIN_SHARE:
        found = await measured(empty, full, numbers)
    return found


@pytest.mark.slow
@pytest.mark.timeout(EVENTS // 10_000 + 120)
async def test_a_backlog_costs_neither_the_start_nor_memory_nor_producers(tmp_path: Path) -> None:
    """And a start after `kill -9`, with all of it still waiting, is no slower."""
    empty, full = relay_in(tmp_path / "empty"), relay_in(tmp_path / "full")
    await fill(tmp_path / "full" / "relay.db", EVENTS)
    try:
        start_s = await started_within(full)
        await empty.start()
        rates = await rates_of(empty, full)
        memory_bytes = peak_memory_bytes(full)
        await full.kill()
        again_s = await started_within(full)
        funnels = await full.summary()
        memory_bytes = max(memory_bytes, peak_memory_bytes(full))
    finally:
        await empty.kill()
        await full.kill()
        (tmp_path / "full" / "relay.db").unlink()  # pytest keeps folders, and this is gigabytes
    print(
        f"\n{EVENTS:,} events waiting: start {start_s:.2f} s, after kill -9 {again_s:.2f} s;"
        f" memory {memory_bytes / 10**6:.0f} MB; {rates.full:,.0f} events a second,"
        f" {rates.share:.0%} of those without ({rates.empty:,.0f} and {rates.again:,.0f})"
    )
    for funnel in funnels.values():
        assert funnel["pending"] == funnel["received"] >= EVENTS
    assert max(start_s, again_s) < MAX_START_S
    assert memory_bytes < MAX_MEMORY_BYTES
    assert rates.share >= MIN_SHARE
