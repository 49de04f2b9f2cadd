"""The pauses of destinations, kept over restarts."""

import sqlite3

from relay.journal.settlement import Pause


def load(connection: sqlite3.Connection) -> dict[str, Pause]:
    """Return the pauses by destination."""
    rows = connection.execute("SELECT destination, reason, since_ms, message FROM pause")
    return {destination: Pause(*columns) for destination, *columns in rows}


def save(connection: sqlite3.Connection, destination: str, pause: Pause | None) -> None:
    """Keep a pause, or forget it, in the open transaction."""
    if pause is None:
        connection.execute("DELETE FROM pause WHERE destination = ?", (destination,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO pause (destination, reason, since_ms, message) VALUES (?, ?, ?, ?)",
        (destination, pause.reason, pause.since_ms, pause.message),
    )
