"""Figures, moments and spans of time as people read them."""

from decimal import Decimal

import pytest

from relay.admin import formatting


def test_figures_and_moments_are_written_for_people() -> None:
    assert [formatting.grouped(each) for each in (0, 48210, "8562.50", "1234567")] == [
        *("0", "48,210", "8,562.50", "1,234,567")
    ]
    assert formatting.moment("2026-01-01T00:00:59.123Z") == "2026-01-01 00:00:59 UTC"
    assert formatting.instant(1_767_225_659_999) == "2026-01-01T00:00:59Z"
    assert formatting.counted(1, "conversion") == "1 conversion"
    assert formatting.counted(2000, "conversion") == "2,000 conversions"
    assert formatting.counted(2, "try") == "2 tries"
    assert formatting.plural(1, "was") == "was"
    assert formatting.plural(2, "was") == "were"
    assert formatting.named("add_to_cart") == "Add to cart"
    assert formatting.named("Quiz_Taken by VIPs") == "Quiz_Taken by VIPs"
    assert formatting.named("custom") == "Names of the shop's own"
    assert formatting.about_event("data.134.user_data.em is bad") == "user_data.em is bad"
    assert formatting.about_event("no data.") == "no data."


def test_money_of_several_currencies_is_told_in_one_line() -> None:
    assert formatting.money_text({}) == ""
    assert formatting.money_text({"USD": Decimal("8912.5"), "EUR": Decimal(1)}) == (
        "1.00 EUR and 8,912.50 USD"
    )
    assert formatting.money_text(dict.fromkeys(("USD", "EUR", "JPY"), Decimal(1))) == (
        "1.00 EUR, 1.00 JPY and 1.00 USD"
    )


def test_an_amount_ends_in_no_zero_that_makes_cents_look_like_thousands() -> None:
    """A sum keeps the decimals of what was added to it, though that went out long ago."""
    assert formatting.money_text({"EUR": Decimal("200.000")}) == "200.00 EUR"
    assert formatting.money_text({"EUR": Decimal("200.050")}) == "200.05 EUR"
    assert formatting.money_text({"KWD": Decimal("1.2340")}) == "1.234 KWD"
    assert formatting.money_text({"JPY": Decimal("1E+3")}) == "1,000.00 JPY"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (7_200, "2 hours"),
        (90_000, "1 day"),
        (10 * 86_400, "10 days"),
    ],
)
def test_a_span_of_time_is_spoken_in_its_largest_unit(seconds: float, words: str) -> None:
    assert formatting.spoken(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.25, "within 0.25 s"),
        (2.5, "within 2.5 s"),
        (5, "within 5 seconds"),
        (300, "within 5 minutes"),
        (float("inf"), "after more than an hour"),
    ],
)
def test_a_bound_is_told_as_one(seconds: float, words: str) -> None:
    assert formatting.within(seconds) == words
