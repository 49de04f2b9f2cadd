"""Amounts of money that are summed without rounding."""

from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Final

MOST_DIGITS: Final = 40
"""The most digits before and after the decimal point; no currency needs more."""
ZERO: Final = Decimal()
_EXACT: Final = Context(prec=3 * MOST_DIGITS)


def add_exactly(one: Decimal, other: Decimal) -> Decimal:
    """Return the sum of two amounts, unrounded."""
    return _EXACT.add(one, other)


def sum_exactly(amounts: Iterable[Decimal]) -> Decimal:
    """Return the unrounded sum of amounts, leaving out any that cannot be summed without rounding.

    Since intake lets no such amount through, all are added at once, and checked one by one only if
    that fails.
    """
    listed = list(amounts)
    with localcontext(_EXACT):
        try:
            total = sum(listed, ZERO)
        except InvalidOperation:
            total = Decimal("NaN")
        return total if is_money(total) else sum(filter(is_money, listed), ZERO)


def is_money(amount: Decimal) -> bool:
    """Whether an amount can be summed without rounding; intake lets no other through."""
    text = str(amount)
    if len(text) <= MOST_DIGITS and text.replace(".", "", 1).isdigit():
        return True
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int):
        return False  # infinite, or not a number
    return exponent >= -MOST_DIGITS and amount.adjusted() <= MOST_DIGITS
