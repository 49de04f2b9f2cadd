"""Updates the cursors when the configured destinations change: new, gone, or come back.

A new destination starts at the end of the log. One that is no longer configured keeps its rows, and
its cursors note the end of the log, since later events are not for it. When it comes back, it
resumes with what still waited for it, and skips what came in between. Retention does not wait for a
destination that is gone: events that it deleted meanwhile are counted dead as `expired`, so that
the sums hold. Everything happens in one transaction.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from relay.event_name import Lane
from relay.journal import log
from relay.journal.codec import salvage
from relay.journal.cursor import Cursor
from relay.journal.entry import Entry
from relay.journal.figures.rollup import ADD_TOTAL
from relay.journal.figures.worth import recount
from relay.journal.ledger import Key


class Arrived(NamedTuple):
    """The end of each lane, and the cursors of each configured destination."""

    ends: Mapping[Lane, int]
    cursors: Mapping[Key, Cursor]


def arrive(connection: sqlite3.Connection, destinations: Sequence[str]) -> Arrived:
    """Make these the configured destinations; return their cursors and the ends of the lanes."""
    ends = log.ends(connection)
    for lane, end in ends.items():
        log.save_end(connection, lane, end)
        _note_gone(connection, destinations, lane, end)
        connection.executemany(_ADD, [(name, lane, end, end, _NOTHING) for name in destinations])
    for name in destinations:
        _welcome_back(connection, name, ends)
    return Arrived(ends, _cursors(connection, destinations))


def _note_gone(
    connection: sqlite3.Connection, destinations: Sequence[str], lane: Lane, end: int
) -> None:
    rows = connection.execute(
        "SELECT destination FROM cursor WHERE lane = ? AND until IS NULL", (lane,)
    )
    gone = [(end, name, lane) for (name,) in rows if name not in destinations]
    connection.executemany("UPDATE cursor SET until = ? WHERE destination = ? AND lane = ?", gone)


def _welcome_back(connection: sqlite3.Connection, name: str, ends: Mapping[Lane, int]) -> None:
    back = connection.execute(
        "SELECT lane, position, ahead, until FROM cursor"
        " WHERE destination = ? AND until IS NOT NULL",
        (name,),
    ).fetchall()
    lost = False
    for number, position, ahead, until in back:
        lane = Lane(number)
        cursor = Cursor.stored(position, ahead).settle_all(until, ends[lane])
        oldest = min(log.oldest_offset(connection, lane), ends[lane])
        lost = lost or cursor.position < oldest
        cursor = cursor.settle_all(cursor.position, oldest)
        connection.execute(_BACK, (cursor.position, cursor.ahead_bytes(), name, lane))
    if lost:
        _bury(connection, name, _pending(connection, name) - _waiting(connection, name, ends))
        recount(connection, name, _each_waiting(connection, name, ends))


def _pending(connection: sqlite3.Connection, name: str) -> int:
    """Return how many events wait according to the totals."""
    sums = dict(
        connection.execute(
            "SELECT kind, sum(count) FROM total WHERE who = ? GROUP BY kind", (name,)
        ).fetchall()
    )
    came = sums.get("accepted", 0) + sums.get("replayed", 0)
    ended = sums.get("skipped", 0) + sums.get("delivered", 0) + sums.get("dead", 0)
    return int(came - ended)


def _waiting(connection: sqlite3.Connection, name: str, ends: Mapping[Lane, int]) -> int:
    """Count the events that wait, from the whole log and the retries."""
    return sum(1 for _ in _each_waiting(connection, name, ends))


def _each_waiting(
    connection: sqlite3.Connection, name: str, ends: Mapping[Lane, int]
) -> Iterator[Entry]:
    rows = connection.execute("SELECT entry, received_ms FROM retry WHERE destination = ?", (name,))
    for record, received_ms in rows:
        yield salvage(record, received_ms)
    for (_, lane), cursor in _cursors(connection, [name]).items():
        view = log.View(name, lane, cursor)
        for pending in log.each_waiting(connection, view, end=ends[lane]):
            yield pending.entry


def _bury(connection: sqlite3.Connection, name: str, lost: int) -> None:
    """Count `lost` events, whose groups are gone, as expired; the roll-ups count the oldest."""
    if lost <= 0:
        return
    connection.execute(ADD_TOTAL, ("dead", name, "expired", lost))
    for start_s, width_s, event, waiting in connection.execute(_WAITING, (name,)).fetchall():
        count = min(lost, waiting)
        connection.execute(_ADD_DEAD_IN_ROW, (count, start_s, width_s, name, event))
        lost -= count


def _cursors(connection: sqlite3.Connection, destinations: Sequence[str]) -> dict[Key, Cursor]:
    rows = connection.execute("SELECT destination, lane, position, ahead FROM cursor")
    return {
        (name, Lane(lane)): Cursor.stored(position, ahead)
        for name, lane, position, ahead in rows
        if name in destinations
    }


_NOTHING: Final = Cursor().ahead_bytes()
_ADD: Final = """
    INSERT OR IGNORE INTO cursor (destination, lane, start, position, ahead) VALUES (?, ?, ?, ?, ?)
"""
_BACK: Final = """
    UPDATE cursor SET position = ?, ahead = ?, until = NULL WHERE destination = ? AND lane = ?
"""
_WAITING: Final = """
    SELECT start_s, width_s, event, received - skipped - delivered - dead AS waiting FROM rollup
    WHERE destination = ? AND waiting > 0 ORDER BY start_s
"""
_ADD_DEAD_IN_ROW: Final = """
    UPDATE rollup SET dead = dead + ?
    WHERE start_s = ? AND width_s = ? AND destination = ? AND event = ?
"""
