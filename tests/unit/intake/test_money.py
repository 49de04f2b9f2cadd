"""Amounts stay to the digit, within bounds that every platform can hold and in plain text."""

from decimal import Decimal

import pytest

from relay.intake.money import amount, currency
from relay.intake.problem import Unusable


@pytest.mark.parametrize(
    "text",
    [
        *("0", "0.00", "129.95", "129.950", "1E-7"),
        *("999999999999999", "999999999999999.99", "0.123456789012"),
    ],
)
def test_an_amount_passes_as_it_is(text: str) -> None:
    assert str(amount(Decimal(text), "order.value")) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1E+3", "1000"),
        ("-0", "0"),
        ("0.30000000000000004", "0.3"),
        ("0.12345678901234567890", "0.123456789012"),
    ],
)
def test_an_unusual_amount_has_one_plain_text_for_all_platforms(text: str, plain: str) -> None:
    assert str(amount(Decimal(text), "order.value")) == plain


def test_no_amount_is_none() -> None:
    assert amount(None, "order.value") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "invalid_value"),
        ("-NaN", "invalid_value"),
        ("sNaN", "invalid_value"),
        ("Infinity", "invalid_value"),
        ("-Infinity", "invalid_value"),
        ("1000000000000000", "out_of_range"),
        ("1E+15", "out_of_range"),
        ("1E+999999999", "out_of_range"),
        ("-1E+999999999", "out_of_range"),
        ("0E+999999", "out_of_range"),
        ("1E-21", "out_of_range"),
        ("1E-999999999", "out_of_range"),
        ("0.123456789012345678901", "out_of_range"),
        ("1." + "0" * 100_000, "out_of_range"),
        ("-0.01", "out_of_range"),
    ],
)
def test_what_is_no_amount_is_an_error(text: str, code: str) -> None:
    with pytest.raises(Unusable) as caught:
        amount(Decimal(text), "order.items[{}].price", 2)

    problem = caught.value.problem
    assert (problem.code, problem.path) == (code, "order.items[2].price")


def test_a_discount_is_below_zero_where_that_makes_sense() -> None:
    assert amount(Decimal("-5.00"), "order.items[{}].price", negative=True) == Decimal(-5)


@pytest.mark.parametrize(
    ("text", "code"), [("EUR", "EUR"), ("eur", "EUR"), (" Usd ", "USD"), ("HRK", "HRK")]
)
def test_a_currency_is_read_in_any_case(text: str, code: str) -> None:
    assert currency(text) == code


def test_no_currency_is_none() -> None:
    assert currency(None) is None


@pytest.mark.parametrize("text", ["", "EURO", "€", "XYZ", "840", "EU R"])
def test_what_is_no_currency_is_an_error(text: str) -> None:
    with pytest.raises(Unusable) as caught:
        currency(text)

    problem = caught.value.problem
    assert (problem.code, problem.path) == ("invalid_value", "order.currency")
