"""Verifies the log: every group can be read, and offsets continue without a gap up to its end.

It reads in short steps, each with a snapshot of its own, so that a running relay is not held up.
Meanwhile, retention may delete the oldest groups; events that arrive during the check are left out.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from relay.event_name import Lane
from relay.journal import log
from relay.journal.codec import count_group, entries_of
from relay.journal.disk.storage import UNREADABLE
from relay.journal.entry import Entry
from relay.journal.verify.finding import LEAVE, Finding, Problems, Watch, counted

STEP_GROUPS: Final = 4
"""How many groups, of at most about 1 MiB each, are in memory at once."""


class _Extent(NamedTuple):
    """The extent of a lane; `next` is its end, as the journal has stored it."""

    lane: int
    next: int
    oldest: int | None
    end: int | None

    @property
    def events(self) -> int:
        return (self.end or 0) - (self.oldest or 0)


class _Group(NamedTuple):
    log_id: int
    first: int
    size: int
    entries: bytes


def check_log(connection: sqlite3.Connection, watch: Watch) -> list[Finding]:
    """Return what is wrong with the log, or how many events it holds."""
    problems, read = Problems("log"), 0
    extents = [_Extent(*row) for row in connection.execute(_EXTENTS)]
    total = sum(extent.events for extent in extents)
    stray = connection.execute(_STRAY).fetchone()[0]
    if stray:
        problems.add(f"{stray:,} groups of the log belong to no lane")
    for extent in extents:
        if extent.end not in {None, extent.next}:
            problems.add(f"{_name(extent)}: the log ends at {extent.end}, not at {extent.next}")
        for count in _read(connection, extent, problems):
            read += count
            watch("Reading the log", read, total)
    return problems.or_fine(f"{counted(read, 'event')} in the log")


def _read(connection: sqlite3.Connection, extent: _Extent, problems: Problems) -> Iterator[int]:
    """Yield how many events each group holds, and note what is wrong with it."""
    expected = extent.oldest
    for group in _groups(connection, extent):
        if group.first != expected and not _is_oldest(connection, extent, group):
            problems.add(f"{_name(extent)}: offset {group.first} follows where {expected} should")
        _judge(f"{_name(extent)}: group {group.log_id} of the log", group, problems)
        expected = group.first + group.size
        yield group.size


def _groups(connection: sqlite3.Connection, extent: _Extent) -> Iterator[_Group]:
    last = -1
    while True:
        asked = (extent.lane, last, extent.end, STEP_GROUPS)
        rows = [_Group(*row) for row in connection.execute(_STEP, asked)]
        yield from rows
        if len(rows) < STEP_GROUPS:
            return
        last = rows[-1].first


def _is_oldest(connection: sqlite3.Connection, extent: _Extent, group: _Group) -> bool:
    """Whether a group is now the oldest one: then retention deleted those before it."""
    return log.oldest_offset(connection, extent.lane) >= group.first


def _judge(name: str, group: _Group, problems: Problems) -> None:
    try:
        count = count_group(group.entries)
    except UNREADABLE:
        lost = sum(map(_is_unreadable, entries_of(group.entries, group.size, 0)))
        problems.add(f"{name}: {lost:,} of {counted(group.size, 'event')} cannot be read", LEAVE)
        return
    if count != group.size:
        problems.add(f"{name} holds {count:,} events, not {group.size:,}")


def _is_unreadable(entry: Entry) -> bool:
    try:
        return not entry.conversion
    except UNREADABLE:
        return True


def _name(extent: _Extent) -> str:
    return f"lane {extent.lane}"


_EXTENTS: Final = """
    SELECT lane, next, (SELECT min(first) FROM log WHERE log.lane = log_end.lane),
    (SELECT first + count FROM log WHERE log.lane = log_end.lane ORDER BY first DESC LIMIT 1)
    FROM log_end ORDER BY lane
"""
_STRAY: Final = f"""
    SELECT count(*) FROM log
    WHERE lane NOT IN ({", ".join(str(int(lane)) for lane in Lane)})
    OR lane NOT IN (SELECT lane FROM log_end)
"""
_STEP: Final = """
    SELECT id, first, count, entries FROM log
    WHERE lane = ? AND first > ? AND first < ? ORDER BY first LIMIT ?
"""
