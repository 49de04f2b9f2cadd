"""Counts the uses of keys, and how much of their rate they have used, once for the whole relay.

A use under way counts unless its request fails, so that a limit is never exceeded. The commit that
holds the events makes a use final; here it is only counted in memory.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, NamedTuple, Protocol

BURST_S: Final = 1.0
"""How much of its rate a key may use at once."""
ROUNDING_S: Final = 1e-9

DenialKind = Literal["unauthorized", "forbidden", "rate_limited"]


class Denied(Exception):
    """Why a key is refused; the message is a sentence for the caller, without any secret."""

    def __init__(self, kind: DenialKind, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_s = retry_after_s


class Meter(NamedTuple):
    """How to count a key: its public half, the key that its uses are counted under, its limits."""

    key: str
    counted: str
    max_uses: int | None
    rate_per_s: float | None


class Counting(Protocol):
    """Counts uses of keys. Await what `begin` and `end` return, if it is not None."""

    def begin(self, meter: Meter) -> Awaitable[None] | None:
        """Take a use; `end` gives it back or makes it final. Raises `Denied`."""
        ...

    def end(self, meter: Meter, *, used: bool) -> Awaitable[object] | None:
        """End a use: `used` if the request is answered `202`. Once awaited, it is free or final."""
        ...

    async def left(self, meter: Meter) -> int | None:
        """Return how often the key may still be used, None for any number."""
        ...


class Uses:
    """Counts uses in memory, starting from those `stored` by key; `clock` returns Unix seconds."""

    def __init__(self, stored: Mapping[str, int], clock: Callable[[], float]) -> None:
        self._taken = dict(stored)
        self._clock = clock
        self._due_s: dict[str, float] = {}

    def begin(self, meter: Meter) -> None:
        """Take a use; `end` gives it back or makes it final. Raises `Denied`."""
        if self.left_now(meter) == 0:
            raise Denied("forbidden", "This key is used up.")
        if meter.rate_per_s is not None:
            self._pace(meter.key, meter.rate_per_s)
        self.add(meter.counted)

    def end(self, meter: Meter, *, used: bool) -> None:
        """End a use that was begun; `used` says whether the request is answered `202`."""
        if not used:
            self.give_back(meter.counted)

    async def left(self, meter: Meter) -> int | None:
        """Return how often the key may still be used, None for any number."""
        return self.left_now(meter)

    def left_now(self, meter: Meter) -> int | None:
        """Return the same, at once."""
        most = meter.max_uses
        return None if most is None else max(0, most - self._taken.get(meter.counted, 0))

    def add(self, counted: str) -> None:
        """Count a use without checking limits."""
        self._taken[counted] = self._taken.get(counted, 0) + 1

    def give_back(self, counted: str) -> None:
        """Give back a use that came to nothing."""
        self._taken[counted] -= 1

    def _pace(self, key: str, rate_per_s: float) -> None:
        """Allow a burst of one second's uses, and then no more than the rate. Raises `Denied`."""
        now_s, interval_s = self._clock(), 1 / rate_per_s
        burst_s = max(BURST_S, interval_s)
        due_s = max(self._due_s.get(key, 0.0), now_s)
        self._due_s[key] = due_s = min(due_s, now_s + burst_s)  # later if the clock was set back
        wait_s = due_s + interval_s - now_s - burst_s
        if wait_s > ROUNDING_S:
            raise Denied("rate_limited", "This key is over its rate.", wait_s)
        self._due_s[key] = due_s + interval_s
