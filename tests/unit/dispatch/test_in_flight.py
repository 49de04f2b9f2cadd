import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.in_flight import FIRST_IN_FLIGHT, MAX_IN_FLIGHT, InFlight


@pytest.fixture
def in_flight() -> InFlight:
    return InFlight()


def answer(in_flight: InFlight, rounds: int, *, latency_s: float = 0.1, full: bool = True) -> None:
    """Have all places taken, and all requests answered well, so many times."""
    for _ in range(rounds):
        for number in range(in_flight.most):
            in_flight.is_full(in_flight.most if full else number)
            in_flight.passed(100.0, 100.0 + latency_s)


def test_a_round_of_clean_answers_allows_one_more(in_flight: InFlight) -> None:
    answer(in_flight, 3)
    assert in_flight.most in {FIRST_IN_FLIGHT + 2, FIRST_IN_FLIGHT + 3}


def test_it_does_not_grow_beyond_its_bound(in_flight: InFlight) -> None:
    answer(in_flight, 200)
    assert in_flight.most == MAX_IN_FLIGHT
    assert in_flight.is_full(MAX_IN_FLIGHT)
    assert not in_flight.is_full(MAX_IN_FLIGHT - 1)


def test_it_does_not_grow_while_places_are_free(in_flight: InFlight) -> None:
    answer(in_flight, 50, full=False)
    assert in_flight.most == FIRST_IN_FLIGHT


def test_it_does_not_grow_while_answers_get_slower(in_flight: InFlight) -> None:
    """More requests would only queue."""
    answer(in_flight, 1)
    most = in_flight.most
    answer(in_flight, 5, latency_s=0.5)
    assert in_flight.most == most


def test_answers_that_stay_slow_are_what_the_platform_takes(in_flight: InFlight) -> None:
    answer(in_flight, 1)
    answer(in_flight, 200, latency_s=0.5)
    assert in_flight.most > FIRST_IN_FLIGHT + 5


def test_a_throttle_takes_a_quarter_and_a_fault_half(in_flight: InFlight) -> None:
    in_flight.throttled(100.0, 101.0)
    assert in_flight.most == 6
    in_flight.failed(102.0, 103.0)
    assert in_flight.most == 3


def test_requests_that_were_under_way_together_lower_it_once(in_flight: InFlight) -> None:
    for _ in range(8):
        in_flight.failed(100.0, 101.0)
    assert in_flight.most == FIRST_IN_FLIGHT // 2


@given(
    st.lists(
        st.tuples(st.sampled_from(["passed", "throttled", "failed"]), st.floats(0, 1e6)),
        max_size=300,
    )
)
def test_there_is_always_one_place_and_never_more_than_the_bound(
    answers: list[tuple[str, float]],
) -> None:
    in_flight = InFlight()
    for kind, moment in answers:
        in_flight.is_full(in_flight.most)
        getattr(in_flight, kind)(moment, moment + 0.1)
        assert 1 <= in_flight.most <= MAX_IN_FLIGHT
