import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.rate import (
    CLEAN_WINDOWS,
    FLOOR_PER_S,
    LOWERED,
    RETURN_WINDOWS,
    SETTLED,
    SteeredRate,
)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def spend(rate: SteeredRate, clock: Clock, seconds: float, share: float = 1.0) -> None:
    """Send at a share of the rate for so long; all of it is taken."""
    until = clock.now + seconds
    while clock.now < until:
        rate.sent()
        rate.passed(clock())
        clock.now += 1 / (rate.per_s * share)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rate(clock: Clock) -> SteeredRate:
    return SteeredRate(50.0, clock)


def test_it_begins_with_the_whole_budget(rate: SteeredRate) -> None:
    assert rate.per_s == 50


def test_a_throttle_lowers_it_at_once_by_a_share(rate: SteeredRate, clock: Clock) -> None:
    spend(rate, clock, 5)
    rate.throttled(clock(), 0.0)
    assert rate.per_s == pytest.approx(50 * LOWERED, rel=0.05)


def test_a_throttle_counts_before_anything_has_passed(rate: SteeredRate, clock: Clock) -> None:
    """The relay may start while the platform refuses everything."""
    rate.sent()
    rate.throttled(clock(), 0.0)
    assert rate.per_s < 50


@pytest.mark.parametrize(("most_per_s", "share"), [(50.0, 0.6), (1.8, 0.49)])
def test_a_throttle_takes_its_share_off_what_was_really_sent(
    rate: SteeredRate, clock: Clock, most_per_s: float, share: float
) -> None:
    """Whatever else was allowed, this much was too much."""
    rate.bound(most_per_s)
    spend(rate, clock, 5.5, share)
    rate.throttled(clock(), 0.0)
    assert rate.per_s == pytest.approx(most_per_s * share * LOWERED, rel=0.05)


def test_the_throttles_of_one_window_lower_it_once(rate: SteeredRate, clock: Clock) -> None:
    spend(rate, clock, 5)
    rate.throttled(clock(), 0.0)
    lowered_per_s = rate.per_s
    for _ in range(20):
        rate.throttled(clock(), 0.0)
        rate.passed(clock())
        clock.now += 0.045
    assert rate.per_s == lowered_per_s
    spend(rate, clock, 1)
    rate.throttled(clock(), 0.0)
    assert rate.per_s < lowered_per_s


def test_a_throttle_where_the_last_one_was_leaves_almost_all_of_the_clean_rate(
    rate: SteeredRate, clock: Clock
) -> None:
    """However little was sent just before: the sender may have been late."""
    spend(rate, clock, 5)
    rate.throttled(clock(), 0.0)
    spend(rate, clock, RETURN_WINDOWS)
    clean_per_s = rate.per_s
    spend(rate, clock, 0.9, share=0.6)
    rate.throttled(clock(), 0.0)
    assert rate.per_s == pytest.approx(clean_per_s * SETTLED, rel=0.01)


def test_a_throttle_soon_after_another_takes_off_the_whole_share(
    rate: SteeredRate, clock: Clock
) -> None:
    """No rate has proved clean since."""
    rate.bound(1.0)
    spend(rate, clock, 20)
    for _ in range(3):
        before_per_s = rate.per_s
        rate.throttled(clock(), 0.0)
        assert rate.per_s <= before_per_s * LOWERED * 1.01
        spend(rate, clock, CLEAN_WINDOWS - 2)


def test_an_answer_to_a_request_from_before_it_was_lowered_lowers_it_no_more(
    rate: SteeredRate, clock: Clock
) -> None:
    spend(rate, clock, 5)
    sent_at = clock()
    rate.throttled(sent_at, 0.0)
    lowered_per_s = rate.per_s
    clock.now += 30
    rate.throttled(sent_at, 0.0)
    assert rate.per_s == lowered_per_s


def test_a_late_answer_from_before_a_throttle_does_not_hide_the_next_one(
    rate: SteeredRate, clock: Clock
) -> None:
    spend(rate, clock, 5)
    sent_at = clock()
    clock.now += 0.1
    rate.throttled(sent_at, 0.0)
    spend(rate, clock, 2)
    before_per_s = rate.per_s
    rate.throttled(sent_at, 0.0)
    assert rate.per_s == before_per_s
    rate.throttled(clock(), 0.0)
    assert rate.per_s < before_per_s


def test_a_throttle_that_goes_on_lowers_it_no_further(rate: SteeredRate, clock: Clock) -> None:
    """While nothing passes, waiting is what is missing, however slowly it is asked."""
    spend(rate, clock, 5)
    rate.throttled(clock(), 60.0)
    lowered_per_s = rate.per_s
    for _ in range(100):
        clock.now += 60
        rate.sent()
        rate.throttled(clock(), 60.0)
    assert rate.per_s == lowered_per_s


def test_clean_windows_raise_it_quickly_at_first_and_slowly_around_the_last_throttle(
    rate: SteeredRate, clock: Clock
) -> None:
    rate.bound(40.0)
    spend(rate, clock, 5)
    rate.throttled(clock(), 0.0)
    lowered_per_s = rate.per_s
    spend(rate, clock, RETURN_WINDOWS / 2)
    halfway_per_s = rate.per_s
    spend(rate, clock, RETURN_WINDOWS / 2 + 1)
    assert halfway_per_s - lowered_per_s > 3 * (rate.per_s - halfway_per_s)
    assert rate.per_s == pytest.approx(40, rel=0.01)


def test_it_rises_again_from_the_floor(rate: SteeredRate, clock: Clock) -> None:
    for _ in range(120):
        spend(rate, clock, 10)
        rate.throttled(clock(), 3600.0)
    assert rate.per_s == FLOOR_PER_S
    spend(rate, clock, 900)
    assert rate.per_s == 50


def test_it_rises_more_slowly_if_a_throttle_costs_a_long_wait(clock: Clock) -> None:
    rates = []
    for wait_s in (0.0, 1.0):
        rate = SteeredRate(50.0, clock)
        spend(rate, clock, 5)
        rate.throttled(clock(), wait_s)
        spend(rate, clock, 10)
        rates.append(rate.per_s)
    assert rates[0] > rates[1]


def test_a_window_in_which_the_rate_was_not_the_limit_does_not_raise_it(
    rate: SteeredRate, clock: Clock
) -> None:
    """With little to send, the absence of throttles tells nothing."""
    spend(rate, clock, 5)
    rate.throttled(clock(), 0.0)
    lowered_per_s = rate.per_s
    spend(rate, clock, 60, share=0.5)
    assert rate.per_s == lowered_per_s


def test_a_second_after_a_pause_is_not_taken_for_a_used_one(
    rate: SteeredRate, clock: Clock
) -> None:
    spend(rate, clock, 5)
    rate.throttled(clock(), 0.0)
    lowered_per_s = rate.per_s
    for _ in range(50):
        rate.sent()
        clock.now += 10
    assert rate.per_s == lowered_per_s


@given(
    budget_per_s=st.floats(0.1, 1000),
    steps=st.lists(
        st.one_of(st.floats(0, 30), st.tuples(st.floats(-5, 2), st.floats(0, 3600))), max_size=200
    ),
)
def test_it_stays_between_the_floor_and_the_budget(
    budget_per_s: float, steps: list[float | tuple[float, float]]
) -> None:
    """Whatever comes, in whatever order."""
    clock = Clock()
    rate = SteeredRate(budget_per_s, clock)
    for step in steps:
        if isinstance(step, tuple):
            rate.throttled(clock() + step[0], step[1])
        else:
            clock.now += step
            rate.sent()
        assert min(FLOOR_PER_S, budget_per_s) <= rate.per_s <= budget_per_s
