"""Ends the waiting events of a forgotten person, in the caller's transaction.

At each destination an event ends at most once: by deleting its retry row, or by moving the cursor
past it in the log. This includes destinations that are not configured at present.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from relay.journal.cursor import Cursor
from relay.journal.erase import words
from relay.journal.erase.traces import Trace
from relay.journal.exception_row import ADD_DEAD, AT_PLACE, dead_row
from relay.journal.ledger import Ledger


def end_all(
    connection: sqlite3.Connection, ledger: Ledger, found: Sequence[Trace]
) -> Mapping[str, int]:
    """End waiting events, in the open transaction; return how many ended at each destination."""
    rows = connection.execute("SELECT DISTINCT destination FROM cursor")
    names = [name for (name,) in rows]
    # Overwrite before any row is deleted: a deletion may move its neighbours, and leave copies.
    kept = [(name, *trace.place) for trace in found for name in names]
    connection.executemany(f"UPDATE retry SET entry = x'' WHERE {AT_PLACE}", kept)
    connection.executemany(f"UPDATE dead SET entry = NULL, message = '' WHERE {AT_PLACE}", kept)
    words.take_out(connection, found, names)
    return Counter(
        name for trace in found for name in names if _end(connection, ledger, name, trace)
    )


def _end(connection: sqlite3.Connection, ledger: Ledger, name: str, trace: Trace) -> bool:
    """End an event at a destination if it waits there; return whether it did."""
    place = (name, *trace.place)
    retried = connection.execute(f"DELETE FROM retry WHERE {AT_PLACE}", place).rowcount
    if not retried and not _settle(connection, ledger, name, trace):
        return False
    now_ms = ledger.now_ms()
    row = dead_row(place, trace.entry, "erased", "", at_ms=now_ms, keep=False)
    connection.execute(ADD_DEAD, row)
    ledger.deltas.dead(name, trace.entry, "erased")
    ledger.outcomes.erased(name, trace.entry, now_ms)
    return True


def _settle(connection: sqlite3.Connection, ledger: Ledger, name: str, trace: Trace) -> bool:
    """Move the cursor past an event that waits in the log; return whether it waited."""
    lane, offset = trace.place
    start = trace.starts.get(name)
    if start is None or name in trace.entry.passed:
        return False
    if name in ledger.destinations:
        waits = not ledger.cursor(name, lane).settled(offset)
        if waits:
            ledger.settle(name, lane, start, offset)
        return waits
    return _settle_for_the_gone(connection, name, trace, start)


def _settle_for_the_gone(
    connection: sqlite3.Connection, name: str, trace: Trace, start: int
) -> bool:
    """Do the same for a destination that is not configured at present, but may come back."""
    lane, offset = trace.place
    position, ahead, until = connection.execute(
        "SELECT position, ahead, until FROM cursor WHERE destination = ? AND lane = ?", (name, lane)
    ).fetchone()
    if until is not None and offset >= until:
        return False
    cursor = Cursor.stored(position, ahead).settle(start, offset)
    connection.execute(
        "UPDATE cursor SET position = ?, ahead = ? WHERE destination = ? AND lane = ?",
        (cursor.position, cursor.ahead_bytes(), name, lane),
    )
    return True
