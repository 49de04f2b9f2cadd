"""How far each destination is, and what it reads next: the cursors, as the event loop sees them.

Cursors are as the last commit left them. No settlement accounts for a run of passed events until an
event to send follows it. Such a run is remembered here, counts as settled at once, and is written
to the cursors now and then (`passed`). After a crash it is simply read again. There are few such
runs, since between two of them there is an event that was read and is not settled.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from relay.event_name import Lane
from relay.journal import log
from relay.journal.cursor import Cursor, Range
from relay.journal.entry import Chunk, Entry
from relay.journal.hot import Hot
from relay.journal.ledger import Key
from relay.journal.log import View
from relay.journal.reader import Reader

SCAN_EVENTS: Final = 1_000
"""How many events in memory one read looks at, or more if its limit is higher."""


class Progress:
    """See the module docstring."""

    def __init__(self, cursors: Mapping[Key, Cursor], hot: Hot, reader: Reader) -> None:
        self._cursors = dict(cursors)
        self._hot = hot
        self._reader = reader
        self._passed: dict[Key, list[Range]] = {}

    def move(self, cursors: Mapping[Key, Cursor]) -> None:
        """Take over cursors that a commit has moved."""
        self._cursors |= cursors
        for key, cursor in cursors.items():
            if key in self._passed:
                runs = self._passed[key]
                self._passed[key] = [run for run in runs if run[1] >= cursor.position]

    def cursor(self, destination: str, lane: Lane) -> Cursor:
        """Return how far a destination is in a lane."""
        key = (destination, lane)
        cursor = self._cursors.get(key) or Cursor(self._hot.end(lane))
        for run in self._passed.get(key, ()):
            cursor = cursor.settle(*run)
        return cursor

    def slowest(self, destinations: Sequence[str], lane: Lane) -> int:
        """Return the first offset of a lane that some destination has not settled."""
        ends = [self.cursor(destination, lane).position for destination in destinations]
        return min(ends, default=self._hot.end(lane))

    def passed(self) -> Mapping[Key, Sequence[Range]]:
        """Return the runs of passed events that no settlement has accounted for yet."""
        return {key: tuple(runs) for key, runs in self._passed.items() if runs}

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        """Return up to `limit` waiting events from `start` on, and account for passed ones."""
        chunk = await self._look(destination, lane, start, limit)
        runs = self._passed.setdefault((destination, lane), [])
        begin = runs[-1][0] if runs and runs[-1][1] + 1 == start else start
        if not chunk.pending and chunk.next > start:
            if begin < start:
                runs.pop()
            runs.append((begin, chunk.next - 1))
        elif chunk.pending and chunk.pending[0].start == start:
            chunk.pending[0].start = begin
        return chunk

    async def oldest_ms(self, destination: str, lane: Lane) -> int | None:
        """Return when the first event that waits in a lane was received, or None."""
        first = await self.first(destination, lane)
        return None if first is None else first.received_ms

    async def first(self, destination: str, lane: Lane) -> Entry | None:
        """Return the first event that waits in a lane, or None.

        It is right at the cursor, unless many passed events come before it that were not read yet.
        """
        at, limit = self.cursor(destination, lane).position, 1
        while at < self._hot.end(lane):
            chunk = await self._look(destination, lane, at, limit)
            if chunk.pending:
                return chunk.pending[0].entry
            at = max(chunk.next, self.cursor(destination, lane).position)
            limit = min(2 * limit, SCAN_EVENTS)
        return None

    async def _look(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        view = View(destination, lane, self.cursor(destination, lane))
        held = self._hot.start(lane)
        if start < held:
            query = partial(log.read, view=view, start=start, limit=limit, end=held)
            return await self._reader.run(query)
        entries = self._hot.since(lane, start, max(limit, SCAN_EVENTS))
        return log.waiting(view, entries, start=start, limit=limit)
