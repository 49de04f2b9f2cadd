"""Moments and money as the API and the page write them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

CENTS: Final = 2


def utc(seconds: float) -> str:
    """Return a moment as RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal) -> str:
    """Return an amount with two decimals at least, such as `12.50`."""
    exponent = amount.as_tuple().exponent
    cents = isinstance(exponent, int) and exponent > -CENTS
    return f"{amount:.{CENTS}f}" if cents else f"{amount:f}"
