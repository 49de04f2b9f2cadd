"""The latest events by their ids alone: what the duplicate window is rebuilt from.

Identity and order are not decoded, so that some 100,000 of them fit in memory for a moment.
"""

import sqlite3
from typing import Final

import msgspec

from relay.event import ActionSource
from relay.journal import log
from relay.journal.codec import entries_of
from relay.journal.disk.storage import UNREADABLE
from relay.journal.entry import Entry, Passed


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


_GROUP: Final = msgspec.msgpack.Decoder(list[_Stored])
_NOT_THERE: Final = Passed("skipped", "not_selected")


def recent(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """Return the latest `limit` events of the log, oldest first, without identity and order.

    A destination that was not there yet when an event came counts as not selected for it.
    """
    starts = connection.execute("SELECT destination, lane, start FROM cursor").fetchall()
    found: list[Entry] = []
    for group in log.latest(connection, limit):
        entries = _entries(group)
        for destination, lane, start in starts:
            if lane == group.lane:
                for entry in entries[: max(0, start - group.first)]:
                    entry.passed = {destination: _NOT_THERE, **entry.passed}
        found += reversed(entries)
    del found[limit:]
    found.reverse()
    return found


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
