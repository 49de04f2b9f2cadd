"""The log on disk: written in groups, and read in stretches of events.

A group holds the events of one lane in one commit, and is split if it would get too large. Offsets
count the events of a lane without gaps. Retention deletes whole groups from the old end.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from relay.event_name import Lane
from relay.journal.codec import encode_group, entries_of
from relay.journal.cursor import Cursor
from relay.journal.entry import Chunk, Entry, Pending

GROUP_EVENTS: Final = 1_000
GROUP_BYTES: Final = 1024 * 1024
"""A larger group is halved, down to a single event of any size."""
READ_BYTES: Final = 4 * 1024 * 1024
"""The most encoded bytes that one read takes from disk, but at least one event of any size."""

SCAN_EVENTS: Final = 2_000
"""How many events are read at a time when a whole stretch of the log is read."""

NEVER: Final = 2**62
"""An offset that no event will have."""


class Group(NamedTuple):
    """A row of the log."""

    log_id: int
    lane: Lane
    first: int
    entries: Sequence[Entry]


class View(NamedTuple):
    """A destination's view of a lane: its name, and what it has settled."""

    destination: str
    lane: Lane
    cursor: Cursor


def write(
    connection: sqlite3.Connection, lane: Lane, first: int, entries: Sequence[Entry]
) -> Iterator[Group]:
    """Write entries in order as groups, and yield these; `first` is the offset of the first."""
    for at in range(0, len(entries), GROUP_EVENTS):
        yield from _write(connection, lane, first + at, entries[at : at + GROUP_EVENTS])


def ends(connection: sqlite3.Connection) -> dict[Lane, int]:
    """Return the offset that the next event of each lane gets."""
    stored = dict(connection.execute("SELECT lane, next FROM log_end").fetchall())
    return {lane: stored.get(lane, 0) for lane in Lane}


def oldest_offset(connection: sqlite3.Connection, lane: int) -> int:
    """Return the offset of the oldest event of a lane, `NEVER` if the log holds none of it."""
    row = connection.execute("SELECT min(first) FROM log WHERE lane = ?", (lane,)).fetchone()
    return NEVER if row[0] is None else int(row[0])


def save_end(connection: sqlite3.Connection, lane: Lane, end: int) -> None:
    """Store the offset that the next event of a lane gets."""
    connection.execute("INSERT OR REPLACE INTO log_end (lane, next) VALUES (?, ?)", (lane, end))


def read(connection: sqlite3.Connection, view: View, start: int, limit: int, *, end: int) -> Chunk:
    """Return up to `limit` events that wait for a destination, from `start` on.

    Looks at no more than `limit` events, in whole groups as long as they fit. If retention has
    deleted everything from `start` on, reading continues at `end`.
    """
    stretches = _stretches(connection, view.lane, start, limit)
    entries = chain.from_iterable(enumerate(entries, first) for first, entries in stretches)
    chunk = waiting(view, entries, start=start, limit=limit)
    return chunk if chunk.next != start else Chunk((), max(start, end))


def waiting(view: View, entries: Iterable[tuple[int, Entry]], *, start: int, limit: int) -> Chunk:
    """Return which of the (offset, entry) pairs, given in order, wait for a destination.

    `start` is the first offset not accounted for yet. `next` follows the last event found, or the
    last of all pairs if none was found.
    """
    destination, lane, cursor = view
    settled_to = cursor.end()
    found: list[Pending] = []
    offset = start - 1
    for offset, entry in entries:
        if offset < settled_to and cursor.settled(offset):
            start = offset + 1
        elif destination not in entry.passed:
            found.append(Pending(lane, offset, start, entry))
            if len(found) == limit:
                break
            start = offset + 1
    return Chunk(found, found[-1].offset + 1 if found else max(start, offset + 1))


def each_waiting(connection: sqlite3.Connection, view: View, *, end: int) -> Iterator[Pending]:
    """Yield the events before `end` that wait for a destination, read in bounded parts."""
    at = view.cursor.position
    while at < end:
        chunk = read(connection, view, at, SCAN_EVENTS, end=end)
        yield from chunk.pending
        at = chunk.next


class StoredGroup(NamedTuple):
    """A row of the log, undecoded."""

    lane: Lane
    first: int
    events: int
    received_ms: int
    data: bytes


def latest(connection: sqlite3.Connection, limit: int) -> Iterator[StoredGroup]:
    """Yield the latest groups, newest first, until they hold `limit` events."""
    left = limit
    groups = "SELECT lane, first, count, received_ms, entries FROM log ORDER BY id DESC"
    for lane, *row in connection.execute(groups):
        if left <= 0:
            return
        group = StoredGroup(Lane(lane), *row)
        yield group
        left -= group.events


def _write(
    connection: sqlite3.Connection, lane: Lane, first: int, entries: Sequence[Entry]
) -> Iterator[Group]:
    data = encode_group(entries)
    if len(data) > GROUP_BYTES and len(entries) > 1:
        half = len(entries) // 2
        yield from _write(connection, lane, first, entries[:half])
        yield from _write(connection, lane, first + half, entries[half:])
        return
    received_ms = entries[0].received_ms
    row = connection.execute(
        "INSERT INTO log (lane, first, count, received_ms, entries) VALUES (?, ?, ?, ?, ?)",
        (lane, first, len(entries), received_ms, data),
    )
    yield Group(row.lastrowid or 0, lane, first, entries)


def _stretches(
    connection: sqlite3.Connection, lane: Lane, start: int, limit: int
) -> Iterator[tuple[int, list[Entry]]]:
    """Yield the offset and the entries of each group, or of its part from `start` on."""
    events = size = 0
    rows = connection.execute(_FROM, {"lane": lane, "start": start})
    for first, count, received_ms, data in rows:
        skipped = max(0, start - first)
        if skipped >= count:
            continue  # it ends before `start`, as when retention has taken the next group
        wanted = min(count - skipped, limit)
        # A group is cut only if it is larger than a whole read; else it would be read twice.
        if events and (events + wanted > limit or size + len(data) > READ_BYTES):
            return
        part = slice(skipped, skipped + wanted)
        yield first + skipped, entries_of(data, count, received_ms, part)
        events += wanted
        size += len(data)


_FROM: Final = """
    SELECT first, count, received_ms, entries FROM log WHERE lane = :lane AND first >= coalesce(
        (SELECT max(first) FROM log WHERE lane = :lane AND first <= :start), :start
    ) ORDER BY first
"""
