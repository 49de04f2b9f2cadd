"""All that waits in memory for one destination, and whose turn it is.

Batches that were sent in vain go before anything new, the longest waiting first. While the platform
takes nothing, small trials find out when it does; they rotate, so that no poisoned event can stand
in the way of the others for ever.
"""

from bisect import insort
from collections.abc import Callable, Iterable

from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.journal.base import Pending

MAX_ROTATING = 16
"""Batches that take turns in trials; only below it is something new tried. It bounds memory: an
outage of any length holds what was in flight, and this many trials."""


class Waiting:
    """See the module docstring."""

    def __init__(self, batcher: Batcher) -> None:
        self._batcher = batcher
        self._again: list[Batch] = []

    def put(self, batches: Iterable[Batch]) -> None:
        """Take back batches that are to be sent again."""
        for batch in batches:
            insort(self._again, batch, key=_oldest_ms)

    def next(self, now_ms: float) -> Batch | None:
        """Take what goes next, or nothing if no request is ready."""
        return self._again.pop(0) if self._again else self._batcher.batch(now_ms)

    def trial(self, max_events: int, *, rotate: bool) -> Batch | None:
        """Take at most `max_events` that wait longest, ready or not.

        With `rotate`, what was in fewer trials goes first.
        """

        def turn(batch: Batch) -> tuple[int, int]:
            return batch.trials if rotate else 0, batch.oldest_ms

        held = min(self._again, key=turn, default=None)
        fresh_ms = self._batcher.oldest_ms() if len(self._again) < MAX_ROTATING else None
        batch: Batch | None
        if held is not None and (fresh_ms is None or turn(held) <= (0, fresh_ms)):
            batch = self._part_of(held, max_events)
        else:
            batch = self._batcher.trial(max_events)
        if batch is not None:
            batch.trials += 1
        return batch

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until something is ready, or None if nothing waits."""
        return 0.0 if self._again else self._batcher.wait_s(now_ms)

    def discard(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Take out the events that are not to be sent any more, and return them."""
        gone = self._batcher.discard(unwanted)
        kept: list[Batch] = []
        for batch in self._again:
            stays = [at for at, pending in enumerate(batch.pendings) if not unwanted(pending)]
            gone += [pending for pending in batch.pendings if unwanted(pending)]
            if stays:
                kept.append(batch if len(stays) == len(batch) else batch.part(stays))
        self._again = kept
        return gone

    def _part_of(self, batch: Batch, max_events: int) -> Batch:
        self._again.remove(batch)
        if len(batch) <= max_events:
            return batch
        part, rest = batch.split(max_events)
        self.put([rest])
        return part


def _oldest_ms(batch: Batch) -> int:
    return batch.oldest_ms
