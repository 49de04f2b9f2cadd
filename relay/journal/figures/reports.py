"""Sums for people and monitoring: the funnels of a range, the lifetime totals, the rejections.

Each function reads one snapshot, so what it returns adds up. Nothing here counts events: `rollup`
added the figures up when they changed.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from relay.journal.entry import Rejection
from relay.journal.figures.amount import add_exactly
from relay.journal.figures.rollup import RELAY, ROLLUP_COUNTS
from relay.journal.figures.rollup_range import SINCE, bounds, of_each_width
from relay.journal.report import FOR_EVER_MS, Funnel, RangeReport, Totals

MAX_REJECTIONS: Final = 1_000

_SUMS: Final = ", ".join(f"sum({each}) AS {each}" for each in ROLLUP_COUNTS)


def report(
    connection: sqlite3.Connection, since_ms: int, until_ms: int = FOR_EVER_MS
) -> RangeReport:
    """Return the funnels of what was received between two moments."""
    moment = bounds(since_ms, until_ms)
    each = of_each_width(f"destination, {_SUMS}", "start_s, destination")
    rows = connection.execute(
        f"SELECT destination, {_SUMS} FROM ({each}) GROUP BY destination", moment
    )
    counts = {destination: sums for destination, *sums in rows}
    received, rejected, *_ = counts.pop(RELAY, (0, 0))
    values = _values_since(connection, moment)
    funnels = {
        destination: Funnel(
            received=sums[0],
            skipped=sums[2],
            delivered=sums[3],
            dead=sums[4],
            value_delivered=values.get(destination, {}),
        )
        for destination, sums in counts.items()
    }
    return RangeReport(received, rejected, funnels)


def totals(connection: sqlite3.Connection) -> Totals:
    """Return the lifetime counts."""
    by_kind: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for kind, who, label, count in connection.execute("SELECT kind, who, label, count FROM total"):
        by_kind[kind][who, label] = count
    values = connection.execute("SELECT destination, currency, value FROM total_value")
    return Totals(
        received=by_kind["received"],
        rejected=by_kind["rejected"],
        accepted={who: count for (who, _), count in by_kind["accepted"].items()},
        replayed={who: count for (who, _), count in by_kind["replayed"].items()},
        delivered=by_kind["delivered"],
        skipped=by_kind["skipped"],
        dead=by_kind["dead"],
        value_delivered={
            (destination, currency): Decimal(value) for destination, currency, value in values
        },
    )


def oldest_received_ms(connection: sqlite3.Connection) -> int | None:
    """Return when the oldest event of the log was received, None if there is none."""
    row = connection.execute("SELECT received_ms FROM log ORDER BY id LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def rejections(connection: sqlite3.Connection, limit: int) -> list[Rejection]:
    """Return the latest rejected events, newest first."""
    rows = connection.execute(
        "SELECT at_ms, source, key, event_id, code, path, message FROM rejection"
        " ORDER BY id DESC LIMIT ?",
        (max(0, min(limit, MAX_REJECTIONS)),),
    )
    return [Rejection(*row) for row in rows]


def _values_since(
    connection: sqlite3.Connection, moment: Mapping[str, int]
) -> Mapping[str, Mapping[str, Decimal]]:
    """Return the sums by destination and currency; SQLite would add them as floats."""
    rows = connection.execute(
        f"SELECT destination, currency, value FROM rollup_value WHERE {SINCE}", moment
    )
    found: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for destination, currency, value in rows:
        sums = found[destination]
        sums[currency] = add_exactly(sums[currency], Decimal(value))
    return {destination: dict(sums) for destination, sums in found.items()}
