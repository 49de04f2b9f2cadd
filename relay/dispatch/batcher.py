"""Which events go into the next request.

Two lanes per batch key, first in first out inside each: what earns money takes nine places in ten,
the rest the tenth, and free places go to whoever waits. Events due for another try take at most a
fifth. A batch is ready when it is full, or when its oldest event has waited for the linger.
"""

from collections import deque
from collections.abc import Sequence

import msgspec

from relay.delivery import Payload
from relay.event_name import Lane
from relay.journal.base import Pending

OTHER_SHARE = 10
"""One place in this many is the other lane's, even when money waits."""
RETRY_SHARE = 5
"""At most one place in this many is for events that are tried again."""


class Batch(msgspec.Struct):
    """The events of one request, in order.

    `fixed` means that no other event may join them; `doubts` counts answers in a row that become
    a refusal if they go on.
    """

    pendings: list[Pending]
    payloads: list[Payload]
    fixed: bool = False
    doubts: int = 0
    size_bytes: int = 0

    def whole(self) -> "Batch":
        """Return all of it, to be sent again as it is."""
        self.fixed = True
        return self

    def halves(self) -> "tuple[Batch, Batch]":
        """Return both halves, each to be sent on its own."""
        middle = len(self.pendings) // 2
        return self.part(range(middle)), self.part(range(middle, len(self.pendings)))

    def part(self, positions: Sequence[int]) -> "Batch":
        """Return the events at `positions` as a batch of their own."""
        pendings = [self.pendings[at] for at in positions]
        return Batch(pendings, [self.payloads[at] for at in positions], fixed=True)


class _Queue:
    """The waiting events of one batch key."""

    def __init__(self) -> None:
        self.lanes: dict[Lane, deque[tuple[Pending, Payload]]] = {lane: deque() for lane in Lane}
        self.retries: deque[tuple[Pending, Payload]] = deque()
        self.count = 0
        self.size_bytes = 0

    def line_of(self, pending: Pending) -> deque[tuple[Pending, Payload]]:
        return self.retries if pending.retry else self.lanes[pending.lane]

    def oldest_ms(self) -> int:
        lines = (*self.lanes.values(), self.retries)
        return min(line[0][0].entry.conversion.received_ms for line in lines if line)


class Batcher:
    """The events of one destination that were read and wait for a request.

    Bounded by its reader, which stops at a read-ahead of two full requests a lane.
    """

    def __init__(self, *, max_events: int, max_bytes: int, linger_s: float) -> None:
        self.max_events = max_events
        self._max_bytes = max_bytes
        self._linger_ms = linger_s * 1000
        self._queues: dict[str, _Queue] = {}
        self._waiting = dict.fromkeys(Lane, 0)
        self._retries = 0

    def add(self, pending: Pending, payload: Payload) -> None:
        """Queue an event behind those of its lane."""
        queue = self._queues.get(payload.batch_key)
        if queue is None:
            queue = self._queues[payload.batch_key] = _Queue()
        queue.line_of(pending).append((pending, payload))
        queue.count += 1
        queue.size_bytes += len(payload.body)
        self._count(pending, 1)

    def waiting(self, lane: Lane) -> int:
        """Return how many first tries of a lane wait here."""
        return self._waiting[lane]

    @property
    def retries(self) -> int:
        """How many events wait here for another try."""
        return self._retries

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until a batch is ready, 0 for now, or None if nothing waits."""
        ready_ms = min(map(self._ready_ms, self._queues.values()), default=None)
        return None if ready_ms is None else max(0.0, ready_ms - now_ms) / 1000

    def batch(self, now_ms: float, *, max_events: int | None = None) -> Batch | None:
        """Take the next batch that is ready; with `max_events`, a small one of what waits at all.

        Batch keys take turns.
        """
        for key, queue in self._queues.items():
            if max_events is not None or self._ready_ms(queue) <= now_ms:
                batch = self._take(queue, min(max_events or self.max_events, self.max_events))
                del self._queues[key]
                if queue.count:
                    self._queues[key] = queue
                return batch
        return None

    def _ready_ms(self, queue: _Queue) -> float:
        if queue.count >= self.max_events or queue.size_bytes >= self._max_bytes:
            return 0
        return queue.oldest_ms() + self._linger_ms

    def _take(self, queue: _Queue, room: int) -> Batch:
        batch = Batch([], [])
        money, other = queue.lanes[Lane.MONEY], queue.lanes[Lane.OTHER]
        fresh = money or other
        self._move(queue, queue.retries, max(1, room // RETRY_SHARE) if fresh else room, batch)
        self._move(queue, other, room // OTHER_SHARE, batch)
        self._move(queue, money, room - len(batch.pendings), batch)
        self._move(queue, other, room - len(batch.pendings), batch)
        return batch

    def _move(
        self, queue: _Queue, line: deque[tuple[Pending, Payload]], count: int, batch: Batch
    ) -> None:
        """Move up to `count` events from a line to the batch, while its bytes stay in bounds.

        An event that alone is larger than the limit goes out alone.
        """
        for _ in range(min(count, len(line))):
            pending, payload = line[0]
            size = len(payload.body)
            if batch.pendings and batch.size_bytes + size > self._max_bytes:
                return
            line.popleft()
            batch.pendings.append(pending)
            batch.payloads.append(payload)
            batch.size_bytes += size
            queue.count -= 1
            queue.size_bytes -= size
            self._count(pending, -1)

    def _count(self, pending: Pending, change: int) -> None:
        if pending.retry:
            self._retries += change
        else:
            self._waiting[pending.lane] += change
