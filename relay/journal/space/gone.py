"""Ends what waits for a retry at destinations that are no longer configured.

Nobody knows whether they come back, and it holds as much of a person as any other event.
"""

import sqlite3
from typing import Final

from relay.event_name import Lane
from relay.journal.codec import salvage
from relay.journal.exception_row import ADD_DEAD, AT_PLACE, dead_row
from relay.journal.figures.rollup import Deltas

STEP_ROWS: Final = 50
"""The most retries that a step ends; each is copied with its event."""


def end_gone(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> bool:
    """End a few of those received before `before_ms`; return False if there was none.

    They are dead letters from then on, and can be replayed if the destination comes back in time.
    """
    rows = connection.execute(_GONE, (before_ms, STEP_ROWS)).fetchall()
    deltas = Deltas()
    for destination, lane, position, received_ms, record in rows:
        place, entry = (destination, Lane(lane), position), salvage(record, received_ms)
        connection.execute(ADD_DEAD, dead_row(place, entry, "expired", "", at_ms=now_ms))
        connection.execute(f"DELETE FROM retry WHERE {AT_PLACE}", place)
        deltas.dead(destination, entry, "expired")
    deltas.flush(connection, now_ms)
    return bool(rows)


# CROSS JOIN: by itself, SQLite would read all retries.
_GONE: Final = """
    SELECT destination, retry.lane, retry.position, received_ms, entry
    FROM (SELECT DISTINCT destination FROM cursor WHERE until IS NOT NULL)
    CROSS JOIN retry USING (destination) WHERE received_ms < ? LIMIT ?
"""
