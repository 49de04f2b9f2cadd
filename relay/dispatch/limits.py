"""The request rate of one account or pixel, shared by all destinations that post to it."""

from collections.abc import Callable

BURST_S = 1.0
"""Unused budget is kept for this long, so that a quiet second allows a burst of one second."""


class TokenBucket:
    """At most `rate_per_s` requests a second in the long run, never more than a second's burst."""

    def __init__(self, rate_per_s: float, clock: Callable[[], float]) -> None:
        self.rate_per_s = rate_per_s
        self._clock = clock
        self._capacity = max(rate_per_s * BURST_S, 1.0)
        self._tokens = self._capacity
        self._filled_at = clock()

    def limit(self, rate_per_s: float) -> None:
        """Lower the rate to what one more destination of the same budget is set to."""
        self.rate_per_s = min(self.rate_per_s, rate_per_s)
        self._capacity = max(self.rate_per_s * BURST_S, 1.0)

    def wait_s(self) -> float:
        """Return the seconds until a request may go; 0 means now."""
        self._fill()
        return max(0.0, (1.0 - self._tokens) / self.rate_per_s)

    def take(self) -> None:
        """Count a request that goes now."""
        self._fill()
        self._tokens -= 1.0

    def _fill(self) -> None:
        now = self._clock()
        elapsed_s = max(0.0, now - self._filled_at)
        self._filled_at = now
        self._tokens = min(self._capacity, self._tokens + elapsed_s * self.rate_per_s)
