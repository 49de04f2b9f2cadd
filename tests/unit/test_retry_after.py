"""`Retry-After` as seconds or as a date, and everything that is neither."""

import pytest

from relay.retry_after import retry_after_s

NOON = "Wed, 25 Nov 2026 12:00:00 GMT"


def test_without_the_header_there_is_no_wait() -> None:
    assert retry_after_s({}) is None


def test_seconds_are_taken_as_they_are() -> None:
    assert retry_after_s({"retry-after": " 120 "}) == 120.0


@pytest.mark.parametrize("value", ["4294967295", "9" * 18])
def test_seconds_beyond_all_bounds_are_a_wait_all_the_same(value: str) -> None:
    assert retry_after_s({"retry-after": value}) == float(value)


@pytest.mark.parametrize(("value", "wait_s"), [("4.5", 5.0), ("0.001", 1.0), ("4.0", 4.0)])
def test_decimals_are_rounded_up(value: str, wait_s: float) -> None:
    assert retry_after_s({"retry-after": value}) == wait_s


@pytest.mark.parametrize(
    ("date", "wait_s"),
    [
        ("Wed, 25 Nov 2026 12:02:00 GMT", 120.0),
        ("Wed, 25 Nov 2026 13:01:00 +0100", 60.0),
        ("Wed, 25 Nov 2026 12:02:00 -0000", 120.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_a_date_is_measured_from_the_answers_own_clock(date: str, wait_s: float) -> None:
    assert retry_after_s({"retry-after": date, "date": NOON}) == wait_s


def test_a_date_without_a_clock_beside_it_is_no_wait() -> None:
    assert retry_after_s({"retry-after": NOON}) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "1.",
        ".5",
        "1.5.0",
        "1e3",
        "٣",
        "9" * 5000,
        "Wed, 99 Nov 2026",
        "Mon, 1 Jan 0",
        "Fri, 31 Dec 9999 23:59:59 -0100",
    ],
)
def test_what_cannot_be_read_is_no_wait(value: str) -> None:
    assert retry_after_s({"retry-after": value, "date": NOON}) is None
