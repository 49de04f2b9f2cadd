"""The tables of events that left the happy path: `dead` and `retry`.

Each row keeps its own copy of the entry, so it does not depend on the log. Times are Unix
milliseconds.
"""

import sqlite3
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from relay.event_name import Lane
from relay.journal.codec import readable, salvage
from relay.journal.entry import Entry, Pending
from relay.journal.settlement import Dead, Retry

Place = tuple[str, Lane, int]
"""Destination, lane and offset, which identify a row."""
Row = tuple[object, ...]

LONGEST_WAIT_MS: Final = 3_600_000
"""The longest that the relay itself makes an event wait."""


def dead_row(
    place: Place,
    entry: Entry,
    reason: str,
    message: str,
    *,
    at_ms: int,
    code: str = "",
    keep: bool = True,
) -> Row:
    """Return the values for `ADD_DEAD`; unless `keep`, without the payload and the message."""
    return (
        *(*place, reason, code, message if keep else "", at_ms, entry.received_ms),
        *(entry.event, entry.event_id, entry.event_time, entry.record if keep else None),
    )


def add_dead(
    connection: sqlite3.Connection,
    destination: str,
    dead: Sequence[Dead],
    now_ms: int,
    *,
    spare: bool = False,
) -> None:
    """Add events that ended without delivery; with `spare`, expired ones without their payload."""
    rows = (
        dead_row(
            (destination, each.pending.lane, each.pending.offset),
            *(each.pending.entry, each.reason, each.message),
            at_ms=now_ms,
            code=each.code,
            keep=not (spare and each.reason == "expired"),
        )
        for each in dead
    )
    connection.executemany(ADD_DEAD, rows)


def add_retries(connection: sqlite3.Connection, destination: str, retries: Sequence[Retry]) -> None:
    """Add events that are due again, or update the rows of those already there."""
    rows = (
        (
            *(destination, each.pending.lane, each.pending.offset),
            *(each.pending.entry.received_ms, each.due_ms, each.pending.attempts + 1),
            *(each.pending.replay, each.code, each.message, each.pending.entry.record),
        )
        for each in retries
    )
    connection.executemany(_ADD_RETRY, rows)


def end_retries(
    connection: sqlite3.Connection, destination: str, pendings: Sequence[Pending]
) -> None:
    """Delete the retry rows of events that no longer wait."""
    rows = [(destination, pending.lane, pending.offset) for pending in pendings if pending.retry]
    connection.executemany(f"DELETE FROM retry WHERE {AT_PLACE}", rows)


def still_waits(connection: sqlite3.Connection, destination: str, pending: Pending) -> bool:
    """Return whether the row is still as it was read, with no attempt recorded since."""
    row = connection.execute(
        f"SELECT attempts FROM retry WHERE {AT_PLACE}", (destination, pending.lane, pending.offset)
    ).fetchone()
    return row is not None and row[0] == pending.attempts


def due(connection: sqlite3.Connection, destination: str, now_ms: int, limit: int) -> list[Pending]:
    """Return events that are due, the longest due first; damaged ones as well.

    If an event is due later than any wait could be, this was written before the clock was set back,
    and the event counts as due.
    """
    rows = connection.execute(f"{_DUE} due_ms <= ? {_IN_ORDER}", (destination, now_ms, limit))
    found = list(map(_pending, rows))
    if len(found) < limit:
        bound = (destination, now_ms + LONGEST_WAIT_MS, limit - len(found))
        found += map(_pending, connection.execute(f"{_DUE} due_ms > ? {_IN_ORDER}", bound))
    return found


def _pending(row: Sequence[Any]) -> Pending:
    lane, offset, received_ms, attempts, replay, record = row
    entry = salvage(record, received_ms)
    return Pending(Lane(lane), offset, offset, entry, attempts, retry=True, replay=bool(replay))


def oldest(connection: sqlite3.Connection, destination: str) -> Entry | None:
    """Return the oldest readable event that waits for a retry, by time of receipt, or None."""
    rows = connection.execute(
        "SELECT entry FROM retry WHERE destination = ? ORDER BY received_ms", (destination,)
    )
    return next(filter(None, map(readable, map(itemgetter(0), rows))), None)


def oldest_received_ms(connection: sqlite3.Connection, destination: str) -> int | None:
    """Return when the oldest event that waits for a retry was received, or None."""
    row = connection.execute(
        "SELECT min(received_ms) FROM retry WHERE destination = ?", (destination,)
    ).fetchone()
    oldest_ms: int | None = row[0]
    return oldest_ms


AT_PLACE: Final = "destination = ? AND lane = ? AND position = ?"
_DUE: Final = """
    SELECT lane, position, received_ms, attempts, replay, entry FROM retry
    WHERE destination = ? AND
"""
_IN_ORDER: Final = "ORDER BY due_ms, lane, position LIMIT ?"
ADD_DEAD: Final = """
    INSERT OR REPLACE INTO dead
    (destination, lane, position, reason, code, message, note, dead_ms, received_ms, event,
     event_id, event_time, entry)
    VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)
"""
_ADD_RETRY: Final = """
    INSERT OR REPLACE INTO retry
    (destination, lane, position, received_ms, due_ms, attempts, replay, code, message, entry)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
