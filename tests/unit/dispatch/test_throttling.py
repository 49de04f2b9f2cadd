"""What a destination makes of a platform that allows less than it says, in simulated time."""

import itertools
from collections.abc import Callable

import pytest

from relay.dispatch.in_flight import MAX_IN_FLIGHT
from tests.given.destination.throttling import (
    LATE_UNDER_LOAD_S,
    Allowance,
    AtOnce,
    FixedWindow,
    Simulation,
    SlidingWindow,
    TokenBucket,
)

ALLOWED_PER_S = 50
LEARNING_S = 30.0
WATCHED_S = 60.0

PLATFORMS: dict[str, Callable[[], Allowance]] = {
    "window by the clock": lambda: FixedWindow(ALLOWED_PER_S),
    "window by the first request": lambda: FixedWindow(ALLOWED_PER_S, by_clock=False),
    "bucket of 5": lambda: TokenBucket(ALLOWED_PER_S, 5),
    "bucket of 50": lambda: TokenBucket(ALLOWED_PER_S, 50),
    "sliding window": lambda: SlidingWindow(ALLOWED_PER_S),
}


@pytest.mark.parametrize("asked_s", [None, 1.0], ids=["no wait", "Retry-After 1"])
@pytest.mark.parametrize("latency_s", [0.005, 0.1, 0.3])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_unknown_allowance_is_used_to_90_percent_with_under_5_percent_throttled(
    platform: str, latency_s: float, asked_s: float | None
) -> None:
    """After the first half minute, however the platform counts, whether or not it names waits."""
    run = Simulation(PLATFORMS[platform](), latency_s=latency_s, asked_s=asked_s)
    run.run(LEARNING_S + WATCHED_S)
    assert run.taken_per_s(LEARNING_S) >= 0.9 * ALLOWED_PER_S
    assert run.throttled_share(LEARNING_S) < 0.05


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("asked_s", [None, 1.0], ids=["no wait", "Retry-After 1"])
@pytest.mark.parametrize("budget_per_s", [80.0, 500.0])
@pytest.mark.parametrize("platform", ["sliding window", "window by the first request"])
def test_a_busy_machine_uses_it_as_well(
    platform: str, budget_per_s: float, asked_s: float | None, seed: int
) -> None:
    """Each request goes up to 30 ms late, and what was missed goes right after it."""
    run = Simulation(
        PLATFORMS[platform](),
        latency_s=0.05,
        budget_per_s=budget_per_s,
        asked_s=asked_s,
        late_s=LATE_UNDER_LOAD_S,
        seed=seed,
    )
    run.run(LEARNING_S + WATCHED_S)
    assert run.taken_per_s(LEARNING_S) >= 0.9 * ALLOWED_PER_S
    assert run.throttled_share(LEARNING_S) < 0.01


@pytest.mark.parametrize("platform", ["sliding window", "window by the clock", "bucket of 5"])
def test_a_known_allowance_is_tried_at_most_once_a_minute_if_that_costs_a_second(
    platform: str,
) -> None:
    """Each try stops everything for as long as the platform asks."""
    run = Simulation(PLATFORMS[platform](), latency_s=0.05, asked_s=1.0)
    run.run(600)
    tried = [each.at_s for each in run.seen if not each.taken and each.at_s > 120]
    assert tried
    assert all(later - earlier > 60 for earlier, later in itertools.pairwise(tried))
    assert run.taken_per_s(120) >= 0.94 * ALLOWED_PER_S


@pytest.mark.parametrize("asked_s", [None, 1.0])
def test_an_allowance_far_below_the_budget_is_found_as_well(asked_s: float | None) -> None:
    """The budget is twenty times what the platform takes."""
    allowance = FixedWindow(ALLOWED_PER_S)
    run = Simulation(allowance, latency_s=0.05, budget_per_s=1000.0, asked_s=asked_s)
    run.run(LEARNING_S + WATCHED_S)
    assert run.taken_per_s(LEARNING_S) >= 0.9 * ALLOWED_PER_S
    assert run.throttled_share(LEARNING_S) < 0.05


def test_nothing_goes_before_the_moment_that_the_platform_named() -> None:
    run = Simulation(FixedWindow(20), latency_s=0.0, asked_s=3.0)
    run.run(60)
    refused = [each.at_s for each in run.seen if not each.taken]
    assert refused
    for earlier, later in itertools.pairwise(run.seen):
        if not earlier.taken:
            assert later.at_s - earlier.at_s >= 3.0


def test_nothing_waits_much_longer_than_the_platform_asked_for() -> None:
    run = Simulation(FixedWindow(20), latency_s=0.0, asked_s=3.0)
    run.run(60)
    gaps = [later.at_s - earlier.at_s for earlier, later in itertools.pairwise(run.seen)]
    assert max(gaps) < 3.1


def test_a_throttle_that_names_no_wait_costs_less_than_a_second() -> None:
    """The pace is lowered; there is no need to stop."""
    run = Simulation(TokenBucket(ALLOWED_PER_S, 5), latency_s=0.05)
    run.run(LEARNING_S + WATCHED_S)
    gaps = [later.at_s - earlier.at_s for earlier, later in itertools.pairwise(run.seen)]
    assert max(gaps) < 1


def test_a_platform_that_takes_nothing_for_a_while_is_asked_ever_more_rarely() -> None:
    run = Simulation(FixedWindow(0), latency_s=0.05)
    run.run(600)
    assert len(run.seen) < 60
    assert sum(each.at_s > 300 for each in run.seen) <= 30


@pytest.mark.parametrize("asked_s", [None, 1.0, 60.0])
def test_a_platform_that_took_nothing_for_an_hour_gets_the_whole_rate_soon_after(
    asked_s: float | None,
) -> None:
    """While nothing passes, no throttle tells that a lower rate would."""
    run = Simulation(FixedWindow(0), latency_s=0.05, asked_s=asked_s)
    run.run(3600)
    run.allowance = FixedWindow(10_000)
    run.run(240)
    assert run.taken_per_s(since_s=3780) > 70


@pytest.mark.parametrize("asked_s", [None, 1.0, 5.0])
@pytest.mark.parametrize("per_s", [10.0, 60.0])
def test_an_allowance_for_longer_than_a_second_is_used_as_well(
    per_s: float, asked_s: float | None
) -> None:
    """Once it is spent, nothing passes for a while; that alone does not bring the rate down."""
    allowance = FixedWindow(round(ALLOWED_PER_S * per_s), per_s=per_s)
    run = Simulation(allowance, latency_s=0.05, asked_s=asked_s)
    run.run(360)
    assert run.taken_per_s(since_s=120) >= 0.8 * ALLOWED_PER_S
    assert run.throttled_share(since_s=120) < 0.05


def test_an_allowance_that_is_lifted_is_found_out() -> None:
    run = Simulation(FixedWindow(ALLOWED_PER_S), latency_s=0.05)
    run.run(60)
    run.allowance = FixedWindow(10_000)
    run.run(120)
    assert run.taken_per_s(since_s=170) == pytest.approx(80, rel=0.05)


def test_an_allowance_that_drops_is_found_out_within_half_a_minute() -> None:
    run = Simulation(FixedWindow(ALLOWED_PER_S), latency_s=0.05)
    run.run(60)
    run.allowance = FixedWindow(10)
    run.run(60)
    assert run.taken_per_s(since_s=90) >= 9
    assert run.throttled_share(since_s=90) < 0.05


def test_the_whole_budget_goes_out_where_answers_are_slow() -> None:
    """Rate times latency is more than the requests in flight at first."""
    run = Simulation(FixedWindow(10_000), latency_s=0.3)
    run.run(40)
    assert run.taken_per_s(since_s=20) == pytest.approx(80, rel=0.05)


def test_requests_in_flight_stay_bounded_where_a_platform_hangs() -> None:
    run = Simulation(FixedWindow(10_000), latency_s=30.0)
    run.run(600)
    per_round = len(run.seen) / (600 / 30)
    assert per_round <= MAX_IN_FLIGHT


def test_a_platform_that_counts_what_is_under_way_is_used_too() -> None:
    """It allows four requests at once, which is 40 a second."""
    run = Simulation(AtOnce(4, latency_s=0.2), latency_s=0.2)
    run.run(LEARNING_S + WATCHED_S)
    assert run.throttled_share(LEARNING_S) < 0.05
    assert run.taken_per_s(LEARNING_S) >= 0.7 * 40
