from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.limits import LATE_S, RateLimit


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_requests_are_evenly_spread() -> None:
    clock = Clock()
    limit = RateLimit(4.0, clock)
    limit.take()
    clock.now += limit.wait_s()
    limit.take()
    assert limit.wait_s() == 0.25
    clock.now += 0.1
    assert abs(limit.wait_s() - 0.15) < 1e-9


@given(
    rate_per_s=st.floats(0.5, 50),
    steps_s=st.lists(st.floats(0.001, 0.4), min_size=1, max_size=300),
)
def test_no_second_sees_noticeably_more_than_the_rate(
    rate_per_s: float, steps_s: list[float]
) -> None:
    """However late the sender asks, and wherever the second begins."""
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
        assert within <= rate_per_s * (1 + LATE_S) + 1


def test_a_sender_that_is_a_little_late_still_gets_the_whole_rate() -> None:
    clock = Clock()
    limit = RateLimit(50.0, clock)
    sent = 0
    while clock.now < 1_010:
        while limit.wait_s() <= 0:
            limit.take()
            sent += 1
        clock.now += limit.wait_s() + 0.007
    assert 490 <= sent <= 505


def test_a_clock_that_is_set_back_gives_nothing_away_and_blocks_nothing() -> None:
    clock = Clock()
    limit = RateLimit(1.0, clock)
    limit.take()
    clock.now = 100.0
    assert limit.wait_s() == 1.0
    clock.now = 101.0
    assert limit.wait_s() == 0


def test_a_rate_below_one_a_second_still_lets_a_request_through() -> None:
    clock = Clock()
    limit = RateLimit(0.1, clock)
    assert limit.wait_s() == 0
    limit.take()
    clock.now += 9.0
    assert 0 < limit.wait_s() <= 1.0
    clock.now += 1.0
    assert limit.wait_s() == 0


def test_a_second_destination_of_a_budget_can_only_lower_it() -> None:
    limit = RateLimit(5.0, Clock())
    limit.limit(80.0)
    assert limit.rate_per_s == 5.0
    limit.limit(2.0)
    assert limit.rate_per_s == 2.0
