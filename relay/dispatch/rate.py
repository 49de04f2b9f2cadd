"""A request rate that follows the answers: throttles lower it, and it rises while there are none.

A platform may allow less than it publishes, or share its budget with others. So a throttle lowers
the rate by a share, at most once per window, and each window without a throttle raises it, provided
that the rate was what held requests back. The rise depends on the rate of the last throttle, the
ceiling: it is fast at first, very slow near the ceiling, and faster again above it (the curve of
CUBIC, RFC 9438). A ceiling that is met twice is known: from then on the rate stays closer to it,
and tests it less often. So most of the time the rate is just below what the platform allows. There
is no timer.
"""

import math
from collections import deque
from collections.abc import Callable

WINDOW_S = 1.0
"""The length of a window in seconds; at low rates, the time of `WINDOW_REQUESTS` requests."""
WINDOW_REQUESTS = 2
LOWERED = 0.93
"""The factor by which a throttle lowers the rate that was actually used."""
NEAR = 0.05
"""A throttle within this share of the last one's rate meets the same ceiling. It is less than a
throttle takes off (`LOWERED`), so that a falling rate meets none."""
CLEAN_WINDOWS = 5
"""Windows without a throttle after which a rate counts as clean."""
SETTLED = 0.97
"""The factor by which a throttle at a known ceiling lowers the clean rate below it. The requests
just before it say less: on a busy machine they are too few."""
USED_LEAST = 0.5
"""The least share of the rate that counts as used: the requests of one second say little."""
USED = 0.75
"""The share of its possible requests that a window must have for the rate to be the limit."""
RETURN_WINDOWS = 15
"""Clean windows from a throttle until the rate is back where it was."""
RETURN_WINDOWS_PER_WAIT_S = 60
RETURN_WINDOWS_MOST = 120
"""That number grows with the wait that the platform asks for: an expensive ceiling is tested less
often."""
KNOWN_RETURN = 2
"""The factor for a known ceiling: testing it again teaches little."""
FLOOR_PER_S = 0.5
"""No throttle lowers the rate below this; the waits between requests do the rest."""


class SteeredRate:
    """Requests per second, between a floor and `most_per_s`. `clock` returns seconds."""

    def __init__(self, most_per_s: float, clock: Callable[[], float]) -> None:
        self.per_s = most_per_s
        self._most_per_s = most_per_s
        self._clock = clock
        self._ceiling_per_s = math.inf
        self._clean_per_s: deque[float] = deque(maxlen=CLEAN_WINDOWS)
        """The rates of the last windows that had no throttle; the first is the lowest."""
        self._depth_per_s = 0.0
        self._clean = self._return_windows = float(RETURN_WINDOWS)
        self._throttled_at = 0.0
        self._is_over = True
        """Whether a request has passed since the last throttle."""
        self._lowered_at = 0.0
        self._began_at = 0.0
        self._count = 0
        self._count_before = 0
        self._had_throttle = False

    def bound(self, most_per_s: float) -> None:
        """Lower the maximum to `most_per_s`, if it is smaller."""
        self._most_per_s = min(self._most_per_s, most_per_s)
        self.per_s = min(self.per_s, self._most_per_s)

    def sent(self) -> None:
        """Count a request that is being sent."""
        passed_s = self._clock() - self._began_at
        if passed_s >= self._window_s:
            self._end_window(follows=passed_s < 2 * self._window_s)
        self._count += 1

    def passed(self, sent_at: float) -> None:
        """Take into account that the platform accepted a request."""
        self._is_over = self._is_over or sent_at >= self._throttled_at

    def throttled(self, sent_at: float, wait_s: float) -> None:
        """Lower the rate, once for all requests of a window; `wait_s` is what a throttle costs.

        Until a request passes, further throttles belong to the same one, and say nothing new.
        """
        self._had_throttle = True
        now = self._clock()
        if sent_at < self._throttled_at:
            return
        is_new, self._is_over, self._throttled_at = self._is_over, False, now
        if is_new and sent_at >= self._lowered_at + WINDOW_S:
            self._lower(wait_s)

    @property
    def _window_s(self) -> float:
        return max(WINDOW_S, WINDOW_REQUESTS / self.per_s)

    def _end_window(self, *, follows: bool) -> None:
        """Begin a window; `follows` is whether the previous one has only just ended."""
        was_limit = self._count >= USED * self.per_s * self._window_s
        if follows and was_limit and not self._had_throttle:
            self._raise()
        self._count_before = self._count if follows else 0
        self._began_at = self._clock()
        self._count = 0
        self._had_throttle = False

    def _lower(self, wait_s: float) -> None:
        known, before_per_s = self._is_ceiling_known(), self.per_s
        left = SETTLED if known else LOWERED
        of_per_s = min(self._clean_per_s[0], before_per_s) if known else self._used_per_s()
        self.per_s = max(of_per_s * left, min(FLOOR_PER_S, self._most_per_s))
        self._lowered_at = self._clock()
        self._ceiling_per_s = before_per_s
        # At the floor the rate is not lowered, but still has to be able to rise.
        self._depth_per_s = max(before_per_s - self.per_s, before_per_s * (1 - left))
        windows = RETURN_WINDOWS + RETURN_WINDOWS_PER_WAIT_S * wait_s
        self._return_windows = min(windows, RETURN_WINDOWS_MOST) * (KNOWN_RETURN if known else 1)
        self._clean_per_s.clear()
        self._clean = 0.0

    def _is_ceiling_known(self) -> bool:
        """Return whether a throttle now is at the last one's rate, after enough clean windows."""
        is_near = 1 - NEAR <= self.per_s / self._ceiling_per_s <= 1 + NEAR
        return is_near and len(self._clean_per_s) == CLEAN_WINDOWS

    def _raise(self) -> None:
        self._clean_per_s.append(self.per_s)
        self._clean += 1
        beyond = self._clean - self._return_windows
        beyond /= self._return_windows if beyond < 0 else RETURN_WINDOWS
        per_s = self._ceiling_per_s + self._depth_per_s * beyond**3
        self.per_s = min(max(per_s, self.per_s), self._most_per_s)

    def _used_per_s(self) -> float:
        """Return the rate used in the last window's time, at least `USED_LEAST` of `per_s`."""
        passed = min(max((self._clock() - self._began_at) / self._window_s, 0.0), 1.0)
        used_per_s = (self._count_before * (1 - passed) + self._count) / self._window_s
        return min(max(used_per_s, self.per_s * USED_LEAST), self.per_s)
