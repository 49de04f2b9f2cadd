"""Collects a transaction's changes (new events, cursors, counts); writes them before its commit.

All operations of a transaction add to it, so that many small requests cost one row in the log and
one update of each count. It belongs to the writer's thread; after a rollback it is back at the last
commit. What has become durable is passed to the loop as a `Commit`.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from relay.errors import JournalUnavailable
from relay.event_name import Lane, lane_of
from relay.journal import key_use, log
from relay.journal.cursor import Cursor
from relay.journal.entry import Entry, Rejection
from relay.journal.exception_row import ADD_DEAD, dead_row
from relay.journal.figures.reports import MAX_REJECTIONS
from relay.journal.figures.rollup import Deltas
from relay.journal.log import Group
from relay.journal.outbox import Outcomes
from relay.journal.space.room import ASTRAY, Look, Room

Key = tuple[str, Lane]
"""A destination and a lane."""


class Commit(NamedTuple):
    """What a transaction made durable, and the room that is left."""

    groups: Sequence[Group]
    cursors: Mapping[Key, Cursor]
    look: Look


class Ledger:
    """See the module docstring. `destinations` are those configured; `clock` is in Unix seconds.

    With `outcomes`, the outcome of each event is stored until it is published.
    """

    def __init__(
        self,
        destinations: Sequence[str],
        room: Room,
        clock: Callable[[], float],
        *,
        outcomes: bool,
    ) -> None:
        self.destinations = tuple(destinations)
        self.room = room
        self.is_tight = self.is_full = False
        """Whether room was short, or used up, at the last look. Expired events are then kept
        without payload, or only counted: if many expire at once, their rows would fill it."""
        self.astray: str | None = None
        """Why what is written may never be found again, or None, as of the last look. This is known
        at once, even if nothing was committed."""
        self.announce: Callable[[Commit], None] = _ignore
        """Called on the loop with each commit."""
        self._clock = clock
        self._outcomes_wanted = outcomes
        self._ends: dict[Lane, int] = {}
        self._cursors: dict[Key, Cursor] = {}
        self._begin()

    def recover(self, ends: Mapping[Lane, int], cursors: Mapping[Key, Cursor]) -> None:
        """Set how far the lanes and the destinations are; called once, before anything else."""
        self._ends = dict(ends)
        self._cursors = dict(cursors)

    def append(
        self, entries: Sequence[Entry], rejections: Sequence[Rejection], key: str | None
    ) -> None:
        """Add new events to the log, and a use of the key that brought them."""
        for entry in entries:
            self._entries[lane_of(entry.event)].append(entry)
        self._rejections += rejections
        if key is not None and entries:
            self._uses[key] += 1

    def cursor(self, destination: str, lane: Lane) -> Cursor:
        """Return a cursor as it stands in this transaction."""
        key = (destination, lane)
        return self._moved.get(key) or self._cursors.get(key) or Cursor(self._ends[lane])

    def settle(self, destination: str, lane: Lane, first: int, last: int) -> None:
        """Move a cursor over the offsets from `first` to `last`, both included."""
        moved = self.cursor(destination, lane).settle(first, last)
        self._moved[destination, lane] = moved

    def now_ms(self) -> int:
        """Return Unix milliseconds."""
        return int(self._clock() * 1000)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write everything, in the open transaction.

        Raises `JournalUnavailable` if new events would be written where they may never be found.
        """
        for lane, entries in zip(Lane, self._entries, strict=True):
            if entries:
                self._write(connection, lane, entries)
        self.deltas.rejected(self._rejections)
        latest = self._rejections[-MAX_REJECTIONS:]
        connection.executemany(_ADD_REJECTION, map(msgspec.structs.astuple, latest))
        key_use.add(connection, self._uses, self.now_ms())
        connection.executemany(_MOVE_CURSOR, map(_cursor_row, self._moved.items()))
        self.deltas.flush(connection, self.now_ms())
        self.outcomes.flush(connection)
        self._look = self.room.look(connection)
        self.astray = self._look.refusal if self._look.refusal in ASTRAY else None
        if self.astray and any(self._entries):
            raise JournalUnavailable(self.astray)
        self.is_tight, self.is_full = self._look.tight, self._look.refusal is not None

    def committed(self) -> Callable[[], None]:
        """Take over what is durable now; return a function that announces it on the loop."""
        for group in self._groups:
            self._ends[group.lane] += len(group.entries)
        self._cursors |= self._moved
        news = partial(self.announce, Commit(self._groups, self._moved, self._look))
        self._begin()
        return news

    def discard(self) -> None:
        """Forget what was collected."""
        self._begin()

    def _begin(self) -> None:
        self.deltas = Deltas()
        self.outcomes = Outcomes(wanted=self._outcomes_wanted)
        self._entries: tuple[list[Entry], ...] = tuple([] for _ in Lane)
        self._rejections: list[Rejection] = []
        self._moved: dict[Key, Cursor] = {}
        self._uses: Counter[str] = Counter()
        self._groups: list[Group] = []
        self._look = Look()

    def _write(self, connection: sqlite3.Connection, lane: Lane, entries: Sequence[Entry]) -> None:
        first = self._ends[lane]
        self._groups += log.write(connection, lane, first, entries)
        log.save_end(connection, lane, first + len(entries))
        connection.executemany(ADD_DEAD, _dead_on_arrival(lane, first, entries))
        self.deltas.appended(entries, self.destinations)
        self.outcomes.arrived(entries, self.now_ms())


def _ignore(commit: Commit) -> None:
    del commit


def _dead_on_arrival(
    lane: Lane, first: int, entries: Sequence[Entry]
) -> Iterator[tuple[object, ...]]:
    for offset, entry in enumerate(entries, first):
        for destination, passed in entry.passed.items():
            if passed.state == "dead":
                place = (destination, lane, offset)
                at_ms = entry.received_ms
                yield dead_row(place, entry, str(passed.reason), passed.message, at_ms=at_ms)


def _cursor_row(moved: tuple[Key, Cursor]) -> tuple[object, ...]:
    (destination, lane), cursor = moved
    return cursor.position, cursor.ahead_bytes(), destination, lane


_ADD_REJECTION: Final = """
    INSERT INTO rejection (at_ms, source, key, event_id, code, path, message)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_MOVE_CURSOR: Final = "UPDATE cursor SET position = ?, ahead = ? WHERE destination = ? AND lane = ?"
