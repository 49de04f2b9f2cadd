"""Everything that waits in memory for one destination, and what goes next.

Batches whose request failed go before new events, the longest-waiting first. While the platform
accepts nothing, small trials find out when it does. They rotate, and a batch that fails in every
turn is halved, so that bad events cannot block the others for ever, however many there are. An
event that failed alone while others passed is sent alone from then on; such events go one at a time
and rarely, so that they cost the others no requests. An event that steps aside goes once the other
parts of its batch have been answered.
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
"""How many batches may take turns in trials before they are many: from then on, new events are
tried once a round, and only the smallest batches are halved. This bounds memory: rounds grow longer
and longer, so an outage of a day adds some two hundred batches to what was in flight."""

MAX_WHOLE_TRIALS = 4
"""Failed trials after which only half of a batch is tried: if one of its events is at fault and
nothing else waits, no other request can reveal it."""

Turn = tuple[int, bool, int]
"""Sort key, lowest first: trials so far, whether no event is in the money lane, and time of
receipt."""


class Waiting:
    """See the module docstring."""

    def __init__(self, batcher: Batcher) -> None:
        self.withheld = Withheld()
        self._batcher = batcher
        self._again: list[Batch] = []
        self._suspects: deque[Batch] = deque()
        self._suspect_sent = False
        self._parts: list[Batch] = []
        """Parts of split batches that are in flight."""
        self._requests = 0
        self._is_trying = False

    def put(self, batches: Iterable[Batch]) -> None:
        """Queue batches to be sent again, without the events that are withheld by now."""
        if self.withheld:
            batches, _ = _without(batches, self.withheld)
        for batch in batches:
            if batch.suspect:
                self._suspects.appendleft(batch)
            else:
                insort(self._again, batch, key=_place)

    def put_suspects(self, batches: Iterable[Batch]) -> None:
        """Queue suspects, each as a batch of its own."""
        self._suspects.extend(batches)

    def ended(self, batch: Batch) -> None:
        """Note that a request is over: the next suspect may go."""
        self._suspect_sent = self._suspect_sent and not batch.suspect
        if batch in self._parts:
            self._parts.remove(batch)

    def next(self, now_ms: float) -> Batch | None:
        """Take the batch that goes next, or None if none is ready."""
        self._end_trials()
        self._requests += 1
        if self._requests % RETRY_SHARE == 0 and (suspect := self._suspect()) is not None:
            return suspect
        fresh = self._again.pop(0) if self._may_go_again else self._batcher.batch(now_ms)
        return self._on_its_way(fresh) or self._suspect()

    def trial(self, max_events: int, *, rotate: bool, money_first: bool = False) -> Batch | None:
        """Take at most `max_events` that have waited longest, ready or not.

        With `rotate`, batches with fewer trials go first. With `money_first`, among equals, events
        of the money lane go first, and no others with them.
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
            batch = self._first_trial(max_events, money_first=money_first)
        if batch is not None:
            batch.trials += 1
            self._is_trying = True
        return self._on_its_way(batch)

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until a batch of new events is ready, or None if none waits.

        To be called when nothing could be taken: then everything else waits for an answer.
        """
        return self._batcher.wait_s(now_ms)

    def happened_at(self) -> float:
        """Return the earliest event time in Unix seconds; infinite if nothing waits."""
        held = (batch.happened_at() for batch in chain(self._again, self._suspects))
        return min(self._batcher.happened_at(), min(held, default=math.inf))

    def discard(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Remove and return the events that must not be sent any more."""
        gone = self._batcher.discard(unwanted)
        self._again, stale = _without(self._again, unwanted)
        suspects, stale_suspects = _without(self._suspects, unwanted)
        self._suspects = deque(suspects)
        return gone + stale + stale_suspects

    @property
    def _are_many(self) -> bool:
        return len(self._again) >= MAX_ROTATING

    @property
    def _are_amid_a_round(self) -> bool:
        return len({batch.trials for batch in self._again}) > 1

    @property
    def _may_go_again(self) -> bool:
        """Whether a failed batch may go; one that stepped aside lets all parts go first."""
        return bool(self._again) and not (self._again[0].aside and self._parts)

    def _end_trials(self) -> None:
        """Have all batches begin the next trouble alike: nobody waits for others to catch up."""
        if self._is_trying:
            self._is_trying = False
            for batch in self._again:
                batch.trials = 0

    def _on_its_way(self, batch: Batch | None) -> Batch | None:
        if batch is not None and batch.is_part:
            self._parts.append(batch)
        return batch

    def _fresh_turn(self, *, money_first: bool) -> Turn | None:
        """Return the turn of the new events, or None if they have none.

        While many batches rotate, one more may join after each round: all of them may hold bad
        events. If none has an event of the money lane, one that has some need not wait for that.
        """
        money = money_first and self._batcher.has_money
        lack_money = money and not any(batch.has_money for batch in self._again)
        if self._are_many and self._are_amid_a_round and not lack_money:
            return None
        oldest_ms = self._batcher.oldest_ms(money_first=money_first)
        return None if oldest_ms is None else (0, money_first and not money, oldest_ms)

    def _first_trial(self, max_events: int, *, money_first: bool) -> Batch | None:
        """Take events that were not tried yet; if many batches rotate, they join their round."""
        batch = self._batcher.trial(max_events, money_first=money_first) or self._suspect()
        if batch is not None and self._are_many:
            batch.trials = min(each.trials for each in self._again)
        return batch

    def _half_of(self, batch: Batch) -> int:
        """Return how many events of a batch a trial takes; a half adds to the rotating batches.

        While many rotate, only the smallest are halved, and at once: so halves stay few, and soon
        an event is alone.
        """
        if self._are_many:
            least = min((len(each) for each in self._again if len(each) > 1), default=1)
            is_whole = len(batch) > least or not batch.trials
        else:
            is_whole = batch.trials < MAX_WHOLE_TRIALS
        if is_whole:
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
