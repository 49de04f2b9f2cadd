"""The waits that platforms asked for, kept over restarts."""

import sqlite3

from relay.journal.settlement import Wait


def load(connection: sqlite3.Connection) -> dict[str, Wait]:
    """Return the waits by destination."""
    rows = connection.execute("SELECT destination, state, since_ms, until_ms FROM wait")
    return {destination: Wait(*columns) for destination, *columns in rows}


def save(connection: sqlite3.Connection, destination: str, wait: Wait | None) -> None:
    """Keep a wait, or forget it, in the open transaction."""
    if wait is None:
        connection.execute("DELETE FROM wait WHERE destination = ?", (destination,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO wait (destination, state, since_ms, until_ms) VALUES (?, ?, ?, ?)",
        (destination, wait.state, wait.since_ms, wait.until_ms),
    )
