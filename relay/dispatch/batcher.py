"""Which events go into the next request.

Two lanes per batch key, first in first out inside each: what earns money takes nine places in ten
and stands first, the rest the tenth, and free places go to whoever waits. Events due for another
try take at most a fifth. A batch is ready when it is full, or when its oldest event has waited for
the linger.
"""

from collections import deque
from collections.abc import Callable, Iterator

from relay.delivery import Payload
from relay.dispatch.batch import Batch
from relay.event_name import Lane
from relay.journal.base import Pending

OTHER_SHARE = 10
"""One place in this many is the other lane's, even when money waits."""
RETRY_SHARE = 5
"""At most one place in this many is for events that are tried again."""
READ_AHEAD = 2
"""Full requests of each lane that may wait here."""

Waiting = tuple[Pending, Payload]
Line = deque[Waiting]


class _Queue:
    """The waiting events of one batch key."""

    def __init__(self) -> None:
        self.money: Line = deque()
        self.other: Line = deque()
        self.retries: Line = deque()
        self.count = 0
        self.size_bytes = 0

    @property
    def lines(self) -> tuple[Line, Line, Line]:
        return self.money, self.other, self.retries

    def line_of(self, pending: Pending) -> Line:
        if pending.retry:
            return self.retries
        return self.money if pending.lane is Lane.MONEY else self.other

    def oldest(self) -> Line:
        """Return the line whose first event waits longest; one is there at least."""
        return min((line for line in self.lines if line), key=_received_ms)


class Batcher:
    """The events of one destination that were read and wait for a request.

    Bounded by its reader, which asks for the `room` left: once a full request of a lane waits,
    nothing more of it is read.
    """

    def __init__(self, *, max_events: int, max_bytes: int, linger_s: float) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._linger_ms = linger_s * 1000
        self._queues: dict[str, _Queue] = {}
        self._counts = dict.fromkeys(Lane, 0)
        self._sizes_bytes = dict.fromkeys(Lane, 0)
        self._retries = 0
        self._place = 0

    def add(self, pending: Pending, payload: Payload) -> None:
        """Queue an event behind those of its lane."""
        queue = self._queues.get(payload.batch_key)
        if queue is None:
            queue = self._queues[payload.batch_key] = _Queue()
        queue.line_of(pending).append((pending, payload))
        self._count(queue, pending, payload, 1)

    def room(self, lane: Lane) -> int:
        """Return how many first tries of a lane to read, 0 while a full request of them waits."""
        if self._sizes_bytes[lane] >= self._max_bytes or self._counts[lane] >= self._max_events:
            return 0
        return READ_AHEAD * self._max_events - self._counts[lane]

    def retry_room(self) -> int:
        """Return how many events due again to read."""
        return max(0, self._max_events - self._retries)

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until a batch is ready, 0 for now, or None if nothing waits."""
        ready_ms = min(map(self._ready_ms, self._queues.values()), default=None)
        return None if ready_ms is None else max(0.0, ready_ms - now_ms) / 1000

    def batch(self, now_ms: float) -> Batch | None:
        """Take the next batch that is ready. Batch keys take turns."""
        for key, queue in self._queues.items():
            if self._ready_ms(queue) <= now_ms:
                batch = self._take(queue)
                self._to_the_end(key, queue)
                return batch
        return None

    def oldest_ms(self) -> int | None:
        """Return when the event that waits longest was received, or None if nothing waits."""
        oldest = [_received_ms(queue.oldest()) for queue in self._queues.values()]
        return min(oldest, default=None)

    def trial(self, max_events: int) -> Batch | None:
        """Take up to `max_events` from the line that waits longest, ready or not."""
        if not self._queues:
            return None
        key = min(self._queues, key=lambda key: _received_ms(self._queues[key].oldest()))
        queue = self._queues[key]
        line, picked = queue.oldest(), _Picked(min(max_events, self._max_events), self._max_bytes)
        while line and picked.fits(line[0][1]):
            self._pick(queue, line, picked)
        self._to_the_end(key, queue)
        return picked.batch()

    def discard(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Take out the events that are not to be sent any more, and return them."""
        gone: list[Waiting] = []
        for key, queue in list(self._queues.items()):
            for line in queue.lines:
                found = [each for each in line if unwanted(each[0])]
                gone += found
                if found:
                    kept = [each for each in line if not unwanted(each[0])]
                    line.clear()
                    line.extend(kept)
                for pending, payload in found:
                    self._count(queue, pending, payload, -1)
            if not queue.count:
                del self._queues[key]
        return [pending for pending, _ in gone]

    def _to_the_end(self, key: str, queue: _Queue) -> None:
        del self._queues[key]
        if queue.count:
            self._queues[key] = queue

    def _ready_ms(self, queue: _Queue) -> float:
        if queue.count >= self._max_events or queue.size_bytes >= self._max_bytes:
            return 0
        return _received_ms(queue.oldest()) + self._linger_ms

    def _take(self, queue: _Queue) -> Batch:
        """Fill a request; an event that alone is larger than the limit goes out alone."""
        picked = _Picked(self._max_events, self._max_bytes)
        for line in self._turns(queue):
            if not picked.fits(line[0][1]):
                break
            self._pick(queue, line, picked)
        return picked.batch()

    def _turns(self, queue: _Queue) -> Iterator[Line]:
        """Yield the line that each place belongs to; places are counted over all requests."""
        money, other, retries = queue.lines
        tries_left = self._max_events
        if money or other:
            tries_left = max(1, self._max_events // RETRY_SHARE)
        while money or other or (retries and tries_left):
            self._place += 1
            fresh = money or other
            if retries and tries_left and (not fresh or self._place % RETRY_SHARE == 0):
                tries_left -= 1
                yield retries
            elif other and (not money or self._place % OTHER_SHARE == 1):
                yield other
            else:
                yield money

    def _pick(self, queue: _Queue, line: Line, picked: "_Picked") -> None:
        pending, payload = line.popleft()
        picked.add(pending, payload)
        self._count(queue, pending, payload, -1)

    def _count(self, queue: _Queue, pending: Pending, payload: Payload, change: int) -> None:
        size_bytes = change * len(payload.body)
        queue.count += change
        queue.size_bytes += size_bytes
        if pending.retry:
            self._retries += change
        else:
            self._counts[pending.lane] += change
            self._sizes_bytes[pending.lane] += size_bytes


class _Picked:
    """The events of one request while it fills."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._room = max_events
        self._room_bytes = max_bytes
        self._lines: tuple[list[Waiting], ...] = ([], [], [])

    def fits(self, payload: Payload) -> bool:
        """Tell whether one more event fits; the first always does."""
        return self._room > 0 and (len(payload.body) <= self._room_bytes or not any(self._lines))

    def add(self, pending: Pending, payload: Payload) -> None:
        self._room -= 1
        self._room_bytes -= len(payload.body)
        self._lines[2 if pending.retry else pending.lane].append((pending, payload))

    def batch(self) -> Batch:
        """Return them, what earns money first."""
        batch = Batch([], [])
        for line in self._lines:
            batch.pendings += [pending for pending, _ in line]
            batch.payloads += [payload for _, payload in line]
        return batch


def _received_ms(line: Line) -> int:
    return line[0][0].entry.conversion.received_ms
