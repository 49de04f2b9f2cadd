"""Which events go into the next request.

Two lanes per batch key, first in first out inside each: what earns money takes nine places in ten
and stands first, the rest the tenth, and free places go to whoever waits. Events due for another
try take at most a fifth. A batch is ready when it is full, or when its oldest event has waited for
the linger.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat

from relay.delivery import Payload
from relay.dispatch.batch import Batch
from relay.event_name import Lane
from relay.journal.entry import Pending

OTHER_SHARE = 10
"""One place in this many is the other lane's, even when money waits."""
RETRY_SHARE = 5
"""At most one place in this many is for events that are tried again."""
READ_AHEAD = 2
"""Full requests of each lane that may wait here."""

MONEY, OTHER, RETRIES = int(Lane.MONEY), int(Lane.OTHER), len(Lane)
"""The lines of a queue: one for each lane, and one for events of both that are tried again."""

Waiting = tuple[Pending, Payload]
Line = deque[Waiting]


class _Queue:
    """The waiting events of one batch key."""

    def __init__(self) -> None:
        self.lines: tuple[Line, ...] = (deque(), deque(), deque())
        self.count = 0
        self.size_bytes = 0

    def oldest(self) -> int:
        """Return the line whose first event waits longest; one is there at least."""
        return min((at for at, line in enumerate(self.lines) if line), key=self.received_ms)

    def trial_line(self, *, money_first: bool) -> int:
        """Return the line to try the platform with; one event is there at least."""
        return MONEY if money_first and self.lines[MONEY] else self.oldest()

    def received_ms(self, at: int) -> int:
        """Return when the first event of a line was received."""
        return self.lines[at][0][0].entry.received_ms

    @property
    def oldest_ms(self) -> int:
        """When the event that waits longest was received."""
        return self.received_ms(self.oldest())


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
        self._counts = [0, 0, 0]
        self._sizes_bytes = [0, 0, 0]
        self._place = 0

    def add(self, pending: Pending, payload: Payload) -> None:
        """Queue an event behind those of its lane."""
        self.extend([(pending, payload)])

    def extend(self, waiting: Iterable[Waiting]) -> None:
        """Queue events, each behind those of its lane."""
        lines: defaultdict[tuple[str, int], list[Waiting]] = defaultdict(list)
        for each in waiting:
            pending, payload = each
            lines[payload.batch_key, RETRIES if pending.retry else pending.lane].append(each)
        for (key, at), line in lines.items():
            queue = self._queues.get(key)
            if queue is None:
                queue = self._queues[key] = _Queue()
            queue.lines[at].extend(line)
            self._count(queue, at, len(line), _size_bytes(line))

    def room(self, lane: Lane) -> int:
        """Return how many first tries of a lane to read, 0 while a full request of them waits."""
        if self._sizes_bytes[lane] >= self._max_bytes or self._counts[lane] >= self._max_events:
            return 0
        return READ_AHEAD * self._max_events - self._counts[lane]

    def retry_room(self) -> int:
        """Return how many events due again to read."""
        return max(0, self._max_events - self._counts[RETRIES])

    def wait_s(self, now_ms: float) -> float | None:
        """Return the seconds until a batch is ready, 0 for now, or None if nothing waits."""
        queues = self._queues.values()
        ready_ms = min((self._ready_ms(queue, now_ms) for queue in queues), default=None)
        return None if ready_ms is None else max(0.0, ready_ms - now_ms) / 1000

    def batch(self, now_ms: float) -> Batch | None:
        """Take the next batch that is ready. Batch keys take turns."""
        for key, queue in self._queues.items():
            if self._ready_ms(queue, now_ms) <= now_ms:
                return self._take(key, self._turns(queue.lines), self._max_events)
        return None

    @property
    def has_money(self) -> bool:
        """Whether anything waits for its first try that earns money."""
        return self._counts[MONEY] > 0

    def oldest_ms(self, *, money_first: bool = False) -> int | None:
        """Return when the event that waits longest was received, or None if nothing waits.

        With `money_first`, the one that earns money, if any does.
        """
        return min((ms for _, _, ms in self._trials(money_first=money_first)), default=None)

    def trial(self, max_events: int, *, money_first: bool = False) -> Batch | None:
        """Take up to `max_events` from the line that waits longest, ready or not.

        With `money_first`, from one that earns money, if any does.
        """
        trials = self._trials(money_first=money_first)
        if not trials:
            return None
        key, at, _ = min(trials, key=_received_ms)
        turns = _whole(self._queues[key].lines, at)
        return self._take(key, turns, min(max_events, self._max_events))

    def discard(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Take out the events that are not to be sent any more, and return them."""
        gone: list[Pending] = []
        for key, queue in list(self._queues.items()):
            for at, line in enumerate(queue.lines):
                found = [each for each in line if unwanted(each[0])]
                if found:
                    kept = [each for each in line if not unwanted(each[0])]
                    line.clear()
                    line.extend(kept)
                    self._count(queue, at, -len(found), -_size_bytes(found))
                    gone += [pending for pending, _ in found]
            if not queue.count:
                del self._queues[key]
        return gone

    def _trials(self, *, money_first: bool) -> list[tuple[str, int, int]]:
        """Return key, line, and the moment of receipt of each queue's candidate for a trial."""
        money_first = money_first and self.has_money
        return [
            (key, at := queue.trial_line(money_first=money_first), queue.received_ms(at))
            for key, queue in self._queues.items()
            if queue.lines[MONEY] or not money_first
        ]

    def _ready_ms(self, queue: _Queue, now_ms: float) -> float:
        if queue.count >= self._max_events or queue.size_bytes >= self._max_bytes:
            return 0
        oldest_ms = queue.oldest_ms
        if oldest_ms > now_ms:  # received before the clock was set back: it has waited
            return 0
        return oldest_ms + self._linger_ms

    def _turns(self, lines: Sequence[Line]) -> Iterator[int]:
        """Yield the line that each place belongs to; places are counted over all requests."""
        waiting = [at for at, line in enumerate(lines) if line]
        if len(waiting) == 1:
            yield from _whole(lines, waiting[0])
            return
        money, other, retries = lines
        tries_left = max(1, self._max_events // RETRY_SHARE)
        while money or other or (retries and tries_left):
            self._place += 1
            fresh = money or other
            if retries and tries_left and (not fresh or self._place % RETRY_SHARE == 0):
                tries_left -= 1
                yield RETRIES
            elif other and (not money or self._place % OTHER_SHARE == 1):
                yield OTHER
            else:
                yield MONEY

    def _take(self, key: str, turns: Iterable[int], max_events: int) -> Batch:
        """Fill a request, and put the rest of its queue behind those of other keys."""
        queue = self._queues.pop(key)
        picked = _pick(queue.lines, turns, max_events, self._max_bytes)
        batch = Batch([], [])
        for at, line in enumerate(picked):
            self._count(queue, at, -len(line), -_size_bytes(line))
            batch.pendings += [pending for pending, _ in line]
            batch.payloads += [payload for _, payload in line]
        if queue.count:
            self._queues[key] = queue
        return batch

    def _count(self, queue: _Queue, at: int, change: int, change_bytes: int) -> None:
        queue.count += change
        queue.size_bytes += change_bytes
        self._counts[at] += change
        self._sizes_bytes[at] += change_bytes


def _received_ms(trial: tuple[str, int, int]) -> int:
    return trial[2]


def _whole(lines: Sequence[Line], at: int) -> Iterator[int]:
    """Return the turns of one line alone."""
    return repeat(at, len(lines[at]))


def _pick(
    lines: Sequence[Line], turns: Iterable[int], max_events: int, max_bytes: int
) -> tuple[list[Waiting], ...]:
    """Take events in turns while they fit; one that alone is larger than all goes alone."""
    picked: tuple[list[Waiting], ...] = ([], [], [])
    room_bytes = max_bytes
    for at in islice(turns, max_events):
        size_bytes = len(lines[at][0][1].body)
        if size_bytes > room_bytes and any(picked):
            break
        picked[at].append(lines[at].popleft())
        room_bytes -= size_bytes
    return picked


def _size_bytes(line: Iterable[Waiting]) -> int:
    return sum([len(payload.body) for _, payload in line])
