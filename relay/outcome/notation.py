"""Moments, spans, money and lists as the API, the page, notices and reports write them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

CENTS: Final = 2
NAMED: Final = 3
"""Of more than that, a list names the first ones and counts the rest."""


def utc(seconds: float) -> str:
    """Return a moment as RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal) -> str:
    """Return an amount with two decimals at least, such as `12.50`."""
    exponent = amount.as_tuple().exponent
    cents = isinstance(exponent, int) and exponent > -CENTS
    return f"{amount:.{CENTS}f}" if cents else f"{amount:f}"


def until_full(hours: float) -> str:
    """Return when something is full, as `in about 5 h`."""
    return "in less than an hour" if hours < 1 else f"in about {hours:.0f} h"


def listed(names: Sequence[str], rest: str) -> str:
    """Return a list as in a sentence, such as `A, B and 2 others` where `rest` is `others`."""
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} {rest}"]
    return joined(names)


def joined(texts: Sequence[str]) -> str:
    """Return all of a list as in a sentence, such as `A, B and C`."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if texts[1:] else texts)
