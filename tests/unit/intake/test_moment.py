"""When an event happened, in whichever of its forms a producer says it."""

import pytest

from relay.intake.moment import MILLISECONDS_FROM, SKEW_S, unix_seconds
from relay.intake.problem import Unusable
from tests.given.event.builders import NOW_S

NOW = NOW_S + 0.75


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (NOW_S - 5, NOW_S - 5),
        (NOW_S - 4.25, NOW_S - 5),
        ((NOW_S - 5) * 1000, NOW_S - 5),
        ((NOW_S - 5) * 1000 + 999, NOW_S - 5),
        ((NOW_S - 5) * 1000.0, NOW_S - 5),
        (0, 0),
        (MILLISECONDS_FROM, MILLISECONDS_FROM // 1000),
        ("2025-12-31T23:59:55Z", NOW_S - 5),
        ("2025-12-31T23:59:55.999Z", NOW_S - 5),
        ("2025-12-31T23:59:55.9999999Z", NOW_S - 5),
        ("2026-01-01T00:59:55.999999999999+01:00", NOW_S - 5),
        ("2026-01-01T00:59:55+01:00", NOW_S - 5),
        ("2025-12-31t18:59:55-05:00", NOW_S - 5),
        ("1970-01-01T00:00:00Z", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800),
        ("2017-01-01T00:59:60.5+01:00", 1_483_228_800),
        ("2016-12-31T23:59:60.9999999Z", 1_483_228_800),
    ],
)
def test_a_moment_is_read_as_whole_unix_seconds(value: str | float, seconds: int) -> None:
    assert unix_seconds(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [NOW_S + 1, NOW_S + SKEW_S, NOW + SKEW_S, (NOW_S + SKEW_S) * 1000, "2026-01-01T00:01:00Z"],
)
def test_a_clock_that_is_a_little_fast_is_sent_as_of_receipt(value: str | float) -> None:
    assert unix_seconds(value, NOW) == NOW_S


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (NOW_S + SKEW_S + 1, "future"),
        (NOW + SKEW_S + 0.001, "future"),
        ((NOW_S + 62) * 1000, "future"),
        (MILLISECONDS_FROM - 1, "future"),
        (1e308, "future"),
        (10**400, "future"),
        ("2026-01-01T00:01:01Z", "future"),
        ("9999-12-31T23:59:59-23:59", "future"),
        (-1, "out_of_range"),
        (-0.5, "out_of_range"),
        (-(10**400), "out_of_range"),
        ("1969-12-31T23:59:59Z", "out_of_range"),
        ("0001-01-01T00:00:00+05:00", "out_of_range"),
        ("2026-01-01T00:00:00", "invalid_value"),
        ("2026-01-01", "invalid_value"),
        ("2026-02-30T00:00:00Z", "invalid_value"),
        ("2025-12-31T12:00:60Z", "invalid_value"),
        ("2025-12-31T23:59:61Z", "invalid_value"),
        ("2026-01-01T00:59:55+0100", "invalid_value"),
        ("2025-12-31T23:59:55.5-0000", "invalid_value"),
        ("2025-12-31T23:59:55.1234567", "invalid_value"),
        ("2025-12-31T23:59:55.1234567.8Z", "invalid_value"),
        ("Thu, 01 Jan 2026 00:00:00 GMT", "invalid_value"),
        (str(NOW_S), "invalid_value"),
        ("now", "invalid_value"),
        ("", "invalid_value"),
    ],
)
def test_a_moment_that_cannot_be_is_an_error(value: str | float, code: str) -> None:
    with pytest.raises(Unusable) as caught:
        unix_seconds(value, NOW)

    assert (caught.value.problem.code, caught.value.problem.path) == (code, "event_time")
