"""Journals in any constellation of rows, as hypothesis draws them: one lane, two destinations."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from relay.conversion import Conversion
from relay.journal.codec import entry_of
from relay.journal.entry import Passed
from tests.given.event.builders import conversion
from tests.given.journal.seed import DESTINATIONS, NOW_MS, Seed

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
CUTS = st.lists(OFFSETS, max_size=4)
CONVERSIONS = [conversion(f"e{at}") for at in range(EVENTS)]


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


def fill(
    seed: Seed,
    drawn: Sequence[dict[str, Any]],
    cuts: Sequence[int],
    conversions: Sequence[Conversion] = CONVERSIONS,
) -> None:
    """Write it all: the log in groups, and the rows of each destination."""
    by_name = dict(zip(DESTINATIONS, drawn, strict=True))
    entries = [
        entry_of(
            conversions[at],
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
