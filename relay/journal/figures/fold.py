"""Ages roll-ups: minutes are folded into hours after 48 hours, hours are deleted after 400 days.

A fold changes no sum. It may come late, twice or never: once an hour is old enough, new counts for
it go to the hour's row (`rollup.row_of`), whether or not it was folded already. Both functions are
steps: each call does a bounded part and returns whether there may be more.
"""

import sqlite3
from decimal import Decimal
from typing import Final

from relay.journal.figures.rollup import (
    DAY_S,
    HOUR_S,
    HOURS_KEPT_S,
    MINUTE_S,
    MINUTES_KEPT_S,
    ROLLUP_COUNTS,
    add_value,
)


def fold_minutes(connection: sqlite3.Connection, now_s: int) -> bool:
    """Fold the oldest minutes into their hour's row, once all of that hour is 48 hours old.

    The bound is the same as in `rollup.row_of`, so that later counts go to the hour's row directly.
    """
    oldest_s = _oldest_row_s(connection, MINUTE_S)
    if oldest_s is None:
        return False
    hour_s = oldest_s - oldest_s % HOUR_S
    if hour_s + HOUR_S + MINUTES_KEPT_S > now_s:
        return False
    span = {"hour_s": hour_s, "width_s": HOUR_S, "minute_s": MINUTE_S, "end_s": hour_s + HOUR_S}
    connection.execute(_FOLD, span)
    _fold_values(connection, hour_s)
    _delete_rows_between(connection, MINUTE_S, hour_s, hour_s + HOUR_S)
    return True


def forget_hours(connection: sqlite3.Connection, now_s: int) -> bool:
    """Delete a day of roll-ups older than 400 days."""
    oldest_s = _oldest_row_s(connection, HOUR_S)
    if oldest_s is None or oldest_s + HOUR_S > now_s - HOURS_KEPT_S:
        return False
    end_s = min(oldest_s + DAY_S, now_s - HOURS_KEPT_S - HOUR_S + 1)
    _delete_rows_between(connection, HOUR_S, oldest_s, end_s)
    return True


def _oldest_row_s(connection: sqlite3.Connection, width_s: int) -> int | None:
    row = connection.execute("SELECT min(start_s) FROM rollup WHERE width_s = ?", (width_s,))
    oldest_s: int | None = row.fetchone()[0]
    return oldest_s


def _fold_values(connection: sqlite3.Connection, hour_s: int) -> None:
    rows = connection.execute(
        "SELECT destination, currency, value FROM rollup_value"
        " WHERE width_s = ? AND start_s >= ? AND start_s < ?",
        (MINUTE_S, hour_s, hour_s + HOUR_S),
    ).fetchall()
    for destination, currency, value in rows:
        add_value(connection, (hour_s, HOUR_S), destination, currency, Decimal(value))


def _delete_rows_between(
    connection: sqlite3.Connection, width_s: int, start_s: int, end_s: int
) -> None:
    for table in ("rollup", "rollup_value"):
        connection.execute(
            f"DELETE FROM {table} WHERE width_s = ? AND start_s >= ? AND start_s < ?",
            (width_s, start_s, end_s),
        )


_COUNTS: Final = ", ".join(ROLLUP_COUNTS)
_FOLD: Final = f"""
    INSERT INTO rollup (start_s, width_s, destination, event, {_COUNTS})
    SELECT :hour_s, :width_s, destination, event, {", ".join(f"sum({x})" for x in ROLLUP_COUNTS)}
    FROM rollup WHERE width_s = :minute_s AND start_s >= :hour_s AND start_s < :end_s
    GROUP BY destination, event
    ON CONFLICT DO UPDATE SET {", ".join(f"{x} = {x} + excluded.{x}" for x in ROLLUP_COUNTS)}
"""
