"""Platforms that allow so many requests a second, and a destination that does not know how many.

Deterministic: time is a number, and the randomness has a seed. The gate, the breaker, the pace and
the bound on requests in flight are the real ones; a loop of events stands in for the sender.
"""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

from relay.config.secret import SecretRef, SecretSource
from relay.delivery import Answer
from relay.dispatch.gate import Gate
from relay.dispatch.pace import Pace
from relay.dispatch.steady import SteadyClock
from relay.journal.base import Journal
from relay.journal.settlement import Pause, Wait
from tests.given.event.builders import NOW_S

LATE_S = 0.002
LATE_UNDER_LOAD_S = 0.03
"""How much later than asked a sleeping sender may wake, on an idle machine and on a busy one."""
JITTER = 0.1
"""The share by which a request is faster or slower than most."""


class Clock:
    """Time that a simulation moves on."""

    now = float(NOW_S)

    def __call__(self) -> float:
        """Return Unix seconds."""
        return self.now


class Allowance(Protocol):
    """What a platform lets through."""

    def takes(self, now: float) -> bool:
        """Count a request that arrives now, and tell whether it is within the allowance."""
        ...


class FixedWindow:
    """So many requests in each window; a window begins by the clock, or with its first request."""

    def __init__(self, requests: int, *, by_clock: bool = True, per_s: float = 1.0) -> None:
        self._requests = requests
        self._by_clock = by_clock
        self._per_s = per_s
        self._ends_at = 0.0
        self._count = 0

    def takes(self, now: float) -> bool:
        """See `Allowance`."""
        if now >= self._ends_at:
            begins_at = math.floor(now / self._per_s) * self._per_s if self._by_clock else now
            self._ends_at = begins_at + self._per_s
            self._count = 0
        self._count += 1
        return self._count <= self._requests


class TokenBucket:
    """So many requests a second on average, and so many at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._tokens = float(burst)
        self._at = 0.0

    def takes(self, now: float) -> bool:
        """See `Allowance`."""
        self._tokens = min(self._tokens + (now - self._at) * self._per_s, self._burst)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class SlidingWindow:
    """So many requests in any one second."""

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self._taken: deque[float] = deque()

    def takes(self, now: float) -> bool:
        """See `Allowance`."""
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) >= self._requests:
            return False
        self._taken.append(now)
        return True


class AtOnce:
    """So many requests under way at once, whatever their rate."""

    def __init__(self, requests: int, latency_s: float) -> None:
        self._requests = requests
        self._latency_s = latency_s
        self._ends: deque[float] = deque()

    def takes(self, now: float) -> bool:
        """See `Allowance`."""
        while self._ends and self._ends[0] <= now:
            self._ends.popleft()
        if len(self._ends) >= self._requests:
            return False
        self._ends.append(now + self._latency_s / 2)
        return True


class Seen(NamedTuple):
    """One request as the platform saw it."""

    at_s: float
    """Seconds since the start."""
    taken: bool


class Simulation:
    """A destination with an endless backlog at a platform with an allowance."""

    def __init__(
        self,
        allowance: Allowance,
        *,
        latency_s: float,
        budget_per_s: float = 80.0,
        asked_s: float | None = None,
        late_s: float = LATE_S,
        seed: int = 1,
    ) -> None:
        self.allowance = allowance
        self.seen: list[Seen] = []
        self.clock = Clock()
        steady = SteadyClock(self.clock)
        self.pace = Pace(budget_per_s, steady)
        self._dice = random.Random(seed)
        self._gate = gate(self.pace, self.clock, steady, self._dice)
        self._latency_s = latency_s
        self._asked_s = asked_s
        self._late_s = late_s
        self._in_flight = 0
        self._wakes_at = 0.0
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def run(self, seconds: float) -> None:
        """Go on for so long."""
        until = self.clock.now + seconds
        self._look()
        while self._events[0][0] <= until:
            self.clock.now, _, event = heapq.heappop(self._events)
            event()
        self.clock.now = until

    def _later(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.clock.now + seconds, next(self._numbers), event))

    def _look(self) -> None:
        while (wait_s := self._gate.wait_s(self._in_flight)) <= 0:
            self._send()
        wait_s += self._dice.uniform(0, self._late_s)
        self._wakes_at = self.clock.now + wait_s
        self._later(wait_s, self._wake)

    def _wake(self) -> None:
        if self.clock.now >= self._wakes_at:  # else something else has woken it since
            self._look()

    def _send(self) -> None:
        self._gate.take()
        self._in_flight += 1
        half_s = self._latency_s / 2 * self._dice.uniform(1 - JITTER, 1 + JITTER)
        sent_at = self.clock.now
        self._later(half_s, lambda: self._arrive(sent_at, half_s))

    def _arrive(self, sent_at: float, half_s: float) -> None:
        taken = self.allowance.takes(self.clock.now)
        self.seen.append(Seen(self.clock.now - NOW_S, taken))
        self._later(half_s, lambda: self._answer(sent_at, taken=taken))

    def _answer(self, sent_at: float, *, taken: bool) -> None:
        self._in_flight -= 1
        throttled = Answer(kind="throttled", wait_s=self._asked_s)
        self._gate.note(Answer(kind="settled") if taken else throttled, sent_at)
        self._look()

    def taken_per_s(self, since_s: float) -> float:
        """Return the rate that the platform took from then to now."""
        taken = sum(each.taken for each in self.seen if each.at_s >= since_s)
        return taken / (self.clock.now - NOW_S - since_s)

    def throttled_share(self, since_s: float) -> float:
        """Return the share of requests from then to now that it refused."""
        seen = [each.taken for each in self.seen if each.at_s >= since_s]
        return seen.count(False) / len(seen)


class Forgetful:
    """The part of a journal that a gate needs; it keeps nothing."""

    def pauses(self) -> dict[str, Pause]:
        """Return none."""
        return {}

    def waits(self) -> dict[str, Wait]:
        """Return none."""
        return {}


def gate(pace: Pace, clock: Clock, steady: SteadyClock, dice: random.Random) -> Gate:
    """Return a real gate without a journal."""
    return Gate(
        "shop",
        journal=cast("Journal", Forgetful()),
        token=SecretSource(SecretRef("env:TOKEN"), {"TOKEN": "canary"}, clock),
        pace=pace,
        clock=steady,
        randomness=dice,
    )
