"""What waits is read in stretches, until a full request is there."""

import random
from typing import cast

from relay.dispatch.batcher import Batcher
from relay.dispatch.reader import STRETCH_EVENTS, Reader
from relay.dispatch.waiting import Waiting
from relay.event_name import Lane
from relay.journal.base import Journal
from relay.journal.entry import Chunk
from relay.outcome.recorder import Recorder
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, pending

MOST = 200


class Backlog:
    """The part of a journal that is read: events without end, none of them prepared."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    def cursor(self, destination: str, lane: Lane) -> int:
        return 0

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        if lane is Lane.OTHER:
            return Chunk((), start)
        self.limits.append(limit)
        return Chunk([pending(start + at) for at in range(limit)], start + limit)

    async def due(self, destination: str, now_ms: int, limit: int) -> list[object]:
        return []


async def test_a_backlog_is_read_in_stretches_and_no_further_than_there_is_room() -> None:
    """Between two of them producers are answered: a whole request at once takes too long."""
    backlog = Backlog()
    batcher = Batcher(max_events=MOST, max_bytes=10**9, linger_s=0)
    room = batcher.room(Lane.MONEY)
    reader = Reader(
        StubDestination(),
        journal=cast("Journal", backlog),
        batcher=batcher,
        waiting=Waiting(batcher),
        recorder=cast("Recorder", None),
        clock=lambda: float(NOW_S),
        steady=lambda: float(NOW_S),
        randomness=random.Random(1),
    )
    await reader.refill()
    assert max(backlog.limits) <= STRETCH_EVENTS
    assert sum(backlog.limits) == room > MOST
    before = len(backlog.limits)
    await reader.refill()
    assert len(backlog.limits) == before, "a full request waits already"
