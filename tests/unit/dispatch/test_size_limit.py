import pytest

from relay.delivery import DELIVERED, Answer
from relay.dispatch.size_limit import FULL_REQUESTS, LEAST_BYTES, SizeLimit

MOST = 2_000_000
TOO_LARGE = Answer(kind="refused", http_status=413)
PASSED = Answer(kind="settled", http_status=200, verdicts=[DELIVERED])


def test_at_first_it_is_what_is_published() -> None:
    assert SizeLimit(MOST).max_bytes == MOST


def test_a_request_that_was_too_large_allows_half_of_it() -> None:
    limit = SizeLimit(MOST)
    limit.note(TOO_LARGE, 1_000_000)
    assert limit.max_bytes == 500_000
    limit.note(TOO_LARGE, 500_000)
    assert limit.max_bytes == 250_000


def test_late_answers_to_larger_requests_allow_no_more() -> None:
    limit = SizeLimit(MOST)
    limit.note(TOO_LARGE, 500_000)
    limit.note(TOO_LARGE, 1_900_000)
    assert limit.max_bytes == 250_000


@pytest.mark.parametrize("size_bytes", [1, LEAST_BYTES])
def test_a_small_request_that_is_too_large_is_an_odd_event(size_bytes: int) -> None:
    limit = SizeLimit(MOST)
    limit.note(TOO_LARGE, size_bytes)
    assert limit.max_bytes == MOST


def test_it_never_falls_below_the_least() -> None:
    limit = SizeLimit(MOST)
    limit.note(TOO_LARGE, LEAST_BYTES + 1)
    assert limit.max_bytes == LEAST_BYTES


def test_other_refusals_are_about_events() -> None:
    limit = SizeLimit(MOST)
    limit.note(Answer(kind="refused", http_status=400), 1_000_000)
    assert limit.max_bytes == MOST


def test_it_grows_again_up_to_what_is_published() -> None:
    limit = SizeLimit(MOST)
    limit.note(TOO_LARGE, 1_200_000)
    for _ in range(FULL_REQUESTS):
        limit.note(PASSED, 300_000)  # half empty: no news about large ones
    assert limit.max_bytes == 600_000
    for _ in range(FULL_REQUESTS):
        limit.note(PASSED, 590_000)
    assert limit.max_bytes == 1_200_000
    for _ in range(FULL_REQUESTS - 1):
        limit.note(PASSED, 1_100_000)
    assert limit.max_bytes == 1_200_000
    limit.note(PASSED, 1_100_000)
    assert limit.max_bytes == MOST


def test_an_event_that_is_refused_as_too_large_whatever_is_with_it_narrows_little() -> None:
    """Its batch is halved down to it; the other halves are as large and pass."""
    limit = SizeLimit(MOST)
    limit.note(TOO_LARGE, 800_000)
    size_bytes = 400_000
    while size_bytes > 1_000:
        limit.note(PASSED, size_bytes)
        limit.note(TOO_LARGE, size_bytes)
        size_bytes //= 2
    assert limit.max_bytes == 400_000


def test_a_limit_that_is_lowered_later_is_learnt_as_well() -> None:
    limit = SizeLimit(MOST)
    limit.note(PASSED, 1_900_000)
    for _ in range(2):
        limit.note(TOO_LARGE, 1_900_000)
    assert limit.max_bytes == 950_000
