"""A clock for waits: it follows the system clock forward, and runs on when that is set back.

By the system clock, a wait that began before it was set back would last until it has caught up, and
every later answer would seem to come from before that wait. So times that are compared within the
life of a process come from here; only the age of an event is by the system clock.

Once the system clock was set back, this clock stays ahead of it until a restart. So a time that is
shown, or stored for the next start, is converted first (`by_clock`). All senders and paces share
one steady clock: two would differ by the time between their last readings.
"""

from collections.abc import Callable


class SteadyClock:
    """Returns Unix seconds that never go back. `clock` returns those of the system clock."""

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
        """Convert a time of this clock to one of the system clock."""
        self()  # it may have been set back since
        return moment_s - self._ahead_s
