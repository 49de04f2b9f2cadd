"""The request rate of one account or pixel, shared by all destinations that post to it."""

from collections.abc import Callable

LATE_S = 0.05
"""A request that goes later than it might is made up for by this much. More would come as a burst,
of which a platform may see two in one second."""


class RateLimit:
    """Lets `rate_per_s` requests a second pass, evenly spread. `clock` returns Unix seconds."""

    def __init__(self, rate_per_s: float, clock: Callable[[], float]) -> None:
        self.rate_per_s = rate_per_s
        self._clock = clock
        self._next_at = 0.0

    def limit(self, rate_per_s: float) -> None:
        """Lower the rate to what one more destination of the same budget is set to."""
        self.rate_per_s = min(self.rate_per_s, rate_per_s)

    def wait_s(self) -> float:
        """Return the seconds until a request may go; 0 means now."""
        now, interval_s = self._clock(), 1 / self.rate_per_s
        self._next_at = min(
            self._next_at, now + interval_s
        )  # it is later if the clock was set back
        return max(0.0, self._next_at - now)

    def take(self) -> None:
        """Count a request that goes now."""
        self._next_at = max(self._next_at, self._clock() - LATE_S) + 1 / self.rate_per_s
