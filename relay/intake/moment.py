"""Parses the time of an event, RFC 3339 text or a number, to whole Unix seconds."""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec

from relay.intake.problem import Unusable

MILLISECONDS_FROM = 10**11
"""Numbers from here on are milliseconds (10^11 s would be the year 5138)."""
SKEW_S = 60
"""Seconds that a producer's clock may be ahead; such an event gets the time of its receipt."""

_SECOND: Final = slice(17, 19)
"""The position of the seconds in an RFC 3339 time."""
_FINER: Final = re.compile(r"(?<=\.[0-9]{6})[0-9]+")
"""Digits beyond microseconds: msgspec would round them, at worst up to the next second."""
_DAY_S: Final = 86_400
_NO_TIME: Final = "This is no RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z."

_Rfc3339 = Annotated[datetime, msgspec.Meta(tz=True)]


def unix_seconds(value: str | float, now_s: float) -> int:
    """Return the time in whole Unix seconds, never later than now.

    Raises `Unusable` if it is not RFC 3339, before 1970, or more than `SKEW_S` ahead.
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
    """Return Unix seconds; a leap second counts as the first second of the next day."""
    leap = text[_SECOND] == "60"
    plain = f"{text[: _SECOND.start]}59{text[_SECOND.stop :]}" if leap else text
    try:
        seconds = msgspec.convert(_FINER.sub("", plain), _Rfc3339).timestamp()
    except (msgspec.ValidationError, OverflowError, ValueError):
        raise Unusable("invalid_value", "event_time", _NO_TIME) from None
    basic_offset = text[-1] not in "Zz" and text[-3] != ":"  # +0100, which msgspec accepts, too
    if basic_offset or (leap and seconds % _DAY_S < _DAY_S - 1):
        raise Unusable("invalid_value", "event_time", _NO_TIME)
    return seconds + leap


def _number(value: float) -> float:
    """Return seconds; an integer stays one, since it may be too large for a float."""
    return value // 1000 if value >= MILLISECONDS_FROM else value
