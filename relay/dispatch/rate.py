"""A request rate that is steered by the answers: lowered by throttles, raised while there are none.

A platform may allow less than it publishes, or share its budget with somebody else. So a throttle
lowers the rate by a share, once a window, and each window without one raises it if the rate was
what held requests back. The rise remembers where the last throttle was: quick at first, very slow
around that ceiling, quicker again once it is left behind (the curve of CUBIC, RFC 9438). A ceiling
that is met a second time is known: from then on the rate stays closer to it, and tries it less
often. So most of the time is spent just under what the platform allows. It holds no timer.
"""

import math
from collections import deque
from collections.abc import Callable

WINDOW_S = 1.0
"""Time between two steps; at low rates it is as long as `WINDOW_REQUESTS` take."""
WINDOW_REQUESTS = 2
LOWERED = 0.93
"""What a throttle leaves of the rate that was really used."""
NEAR = 0.05
"""A throttle within this share of the last one's rate meets the same ceiling; it is less than
`LOWERED` takes off, so that a rate on its way down meets none."""
CLEAN_WINDOWS = 5
"""Windows without a throttle that it takes to call a rate clean."""
SETTLED = 0.97
"""What a throttle at a known ceiling leaves of the clean rate below it. What was sent just before
tells less: on a busy machine it is too little."""
USED_LEAST = 0.5
"""The share of the rate that counts as used whatever was sent: one second does not tell much."""
USED = 0.75
"""The share of its requests that a window has to see for the rate to have been the limit."""
RETURN_WINDOWS = 15
"""Clean windows from a throttle to the rate that it came at."""
RETURN_WINDOWS_PER_WAIT_S = 60
RETURN_WINDOWS_MOST = 120
"""The same grows with the wait that the platform asks for: what is dear is tried less often."""
KNOWN_RETURN = 2
"""How many times as many it takes to a ceiling that is known: there is little to learn from it."""
FLOOR_PER_S = 0.5
"""No throttle lowers the rate below this; the waits between requests do the rest."""


class SteeredRate:
    """Requests a second, between a floor and `most_per_s`. `clock` returns seconds."""

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
        """Whether something passed since the last throttle."""
        self._lowered_at = 0.0
        self._began_at = 0.0
        self._count = 0
        self._count_before = 0
        self._had_throttle = False

    def bound(self, most_per_s: float) -> None:
        """Never rise above this from now on."""
        self._most_per_s = min(self._most_per_s, most_per_s)
        self.per_s = min(self.per_s, self._most_per_s)

    def sent(self) -> None:
        """Count a request that goes now."""
        passed_s = self._clock() - self._began_at
        if passed_s >= self._window_s:
            self._end_window(follows=passed_s < 2 * self._window_s)
        self._count += 1

    def passed(self, sent_at: float) -> None:
        """Take into account that the platform took a request."""
        self._is_over = self._is_over or sent_at >= self._throttled_at

    def throttled(self, sent_at: float, wait_s: float) -> None:
        """Lower the rate, once for all requests of a window; `wait_s` is what a throttle costs.

        While nothing passes after it, a throttle goes on, and more of it tells nothing of the rate.
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
        """Begin a window; `follows` tells that the last one has just ended."""
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
        # At the floor nothing is taken off, and still the rate has to rise again.
        self._depth_per_s = max(before_per_s - self.per_s, before_per_s * (1 - left))
        windows = RETURN_WINDOWS + RETURN_WINDOWS_PER_WAIT_S * wait_s
        self._return_windows = min(windows, RETURN_WINDOWS_MOST) * (KNOWN_RETURN if known else 1)
        self._clean_per_s.clear()
        self._clean = 0.0

    def _is_ceiling_known(self) -> bool:
        """Return whether a throttle now comes where the last one did, after a while without."""
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
        """Return what was sent in the last window's time, and at least some of the rate."""
        passed = min(max((self._clock() - self._began_at) / self._window_s, 0.0), 1.0)
        used_per_s = (self._count_before * (1 - passed) + self._count) / self._window_s
        return min(max(used_per_s, self.per_s * USED_LEAST), self.per_s)
