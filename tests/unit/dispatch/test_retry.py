import random

from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.retry import (
    CULPRIT_MAX_S,
    EVENT_MAX_S,
    HINT_MAX_S,
    Backoff,
    clamp_hint_s,
    event_wait_s,
)


class Latest(random.Random):
    """The longest wait that the jitter can choose."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def test_waits_double_up_to_their_bound_and_begin_again_after_a_reset() -> None:
    waits = Backoff(1.0, 15.0, Latest())
    assert [waits.next_s() for _ in range(6)] == [1, 2, 4, 8, 15, 15]
    waits.reset()
    assert waits.next_s() == 1


def test_a_hint_is_clamped_to_sensible_bounds() -> None:
    assert [clamp_hint_s(hint) for hint in (None, -5, 30, 1e12)] == [0, 0, 30, HINT_MAX_S]


@given(attempts=st.integers(0, 10_000), seed=st.integers())
def test_an_events_own_wait_grows_within_its_bound(attempts: int, seed: int) -> None:
    assert 0 <= event_wait_s(attempts, random.Random(seed)) <= EVENT_MAX_S
    assert event_wait_s(attempts, Latest()) == min(2.0 ** min(attempts, 12), EVENT_MAX_S)


def test_an_event_that_fails_while_others_pass_may_wait_for_longer() -> None:
    assert event_wait_s(100, Latest(), CULPRIT_MAX_S) == CULPRIT_MAX_S
