"""`make bench-micro`: what each stage of an event costs, a line each, on one core.

Every round takes new events through all stages, one stage after the other, so that all stages meet
the same noise and no memo is flattered by events that it has seen. Figures are µs of processor time
an event, of all threads; the journal is a real one. HTTP and waiting are in none of them. Their sum
is more than the relay's own cost: stages that take turns on a body work on warm caches.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relay.app.process import tune
from relay.config import parse
from relay.conversion import Conversion
from relay.delivery import Destination, HttpResponse, Payload
from relay.destinations import discover
from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.event import InboundEvent
from relay.event_name import Lane
from relay.identity.presence import presence_of
from relay.identity.user import identify
from relay.intake import Route, Router, Window
from relay.intake.convert import convert
from relay.intake.decode import decode
from relay.intake.split import split_json
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Pending
from relay.journal.settlement import Receipt, Settlement
from relay.journal.sqlite import SqliteJournal
from relay.rules import Rules
from tests.bench import corpus, sink
from tests.bench.case import BODIES_OF_100
from tests.bench.child import available_cores
from tests.bench.contender import TOKENS, Ports, relay_config
from tests.bench.figure import Spread

SEED = 20_260_102
BODY_EVENTS: Final = 100
MAX_EVENTS: Final = 1_000
"""Of one request."""
COUNTRY: Final = "US"
WINDOW_EVENTS: Final = 100_000
JOURNAL_BYTES: Final = 2**30
TOKEN: Final = "token"

Found = TypeVar("Found")


class Clock:
    """Adds up the processor's time by stage."""

    def __init__(self) -> None:
        self.us: dict[str, list[float]] = {}

    def time(self, stage: str, events: int, work: Callable[[], Found]) -> Found:
        """Do `work` on so many events, and note what it took."""
        began_s = time.process_time()
        found = work()
        self._note(stage, events, began_s)
        return found

    async def wait(self, stage: str, events: int, work: Awaitable[Found]) -> Found:
        """Wait for `work` on so many events, and note what it took."""
        began_s = time.process_time()
        found = await work
        self._note(stage, events, began_s)
        return found

    def _note(self, stage: str, events: int, began_s: float) -> None:
        cost_us = (time.process_time() - began_s) / events * 1e6
        self.us.setdefault(stage, []).append(cost_us)


class Stages:
    """All that one event goes through, with the bench's two destinations."""

    def __init__(self, journal: SqliteJournal, destinations: Sequence[Destination]) -> None:
        self._journal = journal
        self._destinations = destinations
        routes = [Route(each, Rules()) for each in destinations]
        self._router = Router(routes, Window(WINDOW_EVENTS))

    async def run(self, clock: Clock, bodies: Sequence[bytes]) -> None:
        """Take new events from bytes to settled."""
        count = BODY_EVENTS * len(bodies)
        groups = self._intake(clock, bodies, count)
        claimed = clock.time("claim", count, lambda: [self._router.claim(each) for each in groups])
        await clock.wait("append, durable", count, self._append(claimed))
        for destination in self._destinations:
            await self._send(clock, destination, count)

    def _intake(self, clock: Clock, bodies: Sequence[bytes], count: int) -> list[list[Entry]]:
        events = clock.time("decode and check", count, lambda: [_decoded(each) for each in bodies])
        flat = [event for group in events for event in group]
        clock.time("identify (a part of convert)", count, lambda: _identify(flat))
        now_s = time.time()
        found = clock.time("convert", count, lambda: [_convert(each, now_s) for each in flat])
        made = {
            each.name: clock.time(
                f"map and encode, {each.type}", count, partial(_payloads, each, found)
            )
            for each in self._destinations
        }
        payloads = [dict(zip(made, row, strict=True)) for row in zip(*made.values(), strict=True)]
        entries = clock.time(
            "record (the stored form)",
            count,
            lambda: [
                entry_of(one, {}, sendable, presence_of(one.identity))
                for one, sendable in zip(found, payloads, strict=True)
            ],
        )
        return [entries[at : at + BODY_EVENTS] for at in range(0, count, BODY_EVENTS)]

    async def _append(self, groups: Sequence[Sequence[Entry]]) -> None:
        await asyncio.gather(*[self._journal.append(each) for each in groups])

    async def _send(self, clock: Clock, destination: Destination, count: int) -> None:
        kind = destination.type
        batches = await clock.wait(
            "read and batch, a destination", count, self._batches(destination)
        )
        assert sum(map(len, batches)) == count
        clock.time(
            f"request, {kind}",
            count,
            lambda: [destination.request(each.payloads, TOKEN) for each in batches],
        )
        responses = [_response(kind, len(each)) for each in batches]
        clock.time(
            f"answer, {kind}",
            count,
            lambda: [
                destination.answer(response, len(batch))
                for response, batch in zip(responses, batches, strict=True)
            ],
        )
        await clock.wait(
            "settle, a destination, durable", count, self._settle(destination, batches)
        )

    async def _batches(self, destination: Destination) -> list[Batch]:
        batcher = Batcher(max_events=MAX_EVENTS, max_bytes=2**40, linger_s=0)
        batches = []
        for pendings in await self._pending(destination.name):
            payloads = [each.entry.payloads[destination.name] for each in pendings]
            batcher.extend(pendings[0].lane, pendings, payloads)
        while batch := batcher.batch(time.time() * 1000 + 1):
            batches.append(batch)
        return batches

    async def _pending(self, name: str) -> list[Sequence[Pending]]:
        found = []
        for lane in Lane:
            at = self._journal.cursor(name, lane)
            while (chunk := await self._journal.read(name, lane, at, MAX_EVENTS)).pending:
                found.append(chunk.pending)
                at = chunk.next
        return found

    async def _settle(self, destination: Destination, batches: Sequence[Batch]) -> None:
        receipt = Receipt(at_ms=int(time.time() * 1000), duration_ms=1, outcome="ok")
        for batch in batches:
            settlement = Settlement(receipt=receipt, delivered=batch.pendings)
            await self._journal.settle(destination.name, settlement)


def _decoded(body: bytes) -> list[InboundEvent]:
    return [decode(raw) for _, raw in split_json(body)]


def _identify(events: Sequence[InboundEvent]) -> None:
    for event in events:
        identify(event.user, COUNTRY)


def _convert(event: InboundEvent, now_s: float) -> Conversion:
    return convert(event, source="http", now_s=now_s, default_country=COUNTRY)[0]


def _payloads(destination: Destination, conversions: Sequence[Conversion]) -> list[Payload]:
    made = [destination.prepare(each) for each in conversions]
    return [each for each in made if isinstance(each, Payload)]


def _response(kind: str, events: int) -> HttpResponse:
    whole = sink.pinterest(events) if kind == "pinterest" else sink.tiktok(0, "OK")
    return HttpResponse(200, {}, whole.partition(sink.HEAD_END)[2])


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stages]:
    """Open a journal in `folder` for the bench's two destinations."""
    text = relay_config(BODIES_OF_100, folder, Ports(1, 2, 3))
    types, config = discover(), parse(text, TOKENS, origin="bench")
    destinations = [
        types[each.type].build(name, each) for name, each in config.destinations.items()
    ]
    journal = SqliteJournal(
        config.journal.path, clock=time.time, max_size_bytes=JOURNAL_BYTES, retention_s=86_400
    )
    await journal.open([each.name for each in destinations])
    try:
        yield Stages(journal, destinations)
    finally:
        await journal.close()


async def measure(rounds: int, events: int, folder: Path) -> dict[str, list[float]]:
    """Return the cost of each stage in each round; a round before them warms up."""
    shop = corpus.Shop(SEED, datetime.now(UTC)).events((rounds + 1) * events)
    bodies = list(corpus.bodies(shop, BODY_EVENTS))
    each = len(bodies) // (rounds + 1)
    async with staged(folder) as stages:
        await stages.run(Clock(), bodies[:each])
        clock = Clock()
        for number in range(1, rounds + 1):
            await stages.run(clock, bodies[number * each : (number + 1) * each])
    return clock.us


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True)
@click.option("--events", type=click.IntRange(BODY_EVENTS), default=2_000, show_default=True)
def main(rounds: int, events: int) -> None:
    """Measure all stages."""
    folder = Path("build/bench")
    folder.mkdir(parents=True, exist_ok=True)
    available_cores().stay()
    tune()
    with TemporaryDirectory(dir=folder) as name:
        found = asyncio.run(measure(rounds, events, Path(name)))
    shown = Table("stage", escape("µs of CPU an event: median [min..max]"))
    for stage, costs_us in found.items():
        shown.add_row(stage, escape(Spread.of(costs_us).text(2)))
    Console().print(shown)


if __name__ == "__main__":
    main()
