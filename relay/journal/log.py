"""The log on disk: whole groups in, stretches of events out.

A group is what one commit brought for one lane, cut where it would get too large. Offsets count
events, per lane, without gaps; retention takes whole groups from the old end.
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
"""Encoded bytes that one read takes from disk; at least one event, however large."""

SCAN_EVENTS: Final = 2_000
"""Events that are looked at in one go where a whole stretch of the log is read."""


class Group(NamedTuple):
    """A row of the log."""

    log_id: int
    lane: Lane
    first: int
    entries: Sequence[Entry]


class View(NamedTuple):
    """What a destination sees of a lane: its name, and what it has settled."""

    destination: str
    lane: Lane
    cursor: Cursor


def write(
    connection: sqlite3.Connection, lane: Lane, first: int, entries: Sequence[Entry]
) -> Iterator[Group]:
    """Write entries as groups, in order, from an offset on."""
    for at in range(0, len(entries), GROUP_EVENTS):
        yield from _write(connection, lane, first + at, entries[at : at + GROUP_EVENTS])


def ends(connection: sqlite3.Connection) -> dict[Lane, int]:
    """Return the offset that the next event of each lane gets."""
    stored = dict(connection.execute("SELECT lane, next FROM log_end").fetchall())
    return {lane: stored.get(lane, 0) for lane in Lane}


def save_end(connection: sqlite3.Connection, lane: Lane, end: int) -> None:
    """Keep the offset that the next event of a lane gets."""
    connection.execute("INSERT OR REPLACE INTO log_end (lane, next) VALUES (?, ?)", (lane, end))


def read(connection: sqlite3.Connection, view: View, start: int, limit: int, *, end: int) -> Chunk:
    """Return up to `limit` events that wait for a destination, from `start` on.

    Looks at as many events as `limit`, or fewer: whole groups while they fit. Where retention has
    taken all there was, reading goes on at `end`.
    """
    stretches = _stretches(connection, view.lane, start, limit)
    entries = chain.from_iterable(enumerate(entries, first) for first, entries in stretches)
    chunk = waiting(view, entries, start=start, limit=limit)
    return chunk if chunk.next != start else Chunk((), max(start, end))


def waiting(view: View, entries: Iterable[tuple[int, Entry]], *, start: int, limit: int) -> Chunk:
    """Return those of (offset, entry) in order that wait for a destination.

    `start` is the first offset that nobody has accounted for. `next` is behind the last event
    found; only if there is none, it is behind them all.
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
    """Return the latest groups that hold `limit` events, newest first."""
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
    """Return the offset and the entries of each group, or what is left of it from `start` on."""
    events = size = 0
    rows = connection.execute(_FROM, {"lane": lane, "start": start})
    for first, count, received_ms, data in rows:
        skipped = max(0, start - first)
        if skipped >= count:
            continue  # the group before the one that retention took
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
