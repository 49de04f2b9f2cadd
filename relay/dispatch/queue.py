"""The waiting events of one batch key, in lines, and how many of each fit into a request.

It handles sizes and order; the caller decides how a request's places are shared among the lines.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, compress
from operator import not_

from relay.delivery import Payload
from relay.dispatch.batch import Batch
from relay.event_name import Lane
from relay.journal.entry import Pending

MONEY, OTHER, RETRIES = int(Lane.MONEY), int(Lane.OTHER), len(Lane)
"""The lines of a queue: one for each lane, and one for the retries of both."""

Shares = tuple[int, int, int]
"""How many events of each line."""
Share = Callable[[Shares, int], Shares]
"""Shares the places of a request among lines of these lengths; each place takes one event."""

RECORD_SHARE = 4
"""An event counts at least for this share of its stored form. Texts that a platform does not take
are in memory all the same, so they stay within this many times the limit of a request."""


class Line:
    """Waiting events, first in first out, with their payloads and sizes at the same positions."""

    def __init__(self) -> None:
        self.pendings: list[Pending] = []
        self.payloads: list[Payload] = []
        self._sizes_bytes: list[int] = []

    def __len__(self) -> int:
        return len(self.pendings)

    def extend(self, pendings: Sequence[Pending], payloads: Sequence[Payload]) -> int:
        """Append events; return their size in bytes."""
        added = [
            max(len(payload.body), len(pending.entry.record) // RECORD_SHARE)
            for pending, payload in zip(pendings, payloads, strict=True)
        ]
        self.pendings += pendings
        self.payloads += payloads
        self._sizes_bytes += added
        return sum(added)

    def move(self, count: int, batch: Batch) -> int:
        """Move the first `count` events into a batch; return their size in bytes."""
        batch.pendings += self.pendings[:count]
        batch.payloads += self.payloads[:count]
        size_bytes = sum(self._sizes_bytes[:count])
        del self.pendings[:count], self.payloads[:count], self._sizes_bytes[:count]
        return size_bytes

    def sizes_bytes(self, count: int) -> list[int]:
        """Return the total bytes of the first 0, 1, 2 and so on up to `count` events."""
        return list(accumulate(self._sizes_bytes[:count], initial=0))

    def happened_at(self) -> float:
        """Return the earliest event time in Unix seconds; infinite if the line is empty."""
        return min([each.entry.event_time for each in self.pendings], default=math.inf)

    def discard(self, unwanted: Callable[[Pending], bool]) -> tuple[list[Pending], int]:
        """Remove the events that must not be sent any more; return them and their size in bytes."""
        found = list(map(unwanted, self.pendings))
        gone = list(compress(self.pendings, found))
        if not gone:
            return [], 0
        gone_bytes = sum(compress(self._sizes_bytes, found))
        kept = list(map(not_, found))
        self.pendings = list(compress(self.pendings, kept))
        self.payloads = list(compress(self.payloads, kept))
        self._sizes_bytes = list(compress(self._sizes_bytes, kept))
        return gone, gone_bytes


class Queue:
    """See the module docstring. Code that changes a line must update `count` and `size_bytes`."""

    def __init__(self) -> None:
        self.lines = (Line(), Line(), Line())
        self.count = 0
        self.size_bytes = 0

    def oldest(self) -> int:
        """Return the line whose first event has waited longest. The queue must not be empty."""
        return min((at for at, line in enumerate(self.lines) if line), key=self.received_ms)

    def received_ms(self, at: int) -> int:
        """Return when the first event of a line was received, in Unix milliseconds."""
        return self.lines[at].pendings[0].entry.received_ms

    @property
    def oldest_ms(self) -> int:
        """When the longest-waiting event was received, in Unix milliseconds."""
        return self.received_ms(self.oldest())

    def fitting(self, share: Share, places: int, max_bytes: int) -> Shares:
        """Return how many events of each line fit; an event larger than a request is sent alone."""
        money, other, retries = self.lines
        lengths = len(money), len(other), len(retries)
        shares = share(lengths, places)
        if self.size_bytes <= max_bytes:
            return shares
        sizes = [line.sizes_bytes(count) for line, count in zip(self.lines, shares, strict=True)]

        def size_of(places: int) -> int:
            counts = share(lengths, places)
            return sum(each[count] for each, count in zip(sizes, counts, strict=True))

        fitting = bisect_right(range(sum(shares) + 1), max_bytes, key=size_of) - 1
        return share(lengths, max(1, fitting))


def only(at: int) -> Share:
    """Return a `Share` that gives all places to one line."""

    def share(lengths: Shares, places: int) -> Shares:
        money, other, retries = (
            min(length, places) if line == at else 0 for line, length in enumerate(lengths)
        )
        return money, other, retries

    return share
