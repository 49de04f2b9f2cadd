"""Amounts and currencies, checked."""

from decimal import Decimal

import pycountry

from relay.intake.problem import Unusable

MAX_AMOUNT = Decimal(10) ** 15
MAX_DECIMALS = 20
CURRENCIES = frozenset(currency.alpha_3 for currency in pycountry.currencies) | {
    *("ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"),  # withdrawn lately, still in shops' systems
}


def amount(value: Decimal | None, path: str, *, negative: bool = False) -> Decimal | None:
    """Return a finite amount within bounds.

    Raises `Unusable` for what is none; below zero only with `negative`.
    """
    if value is None:
        return None
    if not value.is_finite():
        raise Unusable("invalid_value", path, "This is not a decimal number.")
    if abs(value) >= MAX_AMOUNT or _decimals(value) > MAX_DECIMALS:
        raise Unusable(
            "out_of_range", path, f"Amounts are below 10^15, to {MAX_DECIMALS} decimals."
        )
    if value < 0 and not negative:
        raise Unusable("out_of_range", path, "This amount is not negative.")
    return value


def currency(text: str | None) -> str | None:
    """Return an ISO 4217 code in upper case. Raises `Unusable` for what is none."""
    if text is None:
        return None
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise Unusable("invalid_value", "order.currency", "This is no ISO 4217 code such as EUR.")
    return code


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
