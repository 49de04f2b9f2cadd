"""Reads the latest events of the log, newest group first, for `relay doctor`."""

import sqlite3
from collections.abc import Iterator

from relay.conversion import Conversion
from relay.journal import log
from relay.journal.codec import entries_of
from relay.journal.disk.storage import UNREADABLE
from relay.journal.entry import Entry


def recent_events(
    connection: sqlite3.Connection, since_ms: int, limit: int
) -> Iterator[Conversion]:
    """Yield at most `limit` events received since `since_ms` (Unix milliseconds).

    Events that cannot be read are left out, though they count for the limit.
    """
    left = limit
    for group in log.latest(connection, limit):
        if group.received_ms < since_ms:
            return
        entries = entries_of(group.data, group.events, group.received_ms)[:left]
        left -= len(entries)
        yield from filter(None, map(_conversion, entries))


def rejected(connection: sqlite3.Connection, since_ms: int) -> list[tuple[str, str, str]]:
    """Return the key, path and code of those of the last 1,000 rejections since `since_ms`."""
    return connection.execute(
        "SELECT coalesce(key, ''), path, code FROM rejection WHERE at_ms >= ?", (since_ms,)
    ).fetchall()


def _conversion(entry: Entry) -> Conversion | None:
    try:
        return entry.conversion
    except UNREADABLE:
        return None
