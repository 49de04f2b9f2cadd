"""The `Retry-After` header of an HTTP answer, in seconds (RFC 9110, section 10.2.3).

Pure: a date is compared with the answer's own `Date`, so no clock is needed, and a platform whose
clock is wrong can still name a wait; `relay.dispatch.transport` adds the date to an answer without
one. Decimals, which the RFC does not allow, are rounded up. An unreadable value is no wait. The
caller must bound the result.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_SECONDS: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")
"""The RFC sets no maximum, and some servers say "never" with the largest number they have."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, or None if the answer names none; keys are lower-case."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(math.ceil(float(value)))
    until, now = _moment(value), _moment(headers.get("date", ""))
    if until is None or now is None:
        return None
    return max((until - now).total_seconds(), 0.0)


def _moment(date: str) -> datetime | None:
    """Return an HTTP date in UTC, or None if it is not one."""
    try:
        moment = parsedate_to_datetime(date)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
