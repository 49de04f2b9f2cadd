from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.limits import RateLimit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_may_go_at_once_and_then_only_after_a_second() -> None:
    clock = Clock()
    limit = RateLimit(3.0, clock)
    for _ in range(3):
        assert limit.wait_s() == 0
        limit.take()
    clock.now = 0.25
    assert limit.wait_s() == 0.75
    clock.now = 1.0
    assert limit.wait_s() == 0


@given(
    rate_per_s=st.floats(0.5, 50),
    steps_s=st.lists(st.floats(0.001, 0.4), min_size=1, max_size=300),
)
def test_no_span_of_time_sees_more_than_the_rate(rate_per_s: float, steps_s: list[float]) -> None:
    """However late the sender asks: at most a request's worth above the rate in any span."""
    clock = Clock()
    limit = RateLimit(rate_per_s, clock)
    sent_at: list[float] = []
    for step_s in steps_s:
        clock.now += step_s
        while limit.wait_s() <= 0:
            limit.take()
            sent_at.append(clock.now)
    for at, start in enumerate(sent_at):
        within = sum(start <= moment < start + 1 for moment in sent_at[at:])
        assert within <= rate_per_s + 1


def test_the_wait_it_names_is_enough() -> None:
    clock = Clock()
    limit = RateLimit(2.5, clock)
    for _ in range(30):
        clock.now += limit.wait_s()
        assert limit.wait_s() <= 1e-9
        limit.take()
    assert 10 <= clock.now <= 12


def test_a_clock_that_is_set_back_gives_nothing_away_and_blocks_nothing() -> None:
    clock = Clock()
    limit = RateLimit(1.0, clock)
    limit.take()
    clock.now = -100.0
    assert limit.wait_s() == 1.0
    clock.now = -99.0
    assert limit.wait_s() == 0


def test_a_rate_below_one_a_second_still_lets_a_request_through() -> None:
    clock = Clock()
    limit = RateLimit(0.1, clock)
    assert limit.wait_s() == 0
    limit.take()
    clock.now = 9.0
    assert limit.wait_s() == 1.0
    clock.now = 10.0
    assert limit.wait_s() == 0


def test_a_second_destination_of_a_budget_can_only_lower_it() -> None:
    limit = RateLimit(5.0, Clock())
    limit.limit(80.0)
    assert limit.rate_per_s == 5.0
    limit.limit(2.0)
    assert limit.rate_per_s == 2.0
