"""A batch: the events of one request, in order, and the history of sending them.

When a batch is split, its parts inherit that history, so that a bad event can be told apart from an
outage, however often its batch is split.
"""

import math
from collections.abc import Sequence
from typing import Self

import msgspec

from relay.delivery import Payload
from relay.event_name import Lane
from relay.journal.entry import Pending


class Family(msgspec.Struct, eq=False):
    """State that the parts of a split batch share."""

    aside: int = 0
    """How many parts have stepped aside."""


class Batch(msgspec.Struct, eq=False):
    """See the module docstring. Times are in Unix seconds, `*_at` by the sender's steady clock."""

    pendings: list[Pending]
    payloads: list[Payload]
    sent: bool = False
    """Whether the events were in a request before."""
    doubts: int = 0
    """Consecutive unclear answers; enough of them count as a refusal."""
    failures: int = 0
    """How many requests failed without settling any of its events."""
    failed_at: float = math.inf
    """When the latest of those requests was sent; infinite if there was none."""
    refused_at: float = math.inf
    """When it was first sent and refused without a named culprit; infinite if it never was."""
    named: int = 0
    """How often the platform named a culprit among its events."""
    trials: int = 0
    """How often it was sent as a trial while the platform was in trouble."""
    unknown_at: float = math.inf
    """When it was first sent with an unknown outcome; infinite if it never was."""
    oldest_time_s: int | None = None
    """The earliest event time, once `happened_at` has computed it."""
    suspect: bool = False
    """Whether it is a single event that failed alone while others passed: it stays alone."""
    aside: bool = False
    """Whether it is a single event that was refused alone before any other part of its batch had
    passed: it lets those parts go first."""
    family: Family = msgspec.field(default_factory=Family)

    def __len__(self) -> int:
        return len(self.pendings)

    @property
    def is_part(self) -> bool:
        """Whether it was refused, whole or as part of a batch, without a named culprit."""
        return self.refused_at < math.inf

    @property
    def body_bytes(self) -> int:
        """The size of its events in a request."""
        return sum([len(payload.body) for payload in self.payloads])

    @property
    def oldest_ms(self) -> int:
        """When the longest-waiting event was received, in Unix milliseconds."""
        return min([pending.entry.received_ms for pending in self.pendings])

    @property
    def has_money(self) -> bool:
        """Whether any of its events is in the money lane."""
        return Lane.MONEY in [pending.lane for pending in self.pendings]

    @property
    def money_count(self) -> int:
        """How many of its events are in the money lane."""
        return [pending.lane for pending in self.pendings].count(Lane.MONEY)

    def happened_at(self) -> int:
        """Return the earliest event time in Unix seconds. The batch must not be empty."""
        if self.oldest_time_s is None:
            self.oldest_time_s = min([pending.entry.event_time for pending in self.pendings])
        return self.oldest_time_s

    def begin(self) -> int:
        """Mark it as sent; return how many of its events were sent before."""
        before = len(self) if self.sent else sum([each.attempts > 0 for each in self.pendings])
        self.sent = True
        return before

    def failed(self, sent_at: float) -> Self:
        """Note a failed request; return the batch, to be sent again unchanged."""
        self.failures += 1
        self.failed_at = sent_at
        return self

    def step_aside(self) -> None:
        """Let the other parts of its batch go first."""
        self.aside = True
        self.family.aside += 1

    def apart(self) -> list[Self]:
        """Separate the events without an earlier verdict of their own from those with one."""
        tried = [at for at, each in enumerate(self.pendings) if each.attempts]
        if len(tried) in {0, len(self)}:
            return [self]
        fresh = [at for at, each in enumerate(self.pendings) if not each.attempts]
        return [self.part(fresh), self.part(tried)]

    def part(self, positions: Sequence[int]) -> Self:
        """Return the events at `positions` as a batch of their own."""
        return type(self)(
            [self.pendings[at] for at in positions],
            [self.payloads[at] for at in positions],
            sent=self.sent,
            failures=self.failures,
            failed_at=self.failed_at,
            refused_at=self.refused_at,
            named=self.named,
            trials=self.trials,
            unknown_at=self.unknown_at,
            suspect=self.suspect,
            aside=self.aside,
            family=self.family,
        )

    def halves(self) -> tuple[Self, Self]:
        """Return both halves, each to be sent on its own."""
        middle = len(self) // 2
        return self.part(range(middle)), self.part(range(middle, len(self)))

    def split(self, count: int, *, money_first: bool = False) -> tuple[Self, Self]:
        """Split off the `count` longest-waiting events; `money_first` prefers the money lane."""

        def turn(at: int) -> tuple[int, int]:
            pending = self.pendings[at]
            return pending.lane if money_first else 0, pending.entry.received_ms

        in_turn = sorted(range(len(self)), key=turn)
        return self.part(sorted(in_turn[:count])), self.part(sorted(in_turn[count:]))
