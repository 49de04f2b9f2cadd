"""The latest events of both lanes in memory, with the payloads made at intake.

Senders that keep up are served from memory; one that is behind reads from disk. An event that all
of them are done with is dropped at once, so that its memory is reused while still in the
processor's cache. The number of events is bounded: at the limit, the longer lane drops its oldest
ones with their payloads. All of this runs on the event loop, and only with committed events.
"""

from collections.abc import Iterator, Mapping, Sequence

from relay.event_name import Lane
from relay.journal.entry import Entry


class Hot:
    """See the module docstring; `ends` are the lanes' next offsets."""

    def __init__(self, max_events: int, ends: Mapping[Lane, int]) -> None:
        self._max_events = max_events
        self._entries: dict[Lane, list[Entry]] = {lane: [] for lane in Lane}
        self._ends = dict(ends)

    def add(self, lane: Lane, entries: Sequence[Entry]) -> None:
        """Add the next events of a lane."""
        self._entries[lane] += entries
        self._ends[lane] += len(entries)
        excess = sum(map(len, self._entries.values())) - self._max_events
        if excess > 0:
            del max(self._entries.values(), key=len)[:excess]

    def release(self, lane: Lane, offset: int) -> None:
        """Drop the events before an offset; nobody will ask for them again."""
        excess = offset - self.start(lane)
        if excess > 0:
            del self._entries[lane][:excess]

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
