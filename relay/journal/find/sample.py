"""Reads the latest events of the log, newest group first, for `relay doctor`."""

import sqlite3
from collections.abc import Iterator

from relay.conversion import Conversion
from relay.journal import log
from relay.journal.codec import decode_group


def recent_events(
    connection: sqlite3.Connection, since_ms: int, limit: int
) -> Iterator[Conversion]:
    """Yield at most `limit` events received since `since_ms` (Unix milliseconds)."""
    left = limit
    for group in log.latest(connection, limit):
        if group.received_ms < since_ms:
            return
        for entry in decode_group(group.data)[:left]:
            yield entry.conversion
            left -= 1


def rejected(connection: sqlite3.Connection, since_ms: int) -> list[tuple[str, str, str]]:
    """Return the key, path and code of those of the last 1,000 rejections since `since_ms`."""
    return connection.execute(
        "SELECT coalesce(key, ''), path, code FROM rejection WHERE at_ms >= ?", (since_ms,)
    ).fetchall()
