"""The pace of one account or pixel, shared by all destinations that post to it.

It spreads requests evenly, at a rate that depends on the answers and never exceeds the published or
configured budget. Destinations with the same budget take turns: each has a `Turn`, and the one that
sent last gives way to one that waits. It does no I/O and has no timer; the sender polls `wait_s`.
"""

from relay.dispatch.rate import SteeredRate
from relay.dispatch.steady import SteadyClock

LATE_S = 0.03
"""The seconds of a delay that the next requests may make up for. More would cause a burst, and a
platform could see two bursts within one second."""
STAND_BACK_S = 0.005
"""Seconds that a place is held for a destination whose turn it is and which is about to ask."""


class Pace:
    """See the module docstring."""

    def __init__(self, budget_per_s: float, clock: SteadyClock) -> None:
        self._rate = SteeredRate(budget_per_s, clock)
        self._clock = clock
        self._next_at = 0.0
        self._late_s = LATE_S
        """The seconds that the next request may make up for; 0 after a throttle, to keep its
        wait."""
        self._spent_until = 0.0
        self._count = 0
        self._asking: set[Turn] = set()
        """The turns that were told to wait for the next place."""

    @property
    def per_s(self) -> float:
        """The current rate, in requests per second."""
        return self._rate.per_s

    def bound(self, budget_per_s: float) -> None:
        """Lower the budget to that of one more destination, if it is smaller."""
        self._rate.bound(budget_per_s)

    def turn(self) -> "Turn":
        """Return a turn for one more destination."""
        return Turn(self)

    def wait_s(self, turn: "Turn") -> float:
        """Return the seconds until `turn` may send; 0 means now."""
        now, due_at = self._clock(), max(self._next_at, self._spent_until)
        if any(other.went < turn.went for other in self._asking):
            due_at += STAND_BACK_S
        if now >= due_at:
            self._asking.discard(turn)
            return 0.0
        self._asking.add(turn)
        return due_at - now

    def take(self, turn: "Turn") -> None:
        """Count a request of `turn` that is being sent."""
        self._next_at = max(self._next_at, self._clock() - self._late_s) + 1 / self.per_s
        self._late_s = LATE_S
        self._asking.clear()  # those that still wait ask again
        self._count += 1
        turn.went = self._count
        self._rate.sent()

    def passed(self, sent_at: float) -> None:
        """Take into account that the platform accepted a request."""
        self._rate.passed(sent_at)

    def throttled(self, sent_at: float, wait_s: float) -> None:
        """Take into account that a request was throttled, with a wait of `wait_s`."""
        self._late_s = 0.0
        self._rate.throttled(sent_at, wait_s)

    def spent(self, wait_s: float) -> None:
        """Block all requests for `wait_s`: the account's budget is used up."""
        self._spent_until = max(self._spent_until, self._clock() + wait_s)

    def resume(self) -> None:
        """Clear the wait for a used-up budget."""
        self._spent_until = 0.0


class Turn:
    """One destination's place in a pace. What an answer says about the account goes to the pace."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.went = 0
        """The number of its last request, counted over all destinations of the pace."""

    def wait_s(self) -> float:
        """Return the seconds until a request may go; 0 means now."""
        return self._pace.wait_s(self)

    def take(self) -> None:
        """Count a request that is being sent."""
        self._pace.take(self)
