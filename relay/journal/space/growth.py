"""How fast the journal grows, and when it will have reached its limit at that pace.

A sample a minute, of the last two hours at most; nothing of it survives a restart. Retention gives
back what it takes in bursts, and a shop sells more by day than by night, so it is an estimate for
the next hours, not for the next week.
"""

from collections import deque
from typing import Final

SPAN_S: Final = 2 * 3600
SAMPLE_S: Final = 60
LEAST_S: Final = 300
"""A shorter time tells no pace."""
HOUR_S: Final = 3600


class Growth:
    """See the module docstring. Moments are Unix seconds; if they step back, it begins anew."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=SPAN_S // SAMPLE_S + 1)

    def note(self, now_s: float, used_bytes: int) -> None:
        """Take note of the bytes in use; more often than once a minute tells nothing new."""
        samples = self._samples
        if samples and now_s < samples[-1][0]:
            samples.clear()
        if not samples or now_s - samples[-1][0] >= SAMPLE_S:
            samples.append((now_s, used_bytes))
        while now_s - samples[0][0] > SPAN_S:
            samples.popleft()

    def hours_until(self, left_bytes: int) -> float | None:
        """Return when so many bytes more will be in use.

        None if it does not grow, and as long as it was not watched for `LEAST_S`.
        """
        if not self._samples:
            return None
        (first_s, before), (last_s, after) = self._samples[0], self._samples[-1]
        if last_s - first_s < LEAST_S or after <= before:
            return None
        return left_bytes * (last_s - first_s) / (after - before) / HOUR_S
