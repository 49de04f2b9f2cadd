"""Chooses the events of the next request.

Each batch key has two lanes, both first in, first out. The money lane comes first and gets nine
places in ten, the other lane one; places that one leaves free go to the other. While first tries
wait, retries get at most a fifth. A batch is ready when it is full, or when its oldest event has
waited for the linger time.
"""

import math
from collections.abc import Callable, Sequence
from itertools import compress

from relay.delivery import Payload
from relay.dispatch.batch import Batch
from relay.dispatch.queue import MONEY, RETRIES, Queue, Share, Shares, only
from relay.dispatch.size_limit import SizeLimit
from relay.event_name import Lane
from relay.journal.entry import Pending

OTHER_SHARE = 10
"""One place in this many belongs to the other lane, even while the money lane waits."""
RETRY_SHARE = 5
"""At most one place in this many goes to retries."""
READ_AHEAD = 2
"""How many full requests of each lane may wait here."""


class Batcher:
    """Holds the events of one destination that were read and wait for a request.

    Its reader keeps it bounded by asking for the `room` left: once a full request of a lane waits,
    no more of that lane is read. `max_bytes` is the published limit of a request; `size_limit`
    learns the limit that the platform applies.
    """

    def __init__(self, *, max_events: int, max_bytes: int, linger_s: float) -> None:
        self._max_events = max_events
        self.size_limit = SizeLimit(max_bytes)
        self._linger_ms = linger_s * 1000
        self._queues: dict[str, Queue] = {}
        self._counts = [0, 0, 0]
        self._sizes_bytes = [0, 0, 0]
        self._place = 0

    def extend(self, at: int, pendings: Sequence[Pending], payloads: Sequence[Payload]) -> None:
        """Append events to line `at` of the queues of their batch keys, with their payloads."""
        keys = [each.batch_key for each in payloads]
        for key in dict.fromkeys(keys):
            of_key = [each == key for each in keys]
            added = list(compress(pendings, of_key))
            queue = self._queues.setdefault(key, Queue())
            added_bytes = queue.lines[at].extend(added, list(compress(payloads, of_key)))
            self._count(queue, at, len(added), added_bytes)

    def room(self, lane: Lane) -> int:
        """Return how many first tries of a lane to read; 0 while a full request of them waits."""
        if self.fills_bytes(lane) or self._counts[lane] >= self._max_events:
            return 0
        return READ_AHEAD * self._max_events - self._counts[lane]

    def fills_bytes(self, lane: Lane) -> bool:
        """Return whether the waiting first tries of a lane have the size of a full request."""
        return self._sizes_bytes[lane] >= self.size_limit.max_bytes

    def retry_room(self) -> int:
        """Return how many due retries to read."""
        return max(0, self._max_events - self._counts[RETRIES])

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until a batch is ready; 0 if one is, None if nothing waits."""
        queues = self._queues.values()
        ready_ms = min((self._ready_ms(queue, now_ms) for queue in queues), default=None)
        return None if ready_ms is None else max(0.0, ready_ms - now_ms) / 1000

    def batch(self, now_ms: float) -> Batch | None:
        """Take the next batch that is ready, if any. Batch keys take turns."""
        for key, queue in self._queues.items():
            if self._ready_ms(queue, now_ms) <= now_ms:
                batch = self._take(key, self._shares, self._max_events)
                self._place += len(batch)
                return batch
        return None

    @property
    def has_money(self) -> bool:
        """Whether any event of the money lane waits for its first try."""
        return self._counts[MONEY] > 0

    def oldest_ms(self, *, money_first: bool = False) -> int | None:
        """Return when the longest-waiting event was received (Unix ms), or None if nothing waits.

        With `money_first`, only the money lane counts, unless it is empty.
        """
        return min((ms for _, _, ms in self._trials(money_first=money_first)), default=None)

    def happened_at(self) -> float:
        """Return the earliest event time in Unix seconds; infinite if nothing waits."""
        lines = (line for queue in self._queues.values() for line in queue.lines)
        return min((line.happened_at() for line in lines), default=math.inf)

    def trial(self, max_events: int, *, money_first: bool = False) -> Batch | None:
        """Take up to `max_events` from the line that has waited longest, ready or not.

        With `money_first`, only the money lane counts, unless it is empty.
        """
        trials = self._trials(money_first=money_first)
        if not trials:
            return None
        key, at, _ = min(trials, key=_received_ms)
        return self._take(key, only(at), min(max_events, self._max_events))

    def discard(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Remove and return the events that must not be sent any more."""
        gone: list[Pending] = []
        for key, queue in list(self._queues.items()):
            for at, line in enumerate(queue.lines):
                found, found_bytes = line.discard(unwanted)
                self._count(queue, at, -len(found), -found_bytes)
                gone += found
            if not queue.count:
                del self._queues[key]
        return gone

    def _trials(self, *, money_first: bool) -> list[tuple[str, int, int]]:
        """Return the key, line and time of receipt of each queue's candidate for a trial."""
        money_first = money_first and self.has_money
        return [
            (key, at := MONEY if money_first else queue.oldest(), queue.received_ms(at))
            for key, queue in self._queues.items()
            if queue.lines[MONEY] or not money_first
        ]

    def _ready_ms(self, queue: Queue, now_ms: float) -> float:
        if queue.count >= self._max_events or queue.size_bytes >= self.size_limit.max_bytes:
            return 0
        oldest_ms = queue.oldest_ms
        if oldest_ms > now_ms:  # received before the clock was set back: it has waited
            return 0
        return oldest_ms + self._linger_ms

    def _shares(self, lengths: Shares, places: int) -> Shares:
        """Return how many of a request's places each line gets, never more than events wait in it.

        Places are counted across requests, so that the shares also hold for small requests.
        """
        money, other, retries = lengths
        if money or other:
            retries = min(retries, max(1, self._max_events // RETRY_SHARE))
        places = min(places, money + other + retries)
        retries = min(retries, max(self._turns(places, RETRY_SHARE, 0), places - money - other))
        other = min(other, max(self._turns(places, OTHER_SHARE, 1), places - retries - money))
        return places - retries - other, other, retries

    def _turns(self, places: int, share: int, at: int) -> int:
        """Return how many of the next places have the remainder `at` when divided by `share`."""
        return (self._place + places - at) // share - (self._place - at) // share

    def _take(self, key: str, share: Share, max_events: int) -> Batch:
        """Fill a request from the queue of `key`, and move the rest behind the other queues."""
        queue = self._queues.pop(key)
        batch = Batch([], [])
        for at, count in enumerate(queue.fitting(share, max_events, self.size_limit.max_bytes)):
            self._count(queue, at, -count, -queue.lines[at].move(count, batch))
        if queue.count:
            self._queues[key] = queue
        return batch

    def _count(self, queue: Queue, at: int, change: int, change_bytes: int) -> None:
        queue.count += change
        queue.size_bytes += change_bytes
        self._counts[at] += change
        self._sizes_bytes[at] += change_bytes


def _received_ms(trial: tuple[str, int, int]) -> int:
    return trial[2]
