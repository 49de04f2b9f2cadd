"""When an event happened: RFC 3339 text or a number into whole Unix seconds."""

from datetime import datetime
from typing import Annotated

import msgspec

from relay.intake.problem import Unusable

MILLISECONDS_FROM = 10**11
"""A number from here on is read as milliseconds (10^11 s would be the year 5138)."""
SKEW_S = 60
"""A producer's clock may be this far ahead; such an event is sent as of its receipt."""

_Rfc3339 = Annotated[datetime, msgspec.Meta(tz=True)]


def unix_seconds(value: str | float, now_s: float) -> int:
    """Return the moment in whole Unix seconds, never later than now.

    Raises `Unusable`: not RFC 3339, before 1970, or further ahead than a skewed clock explains.
    """
    seconds = _parsed(value) if isinstance(value, str) else _number(value)
    if seconds < 0:
        raise Unusable("out_of_range", "event_time", "Unix time begins in 1970.")
    if seconds <= now_s:
        return int(seconds)
    if seconds > now_s + SKEW_S:
        message = f"This is more than {SKEW_S} s ahead of the relay's clock; check units and clock."
        raise Unusable("future", "event_time", message)
    return int(now_s)


def _parsed(text: str) -> float:
    try:
        return msgspec.convert(text, _Rfc3339).timestamp()
    except (msgspec.ValidationError, OverflowError, ValueError):
        message = "This is no RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z."
        raise Unusable("invalid_value", "event_time", message) from None


def _number(value: float) -> float:
    """Return seconds; an integer, which may be too large for a float, stays one."""
    return value // 1000 if value >= MILLISECONDS_FROM else value
