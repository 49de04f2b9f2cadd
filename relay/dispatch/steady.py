"""Time for waits: it follows the clock forward, and goes on where it was when that is set back.

A wait that began before the clock was set back would last until the clock comes round again, and
every later answer would look like one from before. So moments that are compared with each other
within one life of the process are taken from here; the age of an event from the clock itself. It
stays ahead by what the clock was set back, until a restart: a moment of it that people are told, or
that is kept for the next start, is made one of the clock before. All senders and paces share one:
two would differ by what passed between their last looks.
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
        """Return a moment of this time as the clock has it, now that it was set back."""
        self()  # it may have been set back since
        return moment_s - self._ahead_s
