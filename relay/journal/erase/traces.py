"""Finds a person in the journal: in groups of the log, and in rows of `dead` and `retry`.

It only reads, in short steps with a snapshot each, since a long-lived snapshot would keep the
write-ahead log from being emptied. SQLite itself searches the stored bytes for the digests, so that
other people's events are neither decoded nor even loaded into Python. One step bounds the memory,
however large the journal is.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal.codec import entries_of, salvage
from relay.journal.cursor import Cursor
from relay.journal.disk.storage import UNREADABLE
from relay.journal.entry import Entry
from relay.journal.find.lookup import Place
from relay.journal.find.timeline import deliveries
from relay.journal.report import Delivery

LOOK_ROWS: Final = 64
"""How many rows one step searches; a group of the log has at most about 1 MiB."""
Table = Literal["log", "dead", "retry"]
Ends = Mapping[Lane, int]
"""The first offset of each lane that is no longer searched."""


class Look(NamedTuple):
    """The rows in which a step found a digest, and where the next step continues, if any."""

    rows: Sequence[int]
    next: int | None


class Trace(NamedTuple):
    """One event of a person, and what has become of it."""

    place: Place
    entry: Entry
    starts: Mapping[str, int]
    """By destination, the first offset that is settled with this event: it includes the passed
    events just before it."""
    deliveries: Sequence[Delivery]


class Found(NamedTuple):
    """What a group or row holds of a person."""

    traces: Sequence[Trace] = ()
    entries: Sequence[Entry] = ()
    """All entries of the group, theirs or not."""
    damaged: Collection[Place] = ()
    """Events that may be theirs, but cannot be read."""


def is_theirs(entry: Entry, subject: Subject) -> bool | None:
    """Return whether an event is the person's; None if it may be, but cannot be read."""
    try:
        return subject.concerns(entry.conversion.identity)
    except UNREADABLE:
        named = any(digest.encode() in entry.record for digest in subject.digests)
        return None if named or not entry.record else False


def look(
    connection: sqlite3.Connection, table: Table, subject: Subject, after: int, ends: Ends
) -> Look:
    """Search the next rows of a table for digests of the person."""
    digests = [digest.encode() for digest in subject.digests]
    kept, offset = _COLUMNS[table]
    (last,) = connection.execute(
        f"SELECT max(at) FROM"
        f" (SELECT rowid AS at FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?)",
        (after, LOOK_ROWS),
    ).fetchone()
    if last is None:
        return Look((), None)
    found = " OR ".join([f"instr({kept}, ?)"] * len(digests))
    rows = connection.execute(
        f"SELECT rowid, lane, {offset} FROM {table} WHERE rowid > ? AND rowid <= ? AND ({found})",
        (after, last, *digests),
    )
    return Look([row for row, lane, first in rows if first < ends[Lane(lane)]], last)


def in_group(connection: sqlite3.Connection, log_id: int, subject: Subject, ends: Ends) -> Found:
    """Return the person's events in a group of the log, none if the group is gone."""
    row = connection.execute(
        "SELECT lane, first, entries, count, received_ms FROM log WHERE id = ?", (log_id,)
    ).fetchone()
    if row is None:
        return Found()
    lane, first, entries = Lane(row[0]), row[1], entries_of(*row[2:])
    theirs = {
        Place(lane, offset): is_theirs(entry, subject)
        for offset, entry in enumerate(entries, first)
        if offset < ends[lane]
    }
    group = _Group(connection, lane, first, entries)
    traces = [group.trace(place) for place, mine in theirs.items() if mine]
    return Found(traces, entries, [place for place, mine in theirs.items() if mine is None])


def at_row(connection: sqlite3.Connection, table: Table, row: int, subject: Subject) -> Found:
    """Return the person's event in a row of `dead` or `retry`, none if the row is gone."""
    found = connection.execute(
        f"SELECT lane, position, entry, received_ms FROM {table}"
        " WHERE rowid = ? AND entry IS NOT NULL",
        (row,),
    ).fetchone()
    if found is None:
        return Found()
    place, entry = Place(Lane(found[0]), found[1]), salvage(*found[2:])
    mine = is_theirs(entry, subject)
    if mine:
        return Found([Trace(place, entry, {}, deliveries(connection, place, entry, ()))])
    return Found(damaged=[place] if mine is None else ())


class _Group:
    """A group of the log, with the events that each destination has passed in and before it."""

    def __init__(
        self, connection: sqlite3.Connection, lane: Lane, first: int, entries: Sequence[Entry]
    ) -> None:
        self._connection = connection
        self._lane = lane
        self._first = first
        self._entries = entries
        rows = connection.execute(
            "SELECT destination, position, ahead FROM cursor WHERE lane = ?", (lane,)
        )
        self._cursors = {name: Cursor.stored(position, ahead) for name, position, ahead in rows}

    def trace(self, place: Place) -> Trace:
        """Return the trace of the event at a place in this group."""
        entry = self._entries[place.offset - self._first]
        starts = {
            name: self._start(name, cursor, place.offset)
            for name, cursor in self._cursors.items()
            if not cursor.settled(place.offset)
        }
        return Trace(place, entry, starts, deliveries(self._connection, place, entry, ()))

    def _start(self, name: str, cursor: Cursor, offset: int) -> int:
        """Return the first of the events just before `offset` that were passed, but not settled.

        Once the event is settled, nobody else would settle them, and the cursor would stay there
        until the next start.
        """
        start = offset
        for before, entry in self._backwards(offset):
            if cursor.settled(before) or name not in entry.passed:
                break
            start = before
        return start

    def _backwards(self, offset: int) -> Iterator[tuple[int, Entry]]:
        """Yield the offsets and entries before this one, latest first, loading group by group."""
        held = self._entries[: offset - self._first]
        yield from _reversed(self._first, held)
        for first, *group in self._connection.execute(_BEFORE, (self._lane, self._first)):
            yield from _reversed(first, entries_of(*group))


def _reversed(first: int, entries: Sequence[Entry]) -> Iterator[tuple[int, Entry]]:
    return zip(range(first + len(entries) - 1, first - 1, -1), reversed(entries), strict=True)


_COLUMNS: Final[Mapping[Table, tuple[str, str]]] = {
    "log": ("entries", "first"),
    "dead": ("entry", "position"),
    "retry": ("entry", "position"),
}
"""The columns in which each table keeps its events and their offset."""
_BEFORE: Final = (
    "SELECT first, entries, count, received_ms FROM log WHERE lane = ? AND first < ?"
    " ORDER BY first DESC"
)
