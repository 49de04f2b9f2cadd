"""Rows dated ahead of the clock: they came before it was set back, and so before all later rows.

By their own dates, they and all rows after them would be kept until the clock has caught up. So a
row dated ahead counts as old as soon as a later row is old.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Callable

from relay.event_name import Lane

IsOld = Callable[[int, int], bool]
"""Returns whether a row is to be deleted, given its place and its date."""


def old_events(connection: sqlite3.Connection, lane: Lane, before_ms: int, now_ms: int) -> IsOld:
    """Return a function that tells whether a group of a lane is old, by its first offset."""
    rows = _Rows(connection, f"log WHERE lane = {int(lane)} AND", "first", "received_ms")
    return _old(rows, before_ms, now_ms)


def old_receipts(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> IsOld:
    """Return a function that tells whether a receipt is old, by its id."""
    return _old(_Rows(connection, "receipt WHERE", "id", "at_ms"), before_ms, now_ms)


def old_letter(connection: sqlite3.Connection, before_ms: int) -> int:
    """Return the id of the youngest dead letter from before `before_ms`, 0 if there is none."""
    row = connection.execute(
        "SELECT id FROM dead WHERE dead_ms < ? ORDER BY dead_ms DESC LIMIT 1", (before_ms,)
    ).fetchone()
    return 0 if row is None else int(row[0])


class _Rows:
    """The rows of a table in order of arrival, by the column `place`, each with its `date`."""

    def __init__(self, connection: sqlite3.Connection, table: str, place: str, date: str) -> None:
        self._connection = connection
        self._from = f"SELECT {place}, {date} FROM {table} {place}"
        self._by = f"ORDER BY {place}"

    def places(self) -> range:
        """Return the range of places from the first row to the last."""
        ends = [
            self._connection.execute(f"{self._from} >= 0 {self._by} {way} LIMIT 1").fetchone()
            for way in ("ASC", "DESC")
        ]
        return range(0) if None in ends else range(ends[0][0], ends[1][0] + 1)

    def date_from(self, place: int) -> int:
        """Return the date of the first row at or after a place; there must be one."""
        found = self._connection.execute(f"{self._from} >= ? {self._by} LIMIT 1", (place,))
        return int(found.fetchone()[1])


def _old(rows: _Rows, before_ms: int, now_ms: int) -> IsOld:
    old_until = _old_until(rows, before_ms, now_ms)
    return lambda place, date_ms: date_ms < before_ms or place < old_until


def _old_until(rows: _Rows, before_ms: int, now_ms: int) -> int:
    """Return the place up to which rows dated ahead are old, 0 if there are none.

    That is the first row not dated ahead, if it is old. A binary search finds it, since the rows of
    a whole year may be dated ahead.
    """
    places = rows.places()
    if not places or rows.date_from(places[0]) <= now_ms:
        return 0
    at = bisect_left(places, True, key=lambda place: rows.date_from(place) <= now_ms)
    told = at < len(places) and rows.date_from(places[at]) < before_ms
    return places[at] if told else 0
