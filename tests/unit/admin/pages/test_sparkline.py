"""A line of figures fits its frame, whatever the figures are."""

from hypothesis import given
from hypothesis import strategies as st

from relay.admin.pages import sparkline
from relay.journal.report import Slice


def trend(figures: list[int]) -> list[Slice]:
    return [
        Slice(start_s=at, received=figure, skipped=0, delivered=figure, dead=0)
        for at, figure in enumerate(figures)
    ]


def test_no_line_is_drawn_of_nothing() -> None:
    assert sparkline.points([]) == ""
    assert sparkline.points(trend([0, 0, 0])) == ""
    assert sparkline.points(trend([5])) == ""


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=100).filter(any))
def test_a_line_stays_in_its_frame(figures: list[int]) -> None:
    pairs = [pair.split(",") for pair in sparkline.points(trend(figures)).split()]

    assert len(pairs) == len(figures)
    assert all(0 <= float(x) <= sparkline.WIDTH for x, _ in pairs)
    assert all(0 <= float(y) <= sparkline.HEIGHT for _, y in pairs)
    assert [float(x) for x, _ in pairs] == sorted(float(x) for x, _ in pairs)
