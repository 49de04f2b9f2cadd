"""Figures for people, over time and by kind of event, from roll-ups and receipts, never the log.

The cost of a query depends on the length of the range, not on the number of events. It reads, for
each destination and kind of event, at most 2,940 rows of minutes, and one row an hour before that.
"""

import sqlite3
from collections import defaultdict
from typing import Final

from relay.event_name import Lane
from relay.journal.figures.rollup_range import SINCE, bounds, of_each_width
from relay.journal.report import FOR_EVER_MS, KindCount, Slice

RECEIPTS_LOOKED_AT: Final = 2_000
"""How many of the latest requests, of all destinations, are searched for a delivery."""
SPANS_LOOKED_AT: Final = 500
"""How many of a destination's latest spans in a lane are searched if those requests, which may all
be of busier destinations, held no delivery. One that lies further back is not found."""

_COUNTS: Final = ("received", "skipped", "delivered", "dead")
_OF_ONE: Final = "destination = :destination"
_SUMS: Final = ", ".join(f"sum({each}) AS {each}" for each in _COUNTS)


def series(
    connection: sqlite3.Connection, since_ms: int, step_s: int, destination: str | None = None
) -> dict[str, list[Slice]]:
    """Return the counts by destination and step; see `relay.journal.base.Journal.series`.

    The kinds within each row are summed first, in the order of the table, which needs no sorting.
    """
    where = "TRUE" if destination is None else _OF_ONE
    each = of_each_width(f"start_s, destination, {_SUMS}", "start_s, destination", where)
    rows = connection.execute(
        f"SELECT destination, start_s - start_s % :step_s AS step, {_SUMS} FROM ({each})"
        " GROUP BY destination, step ORDER BY step",
        {**bounds(since_ms), "step_s": step_s, "destination": destination},
    )
    found: defaultdict[str, list[Slice]] = defaultdict(list)
    for name, start_s, received, skipped, delivered, dead in rows:
        found[name].append(
            Slice(
                start_s=start_s, received=received, skipped=skipped, delivered=delivered, dead=dead
            )
        )
    return dict(found)


def kinds(
    connection: sqlite3.Connection, since_ms: int, destination: str, until_ms: int = FOR_EVER_MS
) -> list[KindCount]:
    """Return the counts of one destination by kind of event, most frequent first."""
    each = of_each_width(f"event, {_SUMS}, max(start_s) AS last_s", "event", _OF_ONE)
    rows = connection.execute(
        f"SELECT event, {_SUMS}, max(last_s) FROM ({each})"
        " WHERE event != '' GROUP BY event ORDER BY sum(received) DESC",
        {**bounds(since_ms, until_ms), "destination": destination},
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
        f" WHERE {SINCE} AND destination = :destination AND event = 'purchase'",
        {**bounds(since_ms), "destination": destination},
    ).fetchone()
    return max(0, int(row[0]))


def last_delivered_ms(connection: sqlite3.Connection) -> dict[str, int]:
    """Return when each destination last took events, as far as the latest requests show.

    The last request is the one that was recorded last; others may have a later date if the clock
    was set back.
    """
    rows = connection.execute(
        "SELECT destination, at_ms, max(id) FROM (SELECT id, destination, at_ms, outcome FROM"
        " receipt ORDER BY id DESC LIMIT ?) WHERE outcome IN ('ok', 'partial')"
        " GROUP BY destination",
        (RECEIPTS_LOOKED_AT,),
    )
    found: dict[str, int] = {name: at_ms for name, at_ms, _ in rows}
    for (name,) in connection.execute("SELECT DISTINCT destination FROM cursor").fetchall():
        if name not in found and (at_ms := _delivered_ms(connection, name)) is not None:
            found[name] = at_ms
    return found


def _delivered_ms(connection: sqlite3.Connection, destination: str) -> int | None:
    """Return when a destination last took events, from the latest spans of its lanes, or None."""
    latest = [
        connection.execute(
            "SELECT max(id), at_ms FROM (SELECT receipt FROM receipt_span WHERE destination = ?"
            " AND lane = ? ORDER BY first DESC LIMIT ?) JOIN receipt ON id = receipt"
            " WHERE outcome IN ('ok', 'partial')",
            (destination, lane, SPANS_LOOKED_AT),
        ).fetchone()
        for lane in Lane
    ]
    _, at_ms = max((each for each in latest if each[0] is not None), default=(None, None))
    return None if at_ms is None else int(at_ms)
