"""What a settlement moves a cursor over, and what its receipt covers."""

from collections.abc import Sequence

from relay.event_name import Lane
from relay.journal.entry import Pending
from relay.journal.settle import _spans, stretches
from relay.journal.settlement import SPAN_OFFSETS, Settlement
from tests.given.event.builders import entry

MONEY, OTHER = Lane


def pending(start: int, offset: int, *, lane: Lane = MONEY, retry: bool = False) -> Pending:
    return Pending(lane, offset, start, entry(), retry=retry)


def spans(*delivered: Pending, waiting: Sequence[Pending] = ()) -> list[tuple[Lane, int, int]]:
    return list(_spans(Settlement(delivered=delivered, waiting=waiting)))


def test_events_that_follow_on_each_other_are_one_stretch() -> None:
    found = [pending(0, 2), pending(3, 3), pending(4, 9)]
    assert list(stretches(found)) == [(MONEY, 0, 9)]


def test_a_gap_or_another_lane_begins_a_new_stretch() -> None:
    found = [pending(0, 0), pending(2, 3), pending(4, 4, lane=OTHER), pending(5, 5, lane=OTHER)]
    assert list(stretches(found)) == [(MONEY, 0, 0), (MONEY, 2, 3), (OTHER, 4, 5)]


def test_no_events_are_no_stretch() -> None:
    assert list(stretches([])) == []


def test_a_span_runs_over_passed_events_between_those_that_were_sent() -> None:
    assert spans(pending(0, 5), pending(6, 8)) == [(MONEY, 5, 8)]


def test_a_span_is_never_wider_than_its_bound() -> None:
    """However many events were passed in between."""
    far = SPAN_OFFSETS * 1_000
    assert spans(pending(0, 0), pending(1, SPAN_OFFSETS - 1), pending(SPAN_OFFSETS, far)) == [
        (MONEY, 0, SPAN_OFFSETS - 1),
        (MONEY, far, far),
    ]


def test_an_event_just_beyond_the_bound_begins_a_span() -> None:
    """One within the bound is as wide as a look-up goes back."""
    end = SPAN_OFFSETS
    assert spans(pending(0, 0), pending(1, end - 1)) == [(MONEY, 0, end - 1)]
    assert spans(pending(0, 0), pending(1, end)) == [(MONEY, 0, 0), (MONEY, end, end)]


def test_a_retry_has_a_span_of_its_own() -> None:
    """So that a replayed event is told from one that a span merely runs over."""
    assert spans(pending(3, 3), pending(4, 4, retry=True), pending(5, 5)) == [
        (MONEY, 4, 4),
        (MONEY, 3, 3),
        (MONEY, 5, 5),
    ]


def test_what_still_waits_is_covered_as_well() -> None:
    assert spans(pending(0, 0), waiting=[pending(1, 1)]) == [(MONEY, 0, 1)]
