"""Reads a destination's waiting events from the journal and queues them for batching.

It reads ahead of the sender by at most two full requests per lane. After an outage, a million
events may wait on disk. Events from disk are prepared in small stretches, so that producers are
still answered: between two stretches the event loop does all other work that is due, and a running
commit gets the interpreter, which its thread needs again and again. An event that becomes too old
while it waits in memory ends as `expired` soon after it has passed the platform's age wall.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import not_

from relay.delivery import Payload
from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.dispatch.preparation import Preparation
from relay.dispatch.queue import RETRIES
from relay.dispatch.suspects import Suspects
from relay.dispatch.waiting import Waiting
from relay.dispatch.withheld import Unwanted
from relay.event_name import Lane
from relay.journal.base import Journal
from relay.journal.entry import Pending
from relay.journal.settlement import Dead, Retry, Settlement
from relay.outcome.recorder import Recorder

RETRY_LOOK_S = 1.0
"""Seconds between two looks for due retries. If there are more, the next look follows as soon as
there is room, unless most of what it would read is in flight already."""
READ_EVENTS = 250
"""Events read at a time: decoding them holds the interpreter, for a millisecond at most."""
STRETCH_EVENTS = 5
"""Events prepared at a time."""
GIVE_WAY_S = 0.002
"""Seconds that a running commit gets between two stretches; it seldom takes longer."""
AGE_LOOK_S = 10.0
"""Seconds between two looks for events that became too old while they waited in memory."""


class Reader:
    """See the module docstring. Used by one sender only; `steady` returns its clock's seconds."""

    def __init__(
        self,
        name: str,
        preparation: Preparation,
        *,
        journal: Journal,
        batcher: Batcher,
        waiting: Waiting,
        recorder: Recorder,
        steady: Callable[[], float],
    ) -> None:
        self._name = name
        self._preparation = preparation
        self._journal = journal
        self._batcher = batcher
        self._waiting = waiting
        self._recorder = recorder
        self._steady = steady
        self._next = {lane: journal.cursor(name, lane) for lane in Lane}
        self._more = dict.fromkeys(Lane, True)
        self._retry_look_at = 0.0
        self._age_look_at = steady() + AGE_LOOK_S
        self._retrying: set[tuple[Lane, int]] = set()
        self._suspects = Suspects()

    def more(self) -> None:
        """Read on where the log had ended."""
        self._more = dict.fromkeys(Lane, True)

    @property
    def is_behind(self) -> bool:
        """Whether there is room for more, and the last read did not find the end of the log.

        That includes reads that found only events for other destinations, however many.
        """
        return any(self._more[lane] and self._batcher.room(lane) > 0 for lane in Lane)

    async def anything_left(self) -> bool:
        """Return whether any event waits for this destination, in memory, on disk or in flight."""
        return await self._journal.oldest_pending_ms(self._name) is not None

    def withhold(self, unwanted: Unwanted) -> None:
        """Stop sending the events that match, from memory and from disk."""
        self._waiting.withheld.add(unwanted)
        self._forget_tries(self._waiting.discard(unwanted))

    def release(self, unwanted: Unwanted) -> None:
        """Undo `withhold`, now that the journal has ended these events."""
        self._waiting.withheld.release(unwanted)

    async def refill(self) -> None:
        """Queue events for lanes in which less than a full request waits, and due retries."""
        self._waiting.withheld.renew()
        for lane in Lane:
            await self._fill(lane)
        now_s = self._steady()
        if now_s >= self._retry_look_at:
            await self._read_retries(now_s)
        if now_s >= self._age_look_at:
            self._age_look_at = now_s + AGE_LOOK_S
            await self._bury_what_waits()

    def suspect(self, batch: Batch) -> None:
        """From now on, send an event alone that failed alone while others passed."""
        for pending in batch.pendings:
            self._suspects.add(pending, batch.unknown_at)

    def ended(self, settlement: Settlement) -> None:
        """Forget the retries that a settlement ended, so that later ones can be read."""
        if not self._retrying:
            return
        over = [
            *settlement.delivered,
            *(dead.pending for dead in settlement.dead),
            *(retry.pending for retry in settlement.retry),
        ]
        self._forget_tries(over)
        self._suspects.forget(settlement.delivered)
        self._suspects.forget(dead.pending for dead in settlement.dead)

    def _forget_tries(self, pendings: Iterable[Pending]) -> None:
        self._retrying.difference_update(
            (pending.lane, pending.offset) for pending in pendings if pending.retry
        )

    def part(self, batch: Batch) -> tuple[Batch, Sequence[Pending]]:
        """Return the batch without the events that became too old while they waited, and these."""
        if not self._preparation.may_be_too_old(batch.happened_at()):
            return batch, ()
        expired = list(map(self._preparation.too_old(), batch.pendings))
        if not any(expired):
            return batch, ()
        young = batch.part([at for at, is_expired in enumerate(expired) if not is_expired])
        return young, list(compress(batch.pendings, expired))

    async def bury(self, expired: Iterable[Pending]) -> None:
        """End events that became too old; return once that is recorded."""
        await self._end([Dead(pending, "expired") for pending in expired])

    async def _fill(self, lane: Lane) -> None:
        """Go through as many events of a lane as there is room for."""
        end = self._next[lane] + self._batcher.room(lane)
        while self._more[lane] and self._next[lane] < end and not self._batcher.fills_bytes(lane):
            await self._read(lane, min(end - self._next[lane], READ_EVENTS))

    async def _read(self, lane: Lane, limit: int) -> None:
        start = self._next[lane]
        chunk = await self._journal.read(self._name, lane, start, limit)
        self._next[lane] = chunk.next
        self._more[lane] = chunk.next != start
        if self._more[lane] and not chunk.pending:
            await self._give_way()
        await self._queue(lane, chunk.pending)

    async def _read_retries(self, now_s: float) -> None:
        """Queue the retries that are due and not under way.

        Those that were under way when the read began are left out, too: the read may be older than
        the settlement that has ended them since.
        """
        room = self._batcher.retry_room()
        if not room:
            return
        under_way = self._retrying.copy()
        limit = room + len(under_way)
        due = await self._journal.due(self._name, round(now_s * 1000), limit)
        if len(due) < limit or len(under_way) > room:
            self._retry_look_at = now_s + RETRY_LOOK_S
        fresh = [each for each in due if (each.lane, each.offset) not in under_way]
        self._retrying.update((each.lane, each.offset) for each in fresh)
        await self._queue(RETRIES, fresh)

    async def _queue(self, line: int, pendings: Sequence[Pending]) -> None:
        wanted = self._wanted(pendings)
        payloads = self._preparation.at_once(wanted)
        if payloads is not None:
            self._put(line, wanted, payloads)
            return
        exceptions: list[Dead | Retry] = []
        for at in range(0, len(pendings), STRETCH_EVENTS):
            exceptions += self._queue_stretch(line, pendings[at : at + STRETCH_EVENTS])
            await self._give_way()
        self._preparation.tell_mistakes()
        await self._end(exceptions)

    async def _give_way(self) -> None:
        """Let other tasks run, and give a running commit its time."""
        wait_s = GIVE_WAY_S if self._journal.is_busy() else 0
        await asyncio.sleep(wait_s)  # nothing signals that a thread needs the interpreter

    def _queue_stretch(self, line: int, pendings: Sequence[Pending]) -> Sequence[Dead | Retry]:
        """Prepare and queue events; return those that end without a request."""
        waiting, payloads, exceptions = self._preparation.one_by_one(self._wanted(pendings))
        self._put(line, waiting, payloads)
        return exceptions

    def _wanted(self, pendings: Sequence[Pending]) -> Sequence[Pending]:
        withheld = self._waiting.withheld
        return withheld.wanted(pendings) if withheld else pendings

    def _put(self, line: int, pendings: Sequence[Pending], payloads: Sequence[Payload]) -> None:
        if self._suspects:
            pendings, payloads = self._without_suspects(pendings, payloads)
        self._batcher.extend(line, pendings, payloads)

    def _without_suspects(
        self, pendings: Sequence[Pending], payloads: Sequence[Payload]
    ) -> tuple[list[Pending], list[Payload]]:
        """Queue each suspect for a request of its own; return the other events."""
        others = [not (each.retry and each in self._suspects) for each in pendings]
        alone = map(not_, others)
        self._waiting.put_suspects(
            Batch([pending], [payload], unknown_at=self._suspects.unknown_at(pending), suspect=True)
            for pending, payload in compress(zip(pendings, payloads, strict=True), alone)
        )
        return list(compress(pendings, others)), list(compress(payloads, others))

    async def _bury_what_waits(self) -> None:
        if self._preparation.may_be_too_old(self._waiting.happened_at()):
            await self.bury(self._waiting.discard(self._preparation.too_old()))

    async def _end(self, exceptions: Sequence[Dead | Retry]) -> None:
        """Record events that end, or get a later due time, without a request."""
        if not exceptions:
            return
        settlement = Settlement(
            dead=[each for each in exceptions if isinstance(each, Dead)],
            retry=[each for each in exceptions if isinstance(each, Retry)],
        )
        await self._recorder.record(settlement)
        self.ended(settlement)
