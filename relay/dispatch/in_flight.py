"""Learns from the answers how many requests to one destination may be in flight at once.

The number needed is rate times latency, and the latency is not known in advance. So the limit grows
while it is reached and the answers are clean and as fast as before; throttles and faults lower it.
An upper bound limits memory, since each request holds its events.
"""

MAX_IN_FLIGHT = 32
"""Enough for 80 requests a second at 0.4 s each; beyond that, requests wait their turn."""
FIRST_IN_FLIGHT = 8
THROTTLED = 0.75
FAILED = 0.5
"""The factors by which a throttle and a fault lower the limit."""
SLOWER = 2.0
SLOWER_S = 0.05
"""The factor and the seconds by which answers must exceed the best latency to count as slower: then
requests queue at the platform, or here."""
FORGET = 0.003
"""The share by which a slower answer raises the best latency towards its own."""


class InFlight:
    """See the module docstring. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._most = float(FIRST_IN_FLIGHT)
        self._best_s: float | None = None
        self._lowered_at = 0.0
        self._was_full = False

    @property
    def most(self) -> int:
        """How many requests may be in flight."""
        return int(self._most)

    def is_full(self, in_flight: int) -> bool:
        """Return whether another request has to wait for an answer."""
        self._was_full = in_flight >= self.most
        return self._was_full

    def passed(self, sent_at: float, now: float) -> None:
        """Take a clean answer into account; a full round of them adds one place."""
        latency_s = max(now - sent_at, 0.0)
        best_s = latency_s if self._best_s is None else self._best_s
        self._best_s = min(latency_s, best_s + (latency_s - best_s) * FORGET)
        if self._was_full and latency_s <= best_s * SLOWER + SLOWER_S:
            self._most = min(self._most + 1 / self._most, MAX_IN_FLIGHT)
        self._was_full = False

    def throttled(self, sent_at: float, now: float) -> None:
        """Take a throttle into account."""
        self._lower(THROTTLED, sent_at, now)

    def failed(self, sent_at: float, now: float) -> None:
        """Take a fault into account: no answer, or one that is not understood."""
        self._lower(FAILED, sent_at, now)

    def _lower(self, share: float, sent_at: float, now: float) -> None:
        """Lower the limit, once for all requests that were in flight together."""
        if sent_at < self._lowered_at:
            return
        self._lowered_at = now
        self._most = max(self._most * share, 1.0)
        self._was_full = False
