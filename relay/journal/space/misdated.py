"""Rows dated ahead of the clock: they came before it was set back, and so before all later rows.

By their own date they would be kept until the clock comes round, and so would all rows behind them.
So they are old as soon as a row behind them is.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Callable

from relay.event_name import Lane

IsOld = Callable[[int, int], bool]
"""Tells by the place of a row, and its date, whether it is to be forgotten."""


def old_events(connection: sqlite3.Connection, lane: Lane, before_ms: int, now_ms: int) -> IsOld:
    """Return what tells which groups of a lane are old, by their first offset."""
    rows = _Rows(connection, f"log WHERE lane = {int(lane)} AND", "first", "received_ms")
    return _old(rows, before_ms, now_ms)


def old_receipts(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> IsOld:
    """Return what tells which receipts are old, by their id."""
    return _old(_Rows(connection, "receipt WHERE", "id", "at_ms"), before_ms, now_ms)


def old_letter(connection: sqlite3.Connection, before_ms: int) -> int:
    """Return the id of the youngest dead letter from before a moment, 0 without one."""
    row = connection.execute(
        "SELECT id FROM dead WHERE dead_ms < ? ORDER BY dead_ms DESC LIMIT 1", (before_ms,)
    ).fetchone()
    return 0 if row is None else int(row[0])


class _Rows:
    """Rows in order of arrival: by the column `place`, each with its `date`."""

    def __init__(self, connection: sqlite3.Connection, table: str, place: str, date: str) -> None:
        self._connection = connection
        self._from = f"SELECT {place}, {date} FROM {table} {place}"
        self._by = f"ORDER BY {place}"

    def places(self) -> range:
        """Return the places from the first row to the last one."""
        ends = [
            self._connection.execute(f"{self._from} >= 0 {self._by} {way} LIMIT 1").fetchone()
            for way in ("ASC", "DESC")
        ]
        return range(0) if None in ends else range(ends[0][0], ends[1][0] + 1)

    def date_from(self, place: int) -> int:
        """Return the date of the first row from a place on; there is one."""
        found = self._connection.execute(f"{self._from} >= ? {self._by} LIMIT 1", (place,))
        return int(found.fetchone()[1])


def _old(rows: _Rows, before_ms: int, now_ms: int) -> IsOld:
    old_until = _old_until(rows, before_ms, now_ms)
    return lambda place, date_ms: date_ms < before_ms or place < old_until


def _old_until(rows: _Rows, before_ms: int, now_ms: int) -> int:
    """Return the place of an old row behind those dated ahead that come first, 0 without either.

    It is found by halving: as many may be dated ahead as came in a year.
    """
    places = rows.places()
    if not places or rows.date_from(places[0]) <= now_ms:
        return 0
    at = bisect_left(places, True, key=lambda place: rows.date_from(place) <= now_ms)
    told = at < len(places) and rows.date_from(places[at]) < before_ms
    return places[at] if told else 0
