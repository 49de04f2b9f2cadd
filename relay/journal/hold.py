"""Stores, across restarts, a destination's pause and the wait that its platform asked for."""

import sqlite3

from relay.journal.settlement import Pause, Wait


def pauses(connection: sqlite3.Connection) -> dict[str, Pause]:
    """Return the pauses by destination."""
    rows = connection.execute("SELECT destination, reason, since_ms, message FROM pause")
    return {destination: Pause(*columns) for destination, *columns in rows}


def waits(connection: sqlite3.Connection) -> dict[str, Wait]:
    """Return the waits by destination."""
    rows = connection.execute("SELECT destination, state, since_ms, until_ms FROM wait")
    return {destination: Wait(*columns) for destination, *columns in rows}


def save_pause(connection: sqlite3.Connection, destination: str, pause: Pause | None) -> None:
    """Store a pause, or delete it if None, in the open transaction."""
    if pause is None:
        connection.execute("DELETE FROM pause WHERE destination = ?", (destination,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO pause (destination, reason, since_ms, message) VALUES (?, ?, ?, ?)",
        (destination, pause.reason, pause.since_ms, pause.message),
    )


def save_wait(connection: sqlite3.Connection, destination: str, wait: Wait | None) -> None:
    """Store a wait, or delete it if None, in the open transaction."""
    if wait is None:
        connection.execute("DELETE FROM wait WHERE destination = ?", (destination,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO wait (destination, state, since_ms, until_ms) VALUES (?, ?, ?, ?)",
        (destination, wait.state, wait.since_ms, wait.until_ms),
    )
