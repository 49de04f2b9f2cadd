"""Amounts stay to the digit, within bounds that every platform can hold and in plain text."""

from decimal import Decimal

import pytest

from relay.event import MAX_AMOUNT, Written
from relay.intake.money import amount, currency
from relay.intake.problem import Unusable


@pytest.mark.parametrize(
    "text", ["0", "0.00", "129.95", "129.950", "999999999999999", "999999999999999.99", "0.1234567"]
)
def test_a_text_passes_to_the_digit(text: str) -> None:
    assert str(amount(text, "order.value")) == text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (0, "0"),
        (-0.0, "0"),
        (129.95, "129.95"),
        (1e3, "1000.0"),
        (1e-7, "1E-7"),
        (5e-324, "0"),
        (0.1 + 0.2, "0.3"),
        (MAX_AMOUNT - 1, "999999999999999"),
        (999_999_999_999_999.9, "999999999999999.9"),
        ("007", "7"),
        ("0.30000000000000004", "0.3"),
        ("0.12345678901234567890", "0.123456789012"),
    ],
)
def test_an_amount_has_one_plain_text_for_all_platforms(written: Written, plain: str) -> None:
    assert str(amount(written, "order.value")) == plain


def test_no_amount_is_none() -> None:
    assert amount(None, "order.value") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", ".", ".5", "5.", "1e3", "+5", "--5", "12,50", "1,000", "1_000", "0x10"),
        *(" 5", "5\n", "1 000", "$5", "\uff11\uff12", "\u0663", "½", "\u22125"),
        *("NaN", "sNaN", "Infinity", "-Infinity", "1E+999999999"),
    ],
)
def test_a_text_that_is_not_digits_and_a_point_is_no_amount(text: str) -> None:
    assert problem_of(text) == "invalid_value"


@pytest.mark.parametrize(
    "written",
    [
        *(MAX_AMOUNT, 10**400, 1e15, 1e308, -1, -0.01, -1e308),
        *("1000000000000000", "0000000000000001", "-0", "-0.01", "0.123456789012345678901"),
        *("9" * 100_000, "1." + "0" * 100_000),
    ],
)
def test_an_amount_is_bounded(written: Written) -> None:
    assert problem_of(written) == "out_of_range"


@pytest.mark.parametrize("written", [-1, "-0.01"])
def test_what_is_said_of_an_amount_below_zero_is_what_it_must_be(written: Written) -> None:
    with pytest.raises(Unusable) as caught:
        amount(written, "order.value")

    assert "must not be negative" in caught.value.problem.message


def problem_of(written: Written) -> str:
    with pytest.raises(Unusable) as caught:
        amount(written, "order.items[{}].price", 2)

    problem = caught.value.problem
    assert problem.path == "order.items[2].price"
    return problem.code


@pytest.mark.parametrize("written", ["-5.00", -5, -5.0])
def test_a_discount_is_below_zero_where_that_makes_sense(written: Written) -> None:
    assert amount(written, "order.items[{}].price", negative=True) == Decimal(-5)


@pytest.mark.parametrize("written", [-MAX_AMOUNT, "-1000000000000000", -1e15])
def test_a_discount_is_bounded_as_well(written: Written) -> None:
    with pytest.raises(Unusable, match="out_of_range"):
        amount(written, "order.items[{}].price", negative=True)


@pytest.mark.parametrize(
    ("text", "code"), [("EUR", "EUR"), ("eur", "EUR"), ("Usd", "USD"), ("HRK", "HRK")]
)
def test_a_currency_is_read_in_any_case(text: str, code: str) -> None:
    assert currency(text) == code


def test_no_currency_is_none() -> None:
    assert currency(None) is None


@pytest.mark.parametrize(
    "text", ["", "EURO", "€", "XYZ", "840", "EU R", " EUR", "EUR\n", "\u017fek"]
)
def test_what_is_no_currency_is_an_error(text: str) -> None:
    with pytest.raises(Unusable) as caught:
        currency(text)

    problem = caught.value.problem
    assert (problem.code, problem.path) == ("invalid_value", "order.currency")
