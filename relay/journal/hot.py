"""The latest events of both lanes in memory, with the payloads made at intake.

Senders that keep up are served from memory; one that is behind reads from disk. An event that all
of them are done with is dropped at once, so that its memory is reused while still in the
processor's cache. Their number and size are bounded: at a limit, the longer lane drops its oldest
ones with their payloads. All of this runs on the event loop, and only with committed events.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from relay.event_name import Lane
from relay.journal.entry import Entry

MAX_BYTES: Final = 32 * 1024 * 1024
"""The most bytes of the events' records; the payloads take about twice as many again."""


class Hot:
    """See the module docstring; `ends` are the lanes' next offsets."""

    def __init__(
        self, max_events: int, ends: Mapping[Lane, int], max_bytes: int = MAX_BYTES
    ) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._entries: dict[Lane, list[Entry]] = {lane: [] for lane in Lane}
        self._ends = dict(ends)

    def add(self, lane: Lane, entries: Sequence[Entry]) -> None:
        """Add the next events of a lane."""
        self._entries[lane] += entries
        self._ends[lane] += len(entries)
        self._held_bytes += _size_bytes(entries)
        excess = sum(map(len, self._entries.values())) - self._max_events
        if excess > 0:
            self._drop(self._longer(), excess)
        while self._held_bytes > self._max_bytes:
            self._drop(self._longer(), 1)

    def release(self, lane: Lane, offset: int) -> None:
        """Drop the events before an offset; nobody will ask for them again."""
        excess = offset - self.start(lane)
        if excess > 0:
            self._drop(lane, excess)

    def start(self, lane: Lane) -> int:
        """Return the first offset that is held."""
        return self._ends[lane] - len(self._entries[lane])

    def end(self, lane: Lane) -> int:
        """Return the offset that the next event gets."""
        return self._ends[lane]

    def since(self, lane: Lane, offset: int, count: int) -> Iterator[tuple[int, Entry]]:
        """Return up to `count` pairs of offset and entry, starting at an offset that is held."""
        at = offset - self.start(lane)
        return enumerate(self._entries[lane][at : at + count], offset)

    def _longer(self) -> Lane:
        return max(Lane, key=lambda lane: len(self._entries[lane]))

    def _drop(self, lane: Lane, count: int) -> None:
        self._held_bytes -= _size_bytes(self._entries[lane][:count])
        del self._entries[lane][:count]


def _size_bytes(entries: Sequence[Entry]) -> int:
    return sum([len(entry.record) for entry in entries])
