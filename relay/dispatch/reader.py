"""Reads a destination's waiting events from the journal and queues them for batching.

Reads ahead of the sender by at most two full requests a lane. An event beyond the platform's age
wall is never sent: it is dead as `expired`.
"""

from collections.abc import Callable, Sequence

from relay.delivery import Destination, Payload, Skip
from relay.dispatch.batcher import Batch, Batcher
from relay.event_name import Lane
from relay.journal.base import Dead, Journal, Pending, Settlement
from relay.outcome.recorder import Recorder

READ_AHEAD = 2
"""Full requests that may wait in memory, for each lane."""
RETRY_LOOK_S = 1.0
"""Between two looks for events that are due again."""


class Reader:
    """See the module docstring. Used by one sender only; `clock` returns Unix seconds."""

    def __init__(
        self,
        destination: Destination,
        journal: Journal,
        batcher: Batcher,
        recorder: Recorder,
        clock: Callable[[], float],
    ) -> None:
        self._destination = destination
        self._journal = journal
        self._batcher = batcher
        self._recorder = recorder
        self._clock = clock
        self._next = {lane: journal.cursor(destination.name, lane) for lane in Lane}
        self._more = dict.fromkeys(Lane, True)
        self._retry_look_at = 0.0
        self._retrying: set[tuple[Lane, int]] = set()

    def more(self) -> None:
        """Look again where the log had ended."""
        self._more = dict.fromkeys(Lane, True)

    async def refill(self) -> None:
        """Queue more events where fewer than a full request wait."""
        for lane in Lane:
            if self._more[lane] and self._batcher.waiting(lane) < self._batcher.max_events:
                await self._read(lane)
        if self._clock() >= self._retry_look_at:
            self._retry_look_at = self._clock() + RETRY_LOOK_S
            await self._read_retries()

    def ended(self, settlement: Settlement) -> None:
        """Forget the tries that a settlement ended, so that a later one of the event is read."""
        over = [
            *settlement.delivered,
            *(dead.pending for dead in settlement.dead),
            *(retry.pending for retry in settlement.retry),
        ]
        self._retrying.difference_update(
            (pending.lane, pending.offset) for pending in over if pending.retry
        )

    async def without_expired(self, batch: Batch) -> Batch:
        """Return the batch without the events that grew too old while they waited."""
        expired = [at for at, pending in enumerate(batch.pendings) if self._expired(pending)]
        if not expired:
            return batch
        await self._bury([Dead(batch.pendings[at], "expired") for at in expired])
        gone = frozenset(expired)
        return batch.part([at for at in range(len(batch.pendings)) if at not in gone])

    async def _read(self, lane: Lane) -> None:
        limit = READ_AHEAD * self._batcher.max_events - self._batcher.waiting(lane)
        start = self._next[lane]
        chunk = await self._journal.read(self._destination.name, lane, start, limit)
        self._next[lane] = chunk.next
        self._more[lane] = chunk.next != start
        await self._queue(chunk.pending)

    async def _read_retries(self) -> None:
        room = self._batcher.max_events - self._batcher.retries
        if room <= 0:
            return
        now_ms = round(self._clock() * 1000)
        limit = room + len(self._retrying)
        due = await self._journal.due(self._destination.name, now_ms, limit)
        fresh = [each for each in due if (each.lane, each.offset) not in self._retrying]
        self._retrying.update((each.lane, each.offset) for each in fresh)
        await self._queue(fresh)

    async def _queue(self, pendings: Sequence[Pending]) -> None:
        dead: list[Dead] = []
        name, add = self._destination.name, self._batcher.add
        for pending in pendings:
            if self._expired(pending):
                dead.append(Dead(pending, "expired"))
                continue
            payload = pending.entry.payloads.get(name) or self._prepare(pending)
            if isinstance(payload, Dead):
                dead.append(payload)
            else:
                add(pending, payload)
        if dead:
            await self._bury(dead)

    def _prepare(self, pending: Pending) -> Payload | Dead:
        """Map an event that came from disk; the settings may have changed since it was taken."""
        prepared = self._destination.prepare(pending.entry.conversion)
        if isinstance(prepared, Payload):
            return prepared
        if isinstance(prepared, Skip):
            message = "The settings have changed since this event was taken."
            return Dead(pending, "invalid_event", prepared.reason, message)
        return Dead(pending, prepared.reason, message=prepared.text)

    def _expired(self, pending: Pending) -> bool:
        conversion = pending.entry.conversion
        age_s = self._clock() - conversion.event_time
        return age_s > self._destination.max_age_s(conversion)

    async def _bury(self, dead: list[Dead]) -> None:
        settlement = Settlement(dead=dead)
        await self._recorder.record(settlement)
        self.ended(settlement)
