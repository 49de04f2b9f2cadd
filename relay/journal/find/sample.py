"""The latest events of the log, the newest group first, for `relay doctor`."""

import sqlite3
from collections.abc import Iterator

from relay.conversion import Conversion
from relay.journal.codec import decode_group


def recent_events(
    connection: sqlite3.Connection, since_ms: int, limit: int
) -> Iterator[Conversion]:
    """Yield at most `limit` events that were received since a moment."""
    left = limit
    rows = connection.execute("SELECT received_ms, entries FROM log ORDER BY id DESC")
    for received_ms, data in rows:
        if received_ms < since_ms or left <= 0:
            return
        for entry in decode_group(data)[:left]:
            yield entry.conversion
            left -= 1


def latest_events(connection: sqlite3.Connection, since_ms: int, limit: int) -> list[Conversion]:
    """Return the same at once, for whoever is in another thread."""
    return list(recent_events(connection, since_ms, limit))


def rejected(connection: sqlite3.Connection, since_ms: int) -> list[tuple[str, str, str]]:
    """Return the key, path and code of each of the last 1,000 rejections, those since a moment."""
    return connection.execute(
        "SELECT coalesce(key, ''), path, code FROM rejection WHERE at_ms >= ?", (since_ms,)
    ).fetchall()
