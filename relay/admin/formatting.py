"""Formats figures, times and durations for people, as unescaped text."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from relay.event_name import CUSTOM, STANDARD_NAMES
from relay.outcome.notation import joined, money

_UNITS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_PLACE: Final = re.compile(r"\bdata(?:\.\d+|\[\d+\])\.(?=\w)")
_IRREGULAR: Final = {"was": "were", "is": "are", "it": "them", "try": "tries"}


def grouped(number: int | str | Decimal) -> str:
    """Return a count or an amount with thousands separators."""
    return f"{Decimal(number):,f}"


def counted(number: int, word: str) -> str:
    """Return a count with its word: `1 conversion`, `2,000 conversions`."""
    return f"{grouped(number)} {plural(number, word)}"


def plural(number: int, word: str) -> str:
    """Return the singular or plural of a word, as the count requires: `was`, `were`."""
    return word if number == 1 else _IRREGULAR.get(word, f"{word}s")


def money_text(amounts: Mapping[str, Decimal]) -> str:
    """Return amounts by currency on one line, '' if there are none."""
    return joined(
        [f"{grouped(money(amount))} {currency}" for currency, amount in sorted(amounts.items())]
    )


def moment(text: str) -> str:
    """Return a time of the API for people, to the second."""
    return f"{text[:19].replace('T', ' ')} UTC"


def instant(milliseconds: float) -> str:
    """Return Unix milliseconds as RFC 3339 to the second."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(seconds: float) -> str:
    """Return a duration in its largest unit, rounded down."""
    for unit, length_s in _UNITS:
        count = int(seconds // length_s)
        if count:
            return counted(count, unit)
    return "less than a second"


def within(seconds: float) -> str:
    """Return the upper bound of a duration, such as `within 0.5 s`."""
    if seconds == float("inf"):
        return "after more than an hour"
    if seconds % 1:  # rounded down, it would be no bound any more
        return f"within {seconds:g} s"
    return f"within {spoken(seconds)}"


def named(event: str) -> str:
    """Return an event name in words: `add_to_cart` becomes `Add to cart`.

    A producer's own name is left unchanged; `custom` stands for all such names.
    """
    if event == CUSTOM:
        return "Names of the shop's own"
    return event.replace("_", " ").capitalize() if event in STANDARD_NAMES else event


def about_event(words: str) -> str:
    """Return a platform's message without the event's index in the request, which nobody sees.

    `data.134.event_id` becomes `event_id`.
    """
    return _PLACE.sub("", words)
