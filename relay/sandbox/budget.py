"""A request budget per account in fixed windows, as the platforms count calls."""

import math
from collections.abc import Callable

import msgspec

MAX_ACCOUNTS = 1_000
"""How many accounts are counted at once; one more makes the oldest start from zero."""


class Standing(msgspec.Struct, frozen=True):
    """Where an account stands after a request."""

    remaining: int
    """Requests left in this window; negative once over the budget."""
    reset_s: int
    """Whole seconds until the window ends, at least 1."""

    @property
    def is_over(self) -> bool:
        """Whether the request that was just counted exceeds the budget."""
        return self.remaining < 0


class _Window:
    __slots__ = ("count", "ends_at")

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.count = 0


class Budget:
    """Counts requests; a new window begins with the first request after the last window ended."""

    def __init__(self, requests: int, per_s: float, clock: Callable[[], float]) -> None:
        self._requests = requests
        self._per_s = per_s
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def take(self, account: str) -> Standing:
        """Count one request of `account` and return where it stands now."""
        now = self._clock()
        window = self._windows.get(account)
        if window is None or now >= window.ends_at:
            window = self._open(account, now)
        window.count += 1
        left_s = max(1, math.ceil(window.ends_at - now))
        return Standing(self._requests - window.count, left_s)

    def _open(self, account: str, now: float) -> _Window:
        self._windows.pop(account, None)
        if len(self._windows) >= MAX_ACCOUNTS:
            del self._windows[next(iter(self._windows))]
        window = self._windows[account] = _Window(now + self._per_s)
        return window
