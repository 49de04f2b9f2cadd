import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.pace import LATE_S, STAND_BACK_S, Pace
from relay.dispatch.steady import SteadyClock


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_requests_are_evenly_spread() -> None:
    clock = Clock()
    turn = Pace(4.0, SteadyClock(clock)).turn()
    turn.take()
    clock.now += turn.wait_s()
    turn.take()
    assert turn.wait_s() == 0.25
    clock.now += 0.1
    assert abs(turn.wait_s() - 0.15) < 1e-9


@given(
    rate_per_s=st.floats(0.5, 50),
    steps_s=st.lists(st.floats(0.001, 0.4), min_size=1, max_size=300),
)
def test_no_second_sees_noticeably_more_than_the_rate(
    rate_per_s: float, steps_s: list[float]
) -> None:
    """However late the sender asks, and wherever the second begins."""
    clock = Clock()
    turn = Pace(rate_per_s, SteadyClock(clock)).turn()
    sent_at: list[float] = []
    for step_s in steps_s:
        clock.now += step_s
        while turn.wait_s() <= 0:
            turn.take()
            sent_at.append(clock.now)
    for at, start in enumerate(sent_at):
        within = sum(start <= moment < start + 1 for moment in sent_at[at:])
        assert within <= rate_per_s * (1 + LATE_S) + 1


def test_a_sender_that_is_a_little_late_still_gets_the_whole_rate() -> None:
    clock = Clock()
    turn = Pace(50.0, SteadyClock(clock)).turn()
    sent = 0
    while clock.now < 1_010:
        while turn.wait_s() <= 0:
            turn.take()
            sent += 1
        clock.now += turn.wait_s() + 0.007
    assert 490 <= sent <= 505


def test_the_wait_that_a_throttle_asks_for_is_not_made_up_for() -> None:
    """A burst right after it would bring on the next one."""
    clock = Clock()
    pace = Pace(100.0, SteadyClock(clock))
    turn = pace.turn()
    turn.take()
    pace.throttled(clock(), 1.0)
    clock.now += 1
    turn.take()
    assert turn.wait_s() > 0


def test_a_rate_below_one_a_second_still_lets_a_request_through() -> None:
    clock = Clock()
    turn = Pace(0.1, SteadyClock(clock)).turn()
    assert turn.wait_s() == 0
    turn.take()
    clock.now += 9.0
    assert 0 < turn.wait_s() <= 1.0
    clock.now += 1.0
    assert turn.wait_s() == 0


def test_a_second_destination_of_a_budget_can_only_lower_it() -> None:
    pace = Pace(5.0, SteadyClock(Clock()))
    pace.bound(80.0)
    assert pace.per_s == 5.0
    pace.bound(2.0)
    assert pace.per_s == 2.0


def test_a_throttle_lowers_the_rate_for_all_destinations_of_the_budget() -> None:
    clock = Clock()
    pace = Pace(10.0, SteadyClock(clock))
    first, second = pace.turn(), pace.turn()
    first.take()
    pace.throttled(clock(), 0.0)
    clock.now += 1
    second.take()
    assert second.wait_s() > 0.1


def test_destinations_of_one_budget_take_turns_even_if_one_always_asks_first() -> None:
    clock = Clock()
    pace = Pace(20.0, SteadyClock(clock))
    turns = [pace.turn() for _ in range(3)]
    went = [0, 0, 0]
    while sum(went) < 300:
        for number, turn in enumerate(turns):
            if turn.wait_s() <= 0:
                turn.take()
                went[number] += 1
        clock.now += 0.002
    assert went == [100, 100, 100]
    assert clock.now - 1_000 < 300 / 20 * 1.02


def test_a_destination_that_asked_and_has_nothing_to_send_costs_no_place() -> None:
    clock = Clock()
    pace = Pace(100.0, SteadyClock(clock))
    busy, idle = pace.turn(), pace.turn()
    sent = 0
    while clock.now < 1_010:
        idle.wait_s()
        while busy.wait_s() <= 0:
            busy.take()
            sent += 1
        clock.now += busy.wait_s() + 1e-6
    assert 995 <= sent <= 1_006


def test_a_destination_that_never_asks_again_holds_a_place_for_a_moment_only() -> None:
    """It may have been paused while it waited."""
    clock = Clock()
    pace = Pace(1.0, SteadyClock(clock))
    busy, gone = pace.turn(), pace.turn()
    busy.take()
    wait_s = gone.wait_s()
    assert busy.wait_s() == pytest.approx(wait_s + STAND_BACK_S)
    clock.now += 1.01
    assert busy.wait_s() == 0
    busy.take()
    assert busy.wait_s() == pytest.approx(1 - LATE_S)
