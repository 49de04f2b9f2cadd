"""Figures over time and by kind of event, for people: from roll-ups and receipts, never the log.

What a query costs depends on the length of the range, not on how many events there were: at most
2,940 rows of minutes and a row an hour before that, per destination and kind of event.
"""

import sqlite3
from collections import defaultdict
from typing import Final

from relay.journal.base import KindCount, Slice
from relay.journal.rollup import HOUR_S, MINUTE_S

RECEIPTS_LOOKED_AT: Final = 2_000
"""Latest requests among which a delivery is looked for; one that lies further back is not found."""

_SINCE: Final = (
    "((width_s = :minute_s AND start_s > :since_s - :minute_s)"
    " OR (width_s = :hour_s AND start_s > :since_s - :hour_s))"
)
_COUNTS: Final = ("received", "skipped", "delivered", "dead")
_SUMS: Final = ", ".join(f"sum({each}) AS {each}" for each in _COUNTS)


def series(
    connection: sqlite3.Connection, since_ms: int, step_s: int, destination: str | None = None
) -> dict[str, list[Slice]]:
    """Return the counts by destination and step; see `relay.journal.base.Journal.series`.

    Each row is summed up over its kinds first, in the order of the table: that needs no sorting.
    """
    rows = connection.execute(
        f"SELECT destination, start_s - start_s % :step_s AS step, {_SUMS}"
        f" FROM ({_of_each_width(f'start_s, destination, {_SUMS}', 'start_s, destination')})"
        " GROUP BY destination, step ORDER BY step",
        {**_range(since_ms), "step_s": step_s, "destination": destination},
    )
    found: defaultdict[str, list[Slice]] = defaultdict(list)
    for name, start_s, received, skipped, delivered, dead in rows:
        found[name].append(
            Slice(
                start_s=start_s, received=received, skipped=skipped, delivered=delivered, dead=dead
            )
        )
    return dict(found)


def kinds(connection: sqlite3.Connection, since_ms: int, destination: str) -> list[KindCount]:
    """Return the counts of one destination by kind of event, most frequent first."""
    each = _of_each_width(f"event, {_SUMS}, max(start_s) AS last_s", "event")
    rows = connection.execute(
        f"SELECT event, {_SUMS}, max(last_s) FROM ({each})"
        " WHERE event != '' GROUP BY event ORDER BY sum(received) DESC",
        {**_range(since_ms), "destination": destination},
    )
    return [
        KindCount(
            event=event,
            received=received,
            skipped=skipped,
            delivered=delivered,
            dead=dead,
            last_s=last_s,
        )
        for event, received, skipped, delivered, dead, last_s in rows
    ]


def purchases_waiting(connection: sqlite3.Connection, destination: str, since_ms: int) -> int:
    """Return how many purchases received since a moment wait for a destination."""
    row = connection.execute(
        "SELECT coalesce(sum(received - skipped - delivered - dead), 0) FROM rollup"
        f" WHERE {_SINCE} AND destination = :destination AND event = 'purchase'",
        {**_range(since_ms), "destination": destination},
    ).fetchone()
    return max(0, int(row[0]))


def last_delivered_ms(connection: sqlite3.Connection) -> dict[str, int]:
    """Return when each destination took events last, as far as the latest receipts tell."""
    rows = connection.execute(
        "SELECT destination, max(at_ms) FROM (SELECT destination, at_ms, outcome FROM receipt"
        " ORDER BY id DESC LIMIT ?) WHERE outcome IN ('ok', 'partial') GROUP BY destination",
        (RECEIPTS_LOOKED_AT,),
    )
    return dict(rows)


def _of_each_width(columns: str, group: str) -> str:
    """Return a query of the rows of a range that reach beyond its beginning, minutes and hours."""
    return " UNION ALL ".join(
        f"SELECT {columns} FROM rollup WHERE width_s = :{width} AND start_s > :since_s - :{width}"
        f" AND (:destination IS NULL OR destination = :destination) GROUP BY {group}"
        for width in ("minute_s", "hour_s")
    )


def _range(since_ms: int) -> dict[str, int]:
    return {"since_s": since_ms // 1000, "minute_s": MINUTE_S, "hour_s": HOUR_S}
