"""Checks amounts and currencies."""

import re
from decimal import Decimal
from typing import Final

import pycountry

from relay.event import MAX_AMOUNT, Written
from relay.intake.problem import Code, Unusable

MAX_DECIMALS: Final = 20
CURRENCIES: Final = frozenset(currency.alpha_3 for currency in pycountry.currencies) | {
    *("ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"),  # withdrawn recently, still used by shops' systems
}

MAX_DIGITS: Final = len(str(MAX_AMOUNT)) - 1
"""The most digits before the decimal point: amounts are below 10^15."""
MAX_KEPT_DECIMALS: Final = 12
"""The most decimals that are sent; further ones are the noise of floating-point numbers."""

_DIGITS: Final = "0123456789"
_TEXT: Final = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<decimals>[0-9]+))?")


def amount(
    value: Written | None, path: str, at: int = 0, *, negative: bool = False
) -> Decimal | None:
    """Return a finite amount within bounds; `{}` in `path` stands for the index `at`.

    Raises `Unusable` for anything else; it may be below zero only with `negative`. The common case,
    a few digits and a point, is recognised by its text, in a fraction of the time.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text, is_plain = value, _is_plain(value)
    else:
        text = repr(value)
        is_plain = text[0] in _DIGITS and "e" not in text
    if is_plain and len(text) <= MAX_DIGITS:
        return Decimal(text)
    problem = _problem_of(value, negative=negative)
    if problem is not None:
        code, message = problem
        raise Unusable(code, path.format(at), message)
    return _plain(Decimal(text))


def currency(text: str | None) -> str | None:
    """Return an ISO 4217 code in upper case. Raises `Unusable` for anything else."""
    if text is None or text in CURRENCIES:
        return text
    code = text.upper()
    if code not in CURRENCIES or not text.isascii():  # "\u017f" becomes S
        raise Unusable("invalid_value", "order.currency", "This is no ISO 4217 code such as EUR.")
    return code


def _is_plain(text: str) -> bool:
    """Return whether `text` is digits, with at most one decimal point between them."""
    is_digits = text.isascii() and text.replace(".", "", 1).isdigit()
    return is_digits and text[0] != "." and text[-1] != "."


def _problem_of(value: Written, *, negative: bool) -> tuple[Code, str] | None:
    """Return what is wrong, if anything; `Decimal` alone would accept too much, such as `1_000`."""
    if isinstance(value, str):
        form = _TEXT.fullmatch(value)
        if form is None:
            return "invalid_value", "This is not a decimal number."
        below_zero = bool(form["sign"])
        beyond = len(form["whole"]) > MAX_DIGITS or len(form["decimals"] or "") > MAX_DECIMALS
    else:
        below_zero, beyond = value < 0, abs(value) >= MAX_AMOUNT
    if beyond:
        return "out_of_range", f"Amounts are below 10^15, to {MAX_DECIMALS} decimals."
    if below_zero and not negative:
        return "out_of_range", "This amount must not be negative."
    return None


def _plain(value: Decimal) -> Decimal:
    """Return an amount without exponent, negative zero and the noise of a float's last digits.

    So all platforms get the same text.
    """
    if not value:
        return Decimal(0)
    text = f"{value:.{MAX_KEPT_DECIMALS}f}"
    return Decimal(text.rstrip("0").rstrip("."))
