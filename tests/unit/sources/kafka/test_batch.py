"""From messages to the disk: what is stored, what is written away, and in which portions."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from relay.intake import Intake, Router, Storage, Window
from relay.kafka.fault import Fault
from relay.kafka.writer import Tell
from relay.metrics import Metrics
from relay.sources.kafka import batch
from relay.sources.kafka.batch import BatchReceiver
from relay.sources.kafka.message import Rejected
from relay.sources.kafka.rejected import RejectedTopics
from relay.sources.kafka.status import Status
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import event as inbound
from tests.given.event.kafka_message import Record
from tests.given.journal.recording import RecordingJournal
from tests.simulation import virtual_time

FULL_FOR_S = 0.3


class RejectedInMemory:
    """Keeps what is written away; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.written: list[Rejected] = []
        self.failures = failures

    async def write(self, rejected: Sequence[Rejected], _: Tell) -> None:
        if self.failures:
            self.failures -= 1
            raise Fault("conversions.rejected: the topic does not exist")
        self.written += rejected


class Bench:
    """A receiver with everything around it in memory."""

    def __init__(self, failures: int = 0) -> None:
        self.journal = RecordingJournal()
        self.rejected = RejectedInMemory(failures)
        self.metrics = metrics = Metrics()
        self.status = Status("relay", ("conversions",), metrics, lambda: NOW_S)
        router = Router([route_to(StubDestination("p"))], Window(1_000_000))
        self.receiver = BatchReceiver(
            Intake(router, Storage(router, self.journal), lambda: NOW_S),
            cast("RejectedTopics", self.rejected),
            self.status,
            metrics,
            random.Random(0),
        )


def event(event_id: str) -> Any:
    return inbound(event_id=event_id)


async def test_usable_events_are_stored_and_the_others_written_away() -> None:
    bench = Bench()
    array = msgspec.json.encode([event("e2"), {"event": "purchase"}])
    await bench.receiver.take(
        [Record(msgspec.json.encode(event("e1"))), Record(array), Record(b"17")]
    )
    assert bench.journal.event_ids == ["e1", "e2"]
    assert len(bench.journal.rejections) == 2
    assert {(each.piece.place, each.problem.code) for each in bench.rejected.written} == {
        (1, "missing"),
        (None, "not_json"),
    }


async def test_messages_without_a_value_are_counted_and_nothing_else() -> None:
    bench = Bench()
    await bench.receiver.take([Record(None), Record(None)])
    assert bench.status.view().tombstones == 2
    assert (bench.journal.keys, bench.rejected.written) == ([], [])


async def test_each_append_is_measured() -> None:
    bench, began_s = Bench(), time.perf_counter()
    await bench.receiver.take([Record(msgspec.json.encode(event("e1")))])
    assert appending(bench, "count") == 1
    assert 0 < appending(bench, "sum") < time.perf_counter() - began_s


def test_that_the_journal_was_full_does_not_count_as_a_slow_disk() -> None:
    """Hours of it would raise the alert that the disk is slow."""
    assert virtual_time.run(_measured_after_a_full_journal()) < FULL_FOR_S


async def _measured_after_a_full_journal() -> float:
    bench = Bench()
    taking = await held_up(bench)
    await asyncio.sleep(FULL_FOR_S)
    bench.journal.refusal = None
    await taking
    return appending(bench, "sum")


async def held_up(bench: Bench) -> "asyncio.Task[None]":
    """Have the journal be full, and return the taking of an event, which waits for room."""
    bench.journal.refusal = "the journal is at its size limit"
    taking = asyncio.create_task(bench.receiver.take([Record(msgspec.json.encode(event("e1")))]))
    for _ in range(10):
        await asyncio.sleep(0)
    assert bench.status.view().state == "held"
    return taking


def appending(bench: Bench, figure: str) -> float:
    """Return the count of appends, or the sum of their seconds."""
    found = bench.metrics.registry.get_sample_value(f"relay_journal_append_seconds_{figure}")
    assert found is not None
    return found


async def test_only_unusable_messages_count_as_rejections_all_the_same() -> None:
    bench = Bench()
    await bench.receiver.take([Record(b"17"), Record(b"[]")])
    assert len(bench.journal.rejections) == 2
    assert len(bench.rejected.written) == 2


async def test_long_arrays_are_stored_in_portions() -> None:
    """A poll may hold any number of events; an append does not."""
    bench = Bench()
    many = [event(f"e{at}") for at in range(batch.MAX_EVENTS + 1)]
    await bench.receiver.take([Record(msgspec.json.encode(many)), Record(b"17")])
    assert bench.journal.event_ids == [f"e{at}" for at in range(batch.MAX_EVENTS + 1)]
    assert len(bench.journal.keys) == 2
    assert len(bench.journal.rejections) == 1


def test_while_the_journal_is_full_it_tries_again_and_says_so() -> None:
    virtual_time.run(_while_the_journal_is_full())


async def _while_the_journal_is_full() -> None:
    bench = Bench()
    taking = await held_up(bench)
    bench.journal.refusal = None
    await taking
    assert bench.journal.event_ids == ["e1"]
    assert bench.status.view().state == "connecting"


def test_what_cannot_be_written_away_is_tried_again_until_it_is() -> None:
    bench = Bench(failures=20)
    virtual_time.run(bench.receiver.take([Record(b"17")]))
    assert len(bench.rejected.written) == 1
    assert bench.status.view().state == "connecting"


def test_after_long_trouble_the_next_wait_is_short_again() -> None:
    async def waits() -> float:
        await bench.receiver.take([Record(b"17")])
        bench.rejected.failures = 1
        began_s = asyncio.get_running_loop().time()
        await bench.receiver.take([Record(b"17")])
        return asyncio.get_running_loop().time() - began_s

    bench = Bench(failures=20)
    assert virtual_time.run(waits()) <= batch.REJECTED_FIRST_S


def test_while_nothing_can_be_written_away_it_waits_and_says_so() -> None:
    virtual_time.run(_while_nothing_can_be_written_away())


async def _while_nothing_can_be_written_away() -> None:
    bench = Bench(failures=2)
    taking = asyncio.create_task(bench.receiver.take([Record(b"17")]))
    for _ in range(10):
        await asyncio.sleep(0)
    assert bench.rejected.failures == 1
    assert bench.status.view().state == "stopped"
    await taking
