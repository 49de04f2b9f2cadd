"""Amounts and currencies, checked."""

from decimal import Decimal
from typing import Final

import pycountry

from relay.event import MAX_AMOUNT
from relay.intake.problem import Code, Unusable

MAX_DECIMALS: Final = 20
CURRENCIES: Final = frozenset(currency.alpha_3 for currency in pycountry.currencies) | {
    *("ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"),  # withdrawn lately, still in shops' systems
}

MAX_DIGITS: Final = len(str(MAX_AMOUNT)) - 1
"""Digits before the point: amounts are below 10^15."""
MAX_KEPT_DECIMALS: Final = 12
"""Digits behind the point that are sent; more are what a float leaves behind."""

_DIGITS: Final = frozenset("0123456789")


def amount(
    value: Decimal | None, path: str, at: int = 0, *, negative: bool = False
) -> Decimal | None:
    """Return a finite amount within bounds; `{}` in `path` stands for the index `at`.

    Raises `Unusable` for what is none; below zero only with `negative`. The common case, digits and
    a point and not many of them, is told apart by its text, at a tenth of the price.
    """
    if value is None:
        return None
    text = str(value)
    if len(text) <= MAX_DIGITS and text[0] in _DIGITS and "E" not in text:
        return value
    problem = _problem_of(value, negative=negative)
    if problem is not None:
        code, message = problem
        raise Unusable(code, path.format(at), message)
    return _plain(value)


def currency(text: str | None) -> str | None:
    """Return an ISO 4217 code in upper case. Raises `Unusable` for what is none."""
    if text is None or text in CURRENCIES:
        return text
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise Unusable("invalid_value", "order.currency", "This is no ISO 4217 code such as EUR.")
    return code


def _problem_of(value: Decimal, *, negative: bool) -> tuple[Code, str] | None:
    if not value.is_finite():
        return "invalid_value", "This is not a decimal number."
    if value.adjusted() >= MAX_DIGITS or _decimals(value) > MAX_DECIMALS:
        return "out_of_range", f"Amounts are below 10^15, to {MAX_DECIMALS} decimals."
    if value < 0 and not negative:
        return "out_of_range", "This amount is not negative."
    return None


def _plain(value: Decimal) -> Decimal:
    """Return an amount without exponent, sign of zero, and the noise of a float's last digits.

    All platforms get the same text of it.
    """
    if not value:
        return Decimal(0)
    text = f"{value:.{MAX_KEPT_DECIMALS}f}"
    return Decimal(text.rstrip("0").rstrip("."))


def _decimals(value: Decimal) -> int:
    """Return the digits behind the point; a text that is too long for an amount counts as such."""
    text = str(value)
    if len(text) > 2 * MAX_DECIMALS:
        return len(text)
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
