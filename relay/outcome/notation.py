"""Formats times, durations, money and lists for the API, the page, notices and reports."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

CENTS: Final = 2
NAMED: Final = 3
"""How many items a list names; it counts the rest."""


def utc(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal) -> str:
    """Return an amount with two decimals, or as many as are needed: `12.50`, `1.234`."""
    units, _, decimals = f"{amount:f}".partition(".")
    return f"{units}.{decimals.rstrip('0'):0<{CENTS}}"


def until_full(hours: float) -> str:
    """Return when something will be full, such as `in about 5 hours`."""
    if hours < 1:
        return "in less than an hour"
    days, whole_hours = round(hours / 24), round(hours)
    if days > 1:
        return f"in about {days} days"
    return f"in about {whole_hours} hours" if whole_hours > 1 else "in about an hour"


def listed(names: Sequence[str], rest: str) -> str:
    """Return a list for a sentence, such as `A, B and 2 others` if `rest` is `others`."""
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} {rest}"]
    return joined(names)


def joined(texts: Sequence[str]) -> str:
    """Return a whole list for a sentence, such as `A, B and C`."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if texts[1:] else texts)
