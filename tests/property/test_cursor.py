"""A cursor against the plainest model there is: the set of settled offsets."""

from hypothesis import given
from hypothesis import strategies as st

from relay.journal.cursor import Cursor

RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair)))
)
OFFSETS = range(80)


def settled_by(start: int, ranges: list[tuple[int, int]]) -> tuple[Cursor, set[int]]:
    cursor, model = Cursor(start), set(range(start))
    for first, last in ranges:
        cursor = cursor.settle(first, last)
        model.update(range(first, last + 1))
    return cursor, model


@given(st.integers(0, 20), RANGES)
def test_knows_exactly_what_is_settled(start: int, ranges: list[tuple[int, int]]) -> None:
    cursor, model = settled_by(start, ranges)
    assert {offset for offset in OFFSETS if cursor.settled(offset)} == model


@given(st.integers(0, 20), RANGES)
def test_position_is_the_first_unsettled_offset(start: int, ranges: list[tuple[int, int]]) -> None:
    cursor, model = settled_by(start, ranges)
    assert cursor.position == next(offset for offset in range(100) if offset not in model)
    assert cursor.end() == max(model, default=-1) + 1


@given(RANGES)
def test_ahead_is_in_order_disjoint_and_never_adjacent(ranges: list[tuple[int, int]]) -> None:
    cursor, _ = settled_by(0, ranges)
    edges = [cursor.position, *(edge for pair in cursor.ahead for edge in pair)]
    for before, (first, last) in zip(edges[::2], cursor.ahead, strict=False):
        assert before < first <= last
    for (_, last), (first, _) in zip(cursor.ahead, cursor.ahead[1:], strict=False):
        assert last + 1 < first


@given(RANGES, st.integers(0, 80), st.integers(0, 12))
def test_touches_is_true_when_any_offset_is_settled(
    ranges: list[tuple[int, int]], first: int, width: int
) -> None:
    cursor, model = settled_by(0, ranges)
    touched = not model.isdisjoint(range(first, first + width + 1))
    assert cursor.touches(first, first + width) == touched


@given(RANGES, st.integers(0, 60), st.integers(0, 60))
def test_all_up_to_an_end_is_settled_and_nothing_of_it_beyond(
    ranges: list[tuple[int, int]], start: int, end: int
) -> None:
    cursor, model = settled_by(0, ranges)
    model.update(range(start, end))
    moved = cursor.settle_all(start, end)
    assert {offset for offset in OFFSETS if moved.settled(offset)} == model


@given(RANGES)
def test_order_does_not_matter(ranges: list[tuple[int, int]]) -> None:
    assert settled_by(0, ranges)[0] == settled_by(0, ranges[::-1])[0]


@given(RANGES, RANGES)
def test_never_moves_back(before: list[tuple[int, int]], later: list[tuple[int, int]]) -> None:
    cursor, _ = settled_by(0, before)
    after, _ = settled_by(0, before + later)
    assert after.position >= cursor.position


@given(RANGES)
def test_survives_its_row(ranges: list[tuple[int, int]]) -> None:
    cursor, _ = settled_by(3, ranges)
    assert Cursor.stored(cursor.position, cursor.ahead_bytes()) == cursor
