"""The pass over the whole log says of every event what its timeline says."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.event_name import Lane
from relay.journal.find.standing import Stand, names, stands
from relay.journal.find.timeline import deliveries
from relay.journal.report import Delivery
from tests.given.journal.columns import CUTS, EVENTS, columns, fill
from tests.given.journal.seed import DESTINATIONS, Seed, new_journal


def told(stand: Stand) -> dict[str, tuple[object, ...]]:
    """Return what a stand says, as far as a timeline says it, too."""
    known = zip(DESTINATIONS, stand.standings, strict=True)
    return {
        name: (each.state, each.reason, "" if each.state == "pending" else each.message, each.at_ms)
        for name, each in known
        if each is not None
    }


def told_one_by_one(connection: sqlite3.Connection, stand: Stand) -> dict[str, tuple[object, ...]]:
    return {
        each.destination: (
            each.state,
            each.reason,
            "" if each.state == "pending" else each.message,
            delivered_ms(each),
        )
        for each in deliveries(connection, stand.place, stand.entry, DESTINATIONS)
    }


def delivered_ms(delivery: Delivery) -> int | None:
    """Return when the last request was, which is the one that delivered it."""
    return delivery.attempts[-1].at_ms if delivery.state == "delivered" else None


@settings(max_examples=300)
@given(drawn=st.tuples(columns(), columns()), cuts=CUTS, forgotten=st.integers(0, EVENTS))
def test_every_event_stands_where_its_timeline_says(
    drawn: Sequence[dict[str, Any]], cuts: Sequence[int], forgotten: int
) -> None:
    """Also of those that retention has taken out of the log, as far as a row tells of them."""
    with new_journal() as connection:
        fill(Seed(connection), drawn, cuts)
        connection.execute("DELETE FROM log WHERE first + count <= ?", (forgotten,))
        (oldest,) = connection.execute(
            "SELECT coalesce(min(first), ?) FROM log", (EVENTS,)
        ).fetchone()
        connection.execute("BEGIN")
        assert names(connection, gone=True) == list(DESTINATIONS)
        found = list(stands(connection, Lane.MONEY, DESTINATIONS, lambda _: True))
        kept = set().union(*(of[kind] for of in drawn for kind in ("dead", "retry")))
        offsets = sorted({*range(oldest, EVENTS), *kept})
        assert [stand.place.offset for stand in found] == offsets
        for stand in found:
            assert told(stand) == told_one_by_one(connection, stand), stand.place
