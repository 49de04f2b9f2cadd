"""The request rate of one account or pixel, shared by all destinations that post to it."""

import math
from collections import deque
from collections.abc import Callable


class RateLimit:
    """At most `rate_per_s` requests in any second, wherever the second begins.

    A fraction counts over more than a second: 2.5 are 3 in any 1.2 s. `clock` returns Unix seconds.
    """

    def __init__(self, rate_per_s: float, clock: Callable[[], float]) -> None:
        self.rate_per_s = rate_per_s
        self._clock = clock
        self._sent_at: deque[float] = deque()

    def limit(self, rate_per_s: float) -> None:
        """Lower the rate to what one more destination of the same budget is set to."""
        self.rate_per_s = min(self.rate_per_s, rate_per_s)

    def wait_s(self) -> float:
        """Return the seconds until a request may go; 0 means now."""
        now = self._clock()
        count = math.ceil(self.rate_per_s)
        span_s = count / self.rate_per_s
        self._forget(now, span_s)
        return 0.0 if len(self._sent_at) < count else self._sent_at[-count] + span_s - now

    def take(self) -> None:
        """Count a request that goes now."""
        self._sent_at.append(self._clock())

    def _forget(self, now: float, span_s: float) -> None:
        """Drop what is long ago; a clock that was set back gives nothing away and blocks nothing."""
        if self._sent_at and now < self._sent_at[-1]:
            self._sent_at = deque([now] * len(self._sent_at))
        while self._sent_at and self._sent_at[0] <= now - span_s:
            self._sent_at.popleft()
