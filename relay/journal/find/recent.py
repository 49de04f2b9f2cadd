"""Reads the ids of the latest events, from which the duplicate window is rebuilt.

Identity and order are not decoded, so that some 100,000 events fit in memory for a moment.
"""

import sqlite3
from collections.abc import Sequence
from itertools import compress
from typing import Final, NamedTuple

import msgspec

from relay.event import ActionSource
from relay.event_name import Lane
from relay.journal import log
from relay.journal.codec import entries_of
from relay.journal.cursor import Cursor
from relay.journal.disk.storage import UNREADABLE
from relay.journal.entry import Entry, Passed
from relay.journal.settlement import SPAN_OFFSETS


class _Head(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The first fields of a `Conversion`."""

    event: str
    event_id: str
    event_time: int
    received_ms: int
    action_source: ActionSource


class _Stored(msgspec.Struct, frozen=True, gc=False, array_like=True):
    conversion: _Head
    passed: dict[str, Passed]


class _Group(NamedTuple):
    lane: Lane
    first: int
    entries: Sequence[Entry]


_GROUP: Final = msgspec.msgpack.Decoder(list[_Stored])
_NOT_THERE: Final = Passed("skipped", "not_selected")
_CURSORS: Final = "SELECT destination, lane, position, ahead FROM cursor"
_HAD: Final = f"""
    SELECT first, last FROM receipt_span
    WHERE destination = :destination AND lane = :lane AND first > :low - {SPAN_OFFSETS}
    UNION ALL SELECT position, position FROM dead
    WHERE destination = :destination AND lane = :lane AND position >= :low
    UNION ALL SELECT position, position FROM retry
    WHERE destination = :destination AND lane = :lane AND position >= :low
"""
"""Selects the offsets that were sent to a destination, or have a row of their own there."""


def recent(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """Return the latest `limit` events of the log, oldest first, without identity and order.

    A destination that was not configured when an event came counts as not selected for it, so the
    event can be posted again for that destination.
    """
    found: list[Entry] = []
    groups: list[_Group] = []
    for group in log.latest(connection, limit):
        entries = _entries(group)
        groups.append(_Group(group.lane, group.first, entries))
        found += reversed(entries)
    for destination, lane, position, ahead in connection.execute(_CURSORS).fetchall():
        view = log.View(destination, lane, Cursor.stored(position, ahead))
        if of_lane := [group for group in groups if group.lane == lane]:
            _mark_missed(connection, view, of_lane)
    del found[limit:]
    found.reverse()
    return found


def _mark_missed(connection: sqlite3.Connection, view: log.View, groups: Sequence[_Group]) -> None:
    """Mark the events of a lane, newest group first, that were never meant for a destination.

    They are settled, although nothing was ever done with them.
    """
    low, end = groups[-1].first, groups[0].first + len(groups[0].entries)
    destination, lane, cursor = view
    missed = _Offsets(low, end)
    for first, last in [(low, cursor.position - 1), *cursor.ahead]:
        missed.set(first, last, missed=True)
    had = connection.execute(_HAD, {"destination": destination, "lane": lane, "low": low})
    for first, last in had:
        missed.set(first, last, missed=False)
    for group in groups:
        for entry in compress(group.entries, missed.of(group)):
            entry.passed = {destination: _NOT_THERE, **entry.passed}


class _Offsets:
    """Which offsets of a range were missed; at first, none."""

    def __init__(self, low: int, end: int) -> None:
        self._low = low
        self._flags = bytearray(end - low)

    def set(self, first: int, last: int, *, missed: bool) -> None:
        """Set the offsets from `first` to `last`, both included, as far as they are in range."""
        first, last = max(first - self._low, 0), min(last - self._low, len(self._flags) - 1)
        if first <= last:
            self._flags[first : last + 1] = bytes([missed]) * (last - first + 1)

    def of(self, group: _Group) -> bytearray:
        """Return the flags of a group."""
        at = group.first - self._low
        return self._flags[at : at + len(group.entries)]


def _entries(group: log.StoredGroup) -> list[Entry]:
    try:
        return [_entry(stored) for stored in _GROUP.decode(group.data)]
    except UNREADABLE:
        return entries_of(group.data, group.events, group.received_ms)


def _entry(stored: _Stored) -> Entry:
    head = stored.conversion
    return Entry(
        head.event,
        head.event_id,
        head.event_time,
        head.received_ms,
        head.action_source,
        source="",
        order_id=None,
        value=None,
        currency=None,
        record=b"",
        passed=stored.passed,
    )
