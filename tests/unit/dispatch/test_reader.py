"""What waits on disk is read and prepared a little at a time, until a full request is there."""

import asyncio
import random
from itertools import pairwise
from typing import cast

import pytest

from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.dispatch.preparation import Preparation
from relay.dispatch.reader import GIVE_WAY_S, READ_EVENTS, STRETCH_EVENTS, Reader
from relay.dispatch.waiting import Waiting
from relay.event_name import Lane
from relay.journal.base import Journal
from relay.journal.entry import Chunk, Pending
from relay.journal.settlement import Settlement
from relay.outcome.recorder import Recorder
from relay.rules import Rules
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, payload, pending
from tests.simulation import virtual_time

MOST = 400


class Backlog:
    """The part of a journal that is read: events without end, none of them prepared."""

    def __init__(self, *, busy: bool = False) -> None:
        self.limits: list[int] = []
        self._busy = busy

    def is_busy(self) -> bool:
        return self._busy

    def cursor(self, destination: str, lane: Lane) -> int:
        return 0

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        if lane is Lane.OTHER:
            return Chunk((), start)
        self.limits.append(limit)
        return Chunk([pending(start + at) for at in range(limit)], start + limit)

    async def due(self, destination: str, now_ms: int, limit: int) -> list[Pending]:
        return []


class Recorded:
    """The part of a recorder that a reader needs."""

    def __init__(self) -> None:
        self.settlements: list[Settlement] = []

    async def record(self, settlement: Settlement) -> None:
        self.settlements.append(settlement)


class Scene:
    """A reader of a backlog."""

    def __init__(self, backlog: Backlog, *, now_s: float = NOW_S, max_bytes: int = 10**9) -> None:
        self.batcher = Batcher(max_events=MOST, max_bytes=max_bytes, linger_s=0)
        self.recorder = Recorded()
        self.destination = StubDestination()
        self.reader = Reader(
            self.destination.name,
            Preparation(
                self.destination,
                clock=lambda: now_s,
                steady=lambda: now_s,
                randomness=random.Random(1),
                rules=Rules(),
            ),
            journal=cast("Journal", backlog),
            batcher=self.batcher,
            waiting=Waiting(self.batcher),
            recorder=cast("Recorder", self.recorder),
            steady=lambda: now_s,
        )

    def prepared(self) -> int:
        """Return how many events the destination has prepared."""
        return len(self.destination.seen)


async def test_a_backlog_is_read_in_parts_and_no_further_than_there_is_room() -> None:
    """A whole request at once would hold the interpreter for too long."""
    backlog = Backlog()
    scene = Scene(backlog)
    await scene.reader.refill()
    assert max(backlog.limits) <= READ_EVENTS
    assert sum(backlog.limits) == scene.prepared() == 2 * MOST
    await scene.reader.refill()
    assert sum(backlog.limits) == 2 * MOST, "a full request waits already"


async def test_of_large_events_no_more_are_read_than_fill_a_request() -> None:
    """Two requests of them by number, all in memory at once, would take a hundred times more."""
    backlog = Backlog()
    await Scene(backlog, max_bytes=1).reader.refill()
    assert sum(backlog.limits) == READ_EVENTS


class Foreign(Backlog):
    """A log of which nothing is for this destination but what comes after its end of today."""

    def __init__(self, end: int) -> None:
        super().__init__()
        self._end = end

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        if lane is Lane.OTHER or start >= self._end:
            return Chunk((), start)
        self.limits.append(limit)
        return Chunk((), min(start + limit, self._end))


async def test_a_log_of_events_for_others_is_read_to_its_end() -> None:
    """The reader tells that it is behind, so that nobody sleeps over it."""
    backlog = Foreign(5 * MOST)
    scene = Scene(backlog)
    behind = [scene.reader.is_behind]
    for _ in range(10):
        await scene.reader.refill()
        behind.append(scene.reader.is_behind)
    assert (behind[0], behind[-1]) == (True, False)
    assert sum(backlog.limits) >= 5 * MOST
    assert max(backlog.limits) <= READ_EVENTS


async def test_who_has_enough_to_send_is_not_behind() -> None:
    scene = Scene(Backlog())
    await scene.reader.refill()
    await scene.reader.refill()
    assert not scene.reader.is_behind


async def test_all_else_has_its_turn_between_two_stretches() -> None:
    scene = Scene(Backlog())
    seen = [0]
    refill = asyncio.create_task(scene.reader.refill())
    while not refill.done():
        await asyncio.sleep(0)
        seen.append(scene.prepared())
    assert seen[-1] == 2 * MOST
    assert max(after - before for before, after in pairwise(seen)) <= STRETCH_EVENTS


@pytest.mark.parametrize("busy", [False, True])
def test_a_commit_under_way_is_given_time(*, busy: bool) -> None:
    """Its thread needs the interpreter after each step, and a loop that never rests keeps it."""

    async def refilled_s() -> float:
        scene, loop = Scene(Backlog(busy=busy)), asyncio.get_running_loop()
        began_s = loop.time()
        await scene.reader.refill()
        return loop.time() - began_s

    given_s = 2 * MOST / STRETCH_EVENTS * GIVE_WAY_S if busy else 0
    assert virtual_time.run(refilled_s()) == pytest.approx(given_s)


async def test_what_is_withheld_while_it_is_prepared_is_not_queued() -> None:
    """An erasure begins halfway: nothing of the person is left in memory, or gets there."""
    scene = Scene(Backlog())
    refill = asyncio.create_task(scene.reader.refill())
    await asyncio.sleep(0)
    assert 0 < scene.prepared() < MOST
    scene.reader.withhold(_is_odd)
    await refill
    batch = scene.batcher.batch(NOW_S * 1000)
    assert batch is not None
    assert not any(map(_is_odd, batch.pendings))


async def test_what_is_released_is_read_and_looked_at_no_more() -> None:
    scene = Scene(Backlog())
    scene.reader.withhold(_is_odd)
    scene.reader.release(_is_odd)
    await scene.reader.refill()
    assert scene.prepared() == 2 * MOST


async def test_events_that_grew_too_old_end_by_the_read_and_not_by_the_stretch() -> None:
    """Each end costs a commit."""
    backlog = Backlog()
    scene = Scene(backlog, now_s=NOW_S + 10_000)
    await scene.reader.refill()
    ended = [len(settlement.dead) for settlement in scene.recorder.settlements]
    assert ended == backlog.limits


async def test_what_grew_too_old_in_a_batch_is_dead_and_the_rest_stays_in_it() -> None:
    scene = Scene(Backlog(), now_s=NOW_S + 10_000)
    await scene.reader.refill()  # it has seen the wall by then
    scene.recorder.settlements.clear()
    old, young = pending(0), pending(1)
    young.entry.event_time = NOW_S + 10_000
    batch, expired = scene.reader.part(Batch([old, young], [payload(), payload()]))
    assert batch.pendings == [young]
    await scene.reader.bury(expired)
    [settlement] = scene.recorder.settlements
    assert [(each.pending, each.reason) for each in settlement.dead] == [(old, "expired")]


def _is_odd(pending: Pending) -> bool:
    return pending.offset % 2 == 1


class DueAgain(Backlog):
    """A log without new events, and retries without end that are all due."""

    def __init__(self) -> None:
        super().__init__()
        self.settled = 0
        self.looks: list[int] = []

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        return Chunk((), start)

    async def due(self, destination: str, now_ms: int, limit: int) -> list[Pending]:
        self.looks.append(limit)
        return [pending(self.settled + at, retry=True) for at in range(limit)]


async def test_more_events_due_again_are_read_as_soon_as_there_is_room() -> None:
    """So a replay of many is not sent a single request a second."""
    backlog = DueAgain()
    scene = Scene(backlog)
    for _ in range(3):
        await scene.reader.refill()
        await scene.reader.refill()  # finds no room
        batch = scene.batcher.batch(NOW_S * 1000)
        assert batch is not None
        scene.reader.ended(Settlement(delivered=batch.pendings))
        backlog.settled += len(batch)
    assert backlog.looks == [MOST, MOST, MOST]


async def test_what_is_under_way_is_not_read_over_and_over() -> None:
    """A platform that answers slowly has many under way, and each look reads all of them."""
    backlog = DueAgain()
    scene = Scene(backlog)
    sent: list[int] = []
    for _ in range(5):
        await scene.reader.refill()
        batch = scene.batcher.batch(NOW_S * 1000)
        sent += [] if batch is None else [each.offset for each in batch.pendings]
    assert backlog.looks == [MOST, 2 * MOST, 3 * MOST]
    assert sent == list(range(3 * MOST)), "each of them once"


class NothingDue(DueAgain):
    """A log without new events, and none to be tried again."""

    async def due(self, destination: str, now_ms: int, limit: int) -> list[Pending]:
        self.looks.append(limit)
        return []


async def test_where_nothing_is_due_again_a_second_passes_between_two_looks() -> None:
    backlog = NothingDue()
    scene = Scene(backlog)
    for _ in range(5):
        await scene.reader.refill()
    assert backlog.looks == [MOST]


class OnDisk(NothingDue):
    """A log whose events wait for moments of their own, if there are any."""

    def __init__(self, oldest_ms: int | None) -> None:
        super().__init__()
        self._oldest_ms = oldest_ms

    async def oldest_pending_ms(self, destination: str) -> int | None:
        return self._oldest_ms


@pytest.mark.parametrize(("oldest_ms", "left"), [(NOW_S * 1000, True), (0, True), (None, False)])
async def test_what_waits_on_disk_for_a_moment_of_its_own_is_left_to_try(
    oldest_ms: int | None, *, left: bool
) -> None:
    """Though nothing of it is in memory: the platform's trouble is not over with that."""
    assert await Scene(OnDisk(oldest_ms)).reader.anything_left() == left
