"""Estimates how fast the journal grows, and when it will reach its limit at that pace.

It keeps one sample a minute for at most the last two hours, and forgets them at a restart.
Retention frees space in bursts, and a shop sells more by day than by night, so the estimate is good
for the next hours, not for the next week.
"""

from collections import deque
from typing import Final

SPAN_S: Final = 2 * 3600
SAMPLE_S: Final = 60
LEAST_S: Final = 300
"""Seconds of observation that an estimate needs at least."""
HOUR_S: Final = 3600


class Growth:
    """See the module docstring. Times are Unix seconds; if they go back, it starts over."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=SPAN_S // SAMPLE_S + 1)

    def note(self, now_s: float, used_bytes: int) -> None:
        """Add a sample of the bytes in use; all but one a minute are ignored."""
        samples = self._samples
        if samples and now_s < samples[-1][0]:
            samples.clear()
        if not samples or now_s - samples[-1][0] >= SAMPLE_S:
            samples.append((now_s, used_bytes))
        while now_s - samples[0][0] > SPAN_S:
            samples.popleft()

    def hours_until(self, left_bytes: int) -> float | None:
        """Return the hours until this many more bytes are in use.

        None if the journal does not grow, or was not observed for `LEAST_S` yet.
        """
        if not self._samples:
            return None
        (first_s, before), (last_s, after) = self._samples[0], self._samples[-1]
        if last_s - first_s < LEAST_S or after <= before:
            return None
        return left_bytes * (last_s - first_s) / (after - before) / HOUR_S
