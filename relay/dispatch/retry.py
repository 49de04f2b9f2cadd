"""How long to wait before something is tried again.

Waits grow exponentially with full jitter, by `backoff`'s generators; the waits that a platform asks
for are bounded. `backoff`'s decorators are not used: a retry here is a due time, never a sleeping
call around a request.
"""

import random
from collections.abc import Generator

import backoff

TRANSIENT_MAX_S = 15.0
"""The longest wait in transient trouble, unless the platform asks for a longer one."""
CONFIRM_MAX_S = 4.0
"""The longest wait between answers that need confirming; two of them stay well within 15 s."""
THROTTLED_FIRST_S = 0.25
THROTTLED_MAX_S = 60.0
"""First and longest wait after throttles without a hint; the first is short, since the rate is
lowered, too."""
EVENT_MAX_S = 60.0
"""The longest wait between tries of an event that the platform keeps calling transient."""
CULPRIT_MAX_S = 900.0
"""The same for an event that fails while others pass."""
PROBE_FIRST_S = 30.0
PROBE_MAX_S = 300.0
HINT_MAX_S = 3600.0
"""The longest wait that a platform can ask for in one answer."""


class Backoff:
    """Growing waits for one kind of trouble; `reset` when it is over."""

    def __init__(self, first_s: float, max_s: float, randomness: random.Random) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._random = randomness
        self._waits = self._begin()

    def next_s(self) -> float:
        """Return the next wait in seconds, with full jitter."""
        return self._random.uniform(0, next(self._waits))

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._waits = self._begin()

    def _begin(self) -> Generator[float, None, None]:
        waits = backoff.expo(factor=self._first_s, max_value=self._max_s)
        next(waits)  # the generator's first value is its start signal
        return waits


def clamp_hint_s(hint_s: float | None) -> float:
    """Return a platform's wait within bounds: no header can stop a destination for long."""
    return min(max(hint_s or 0.0, 0.0), HINT_MAX_S)


def event_wait_s(attempts: int, randomness: random.Random, max_s: float = EVENT_MAX_S) -> float:
    """Return the seconds until an event's next try; `attempts` counts the earlier ones."""
    waits = backoff.expo(factor=1, max_value=max_s)
    next(waits)
    wait_s = next(waits)
    for _ in range(min(attempts, 12)):
        wait_s = next(waits)
    return randomness.uniform(0, wait_s)
