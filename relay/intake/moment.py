"""When an event happened: RFC 3339 text or a number into whole Unix seconds."""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec

from relay.intake.problem import Unusable

MILLISECONDS_FROM = 10**11
"""A number from here on is read as milliseconds (10^11 s would be the year 5138)."""
SKEW_S = 60
"""A producer's clock may be this far ahead; such an event is sent as of its receipt."""

_SECOND: Final = slice(17, 19)
"""Where a time in RFC 3339 has its second."""
_FINER: Final = re.compile(r"(?<=\.[0-9]{6})[0-9]+")
"""What is finer than microseconds, which msgspec would round, at worst to the next second."""
_DAY_S: Final = 86_400
_NO_TIME: Final = "This is no RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z."

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
    """Return seconds. Unix time has no leap second: one is the first second of the next day."""
    leap = text[_SECOND] == "60"
    plain = f"{text[: _SECOND.start]}59{text[_SECOND.stop :]}" if leap else text
    try:
        seconds = msgspec.convert(_FINER.sub("", plain), _Rfc3339).timestamp()
    except (msgspec.ValidationError, OverflowError, ValueError):
        raise Unusable("invalid_value", "event_time", _NO_TIME) from None
    basic_offset = text[-1] not in "Zz" and text[-3] != ":"  # +0100, which msgspec takes, too
    if basic_offset or (leap and seconds % _DAY_S < _DAY_S - 1):
        raise Unusable("invalid_value", "event_time", _NO_TIME)
    return seconds + leap


def _number(value: float) -> float:
    """Return seconds; an integer, which may be too large for a float, stays one."""
    return value // 1000 if value >= MILLISECONDS_FROM else value
