"""Counts how often something happened within the last minute, with one count per second."""

from collections import Counter
from collections.abc import Callable
from typing import Final

MINUTE_S: Final = 60


class LastMinute:
    """See the module docstring. `clock` returns Unix seconds, and may be set back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_second: Counter[int] = Counter()

    def add(self) -> None:
        """Count one occurrence, now."""
        self._forget()
        self._by_second[int(self._clock())] += 1

    def count(self) -> int:
        """Return how often it happened within the last minute."""
        self._forget()
        return self._by_second.total()

    def _forget(self) -> None:
        now = int(self._clock())
        for second in [each for each in self._by_second if not now - MINUTE_S < each <= now]:
            del self._by_second[second]
