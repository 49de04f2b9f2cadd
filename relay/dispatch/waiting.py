"""All that waits in memory for one destination, and whose turn it is.

Batches whose request failed go before anything new, the longest waiting first. While the platform
takes nothing, small trials find out when it does; they rotate, and what fails in every turn is
halved, so that no poisoned event can block the others for ever. An event that failed alone while
others passed is sent alone from then on, one at a time and rarely, so that it costs its neighbours
no request. One that steps aside goes once the other parts of its batch have been answered.
"""

import math
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from itertools import chain

from relay.dispatch.batch import Batch
from relay.dispatch.batcher import RETRY_SHARE, Batcher
from relay.dispatch.withheld import Withheld
from relay.journal.entry import Pending

MAX_ROTATING = 16
"""Batches that take turns in trials; only while there are fewer is something new tried. It bounds
memory: however long an outage, it holds what was in flight, and this many trials."""

MAX_WHOLE_TRIALS = 4
"""Trials in vain after which only half of a batch is tried: if one of its events is at fault and
nothing else waits, no other request can show it."""

Turn = tuple[int, bool, int]
"""Sort key: trials it had, whether it earns no money, since when it waits; least goes first."""


class Waiting:
    """See the module docstring."""

    def __init__(self, batcher: Batcher) -> None:
        self.withheld = Withheld()
        self._batcher = batcher
        self._again: list[Batch] = []
        self._suspects: deque[Batch] = deque()
        self._suspect_sent = False
        self._parts: list[Batch] = []
        """Parts of batches that were taken apart, under way."""
        self._requests = 0

    def put(self, batches: Iterable[Batch]) -> None:
        """Take back batches that are to be sent again, without what is withheld by now."""
        if self.withheld:
            batches, _ = _without(batches, self.withheld)
        for batch in batches:
            if batch.suspect:
                self._suspects.appendleft(batch)
            else:
                insort(self._again, batch, key=_place)

    def put_suspects(self, batches: Iterable[Batch]) -> None:
        """Take events that are to travel alone, each a batch of its own."""
        self._suspects.extend(batches)

    def ended(self, batch: Batch) -> None:
        """Note that a request is over: the next suspect may go."""
        self._suspect_sent = self._suspect_sent and not batch.suspect
        if batch in self._parts:
            self._parts.remove(batch)

    def next(self, now_ms: float) -> Batch | None:
        """Take what goes next, or nothing if no request is ready."""
        self._requests += 1
        if self._requests % RETRY_SHARE == 0 and (suspect := self._suspect()) is not None:
            return suspect
        fresh = self._again.pop(0) if self._may_go_again else self._batcher.batch(now_ms)
        return self._on_its_way(fresh) or self._suspect()

    def trial(self, max_events: int, *, rotate: bool, money_first: bool = False) -> Batch | None:
        """Take at most `max_events` that wait longest, ready or not.

        With `rotate`, what was in fewer trials goes first; with `money_first`, among equals, what
        earns money does, and nothing else is with it.
        """

        def turn(batch: Batch) -> Turn:
            other = money_first and not batch.has_money
            return batch.trials if rotate else 0, other, batch.oldest_ms

        held = min(self._again, key=turn, default=None)
        fresh = self._fresh_turn(money_first=money_first)
        batch: Batch | None
        if held is not None and (fresh is None or turn(held) <= fresh):
            if rotate:
                max_events = min(max_events, self._half_of(held))
            batch = self._part_of(held, max_events, money_first=money_first)
        else:
            batch = self._batcher.trial(max_events, money_first=money_first) or self._suspect()
        if batch is not None:
            batch.trials += 1
        return self._on_its_way(batch)

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until something new is ready, or None if nothing new waits.

        To be asked when nothing could be taken: then all else waits for an answer.
        """
        return self._batcher.wait_s(now_ms)

    def happened_at(self) -> float:
        """Return when the first of all events happened, Unix seconds; infinite if none waits."""
        held = (batch.happened_at() for batch in chain(self._again, self._suspects))
        return min(self._batcher.happened_at(), min(held, default=math.inf))

    def discard(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Take out the events that are not to be sent any more, and return them."""
        gone = self._batcher.discard(unwanted)
        self._again, stale = _without(self._again, unwanted)
        suspects, stale_suspects = _without(self._suspects, unwanted)
        self._suspects = deque(suspects)
        return gone + stale + stale_suspects

    @property
    def _may_go_again(self) -> bool:
        """Whether something that failed may go: one that stepped aside lets all parts go first."""
        return bool(self._again) and not (self._again[0].aside and self._parts)

    def _on_its_way(self, batch: Batch | None) -> Batch | None:
        if batch is not None and batch.is_part:
            self._parts.append(batch)
        return batch

    def _fresh_turn(self, *, money_first: bool) -> Turn | None:
        """Return the turn of what was in no request yet, or None if it has none.

        Where all that is held earns nothing, one batch more is let in that does.
        """
        money = money_first and self._batcher.has_money
        if len(self._again) >= MAX_ROTATING and not (
            money and not any(batch.has_money for batch in self._again)
        ):
            return None
        oldest_ms = self._batcher.oldest_ms(money_first=money_first)
        return None if oldest_ms is None else (0, money_first and not money, oldest_ms)

    def _half_of(self, batch: Batch) -> int:
        """Return how many events of a batch a trial takes; halves add to what takes turns."""
        if batch.trials < MAX_WHOLE_TRIALS or len(self._again) >= MAX_ROTATING:
            return len(batch)
        return (len(batch) + 1) // 2

    def _suspect(self) -> Batch | None:
        if self._suspect_sent or not self._suspects:
            return None
        self._suspect_sent = True
        return self._suspects.popleft()

    def _part_of(self, batch: Batch, max_events: int, *, money_first: bool) -> Batch:
        self._again.remove(batch)
        count = min(max_events, batch.money_count or len(batch)) if money_first else max_events
        if len(batch) <= count:
            return batch
        part, rest = batch.split(count, money_first=money_first)
        self.put([rest])
        return part


def _place(batch: Batch) -> tuple[bool, int]:
    return batch.aside, batch.oldest_ms


def _without(
    batches: Iterable[Batch], unwanted: Callable[[Pending], bool]
) -> tuple[list[Batch], list[Pending]]:
    kept: list[Batch] = []
    gone: list[Pending] = []
    for batch in batches:
        stays = [at for at, pending in enumerate(batch.pendings) if not unwanted(pending)]
        gone += [pending for pending in batch.pendings if unwanted(pending)]
        if stays:
            kept.append(batch if len(stays) == len(batch) else batch.part(stays))
    return kept, gone
