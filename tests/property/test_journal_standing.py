"""The pass over the whole log says of every event what its timeline says."""

import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.event_name import Lane
from relay.journal.base import Delivery, Passed
from relay.journal.codec import entry_of
from relay.journal.standing import Stand, names, stands
from relay.journal.timeline import deliveries
from tests.builders import conversion
from tests.journal_seed import DESTINATIONS, NOW_MS, Seed, new_journal

EVENTS = 12
PASSED = [
    None,
    None,
    None,
    Passed("skipped", "duplicate"),
    Passed("dead", "expired", "It was too old."),
]
OFFSETS = st.integers(0, EVENTS - 1)
SPANS = st.tuples(OFFSETS, st.integers(0, 4))
PLACES = st.sets(OFFSETS, max_size=4)


@st.composite
def cursors(draw: st.DrawFn) -> dict[str, Any]:
    """Return a cursor anywhere, with ranges that are settled ahead of it, perhaps of one gone."""
    start, position = sorted(draw(st.tuples(OFFSETS, OFFSETS)))
    ahead = draw(st.sampled_from([(), ((position + 2, position + 3),)]))
    until = draw(st.none() | st.integers(start, EVENTS))
    return {"start": start, "position": position, "ahead": ahead, "until": until}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """Return what the tables hold of one destination."""
    return {
        "passed": draw(st.lists(st.sampled_from(PASSED), min_size=EVENTS, max_size=EVENTS)),
        "cursor": draw(cursors()),
        "spans": draw(st.lists(SPANS, max_size=6)),
        "dead": draw(PLACES),
        "retry": draw(PLACES),
    }


def fill(seed: Seed, drawn: Sequence[dict[str, Any]], cuts: Sequence[int]) -> None:
    """Write it all: the log in groups, and the rows of each destination."""
    by_name = dict(zip(DESTINATIONS, drawn, strict=True))
    entries = [
        entry_of(
            conversion(f"e{at}"),
            {name: passed for name, of in by_name.items() if (passed := of["passed"][at])},
        )
        for at in range(EVENTS)
    ]
    edges = [0, *sorted(set(cuts) - {0}), EVENTS]
    places = []
    for first, end in pairwise(edges):
        place = seed.group(*entries[first:end])
        places += [place._replace(offset=place.offset + at) for at in range(end - first)]
    for name, of in by_name.items():
        seed.cursor(name, **of["cursor"])
        for number, (first, width) in enumerate(of["spans"]):
            last = min(first + width, EVENTS - 1)
            seed.receipt(name, places[first], last, at_ms=NOW_MS + number)
        for at in of["dead"]:
            seed.dead(name, places[at], entries[at], message=f"refused {at}")
        for at in of["retry"]:
            seed.retry(name, places[at], entries[at], message=f"busy {at}")


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


@settings(max_examples=300, deadline=None)
@given(drawn=st.tuples(columns(), columns()), cuts=st.lists(OFFSETS, max_size=4), forgotten=OFFSETS)
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
