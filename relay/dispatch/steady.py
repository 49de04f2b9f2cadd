"""Time for waits: it follows the clock forward, and simply continues when the clock is set back.

By the clock itself, a wait that began before it was set back would last until it has caught up, and
every later answer would look as if it came from before. So moments that are compared within one
life of the process are taken from here, and only the age of an event from the clock.

Once the clock was set back, this time stays ahead of it until a restart. A moment that people are
told, or that is kept for the next start, is therefore converted first (`by_clock`). All senders and
paces share one steady clock: two would differ by what passed between their last looks.
"""

from collections.abc import Callable


class SteadyClock:
    """Returns seconds that never fall. `clock` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen_s = clock()
        self._ahead_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        now_s = self._clock()
        self._ahead_s += max(0.0, self._seen_s - now_s)
        self._seen_s = now_s
        return now_s + self._ahead_s

    def by_clock(self, moment_s: float) -> float:
        """Return a moment of this time as a moment of the clock."""
        self()  # it may have been set back since
        return moment_s - self._ahead_s
