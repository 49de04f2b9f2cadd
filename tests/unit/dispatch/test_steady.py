"""Time for waits."""

from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.steady import SteadyClock


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_it_follows_the_clock_forward() -> None:
    clock = Clock()
    steady = SteadyClock(clock)
    clock.now_s += 3_600
    assert steady() == 4_600


def test_a_clock_that_is_set_back_goes_on_where_it_was() -> None:
    clock = Clock()
    steady = SteadyClock(clock)
    clock.now_s -= 600
    assert steady() == 1_000
    clock.now_s += 5
    assert steady() == 1_005


def test_a_moment_is_told_as_the_clock_has_it_by_now() -> None:
    clock = Clock()
    steady = SteadyClock(clock)
    moment_s = steady() + 20
    clock.now_s -= 600
    assert steady.by_clock(moment_s) == 420
    clock.now_s += 3_600
    assert steady.by_clock(moment_s) == 420


@given(st.lists(st.integers(-10_000, 10_000)))
def test_it_never_falls_and_passes_as_fast_as_the_clock(steps: list[int]) -> None:
    clock = Clock()
    steady = SteadyClock(clock)
    for step in steps:
        before = steady()
        clock.now_s += step
        assert steady() - before == max(0, step)
