"""The events of one request, in order, and how they have fared so far.

Parts of a batch inherit what it remembers, so that a bad event can be told from an outage however
often its batch is taken apart.
"""

import math
from collections.abc import Sequence
from typing import Self

import msgspec

from relay.delivery import Payload
from relay.event_name import Lane
from relay.journal.entry import Pending


class Family(msgspec.Struct, eq=False):
    """What the parts share of a batch that was taken apart."""

    aside: int = 0
    """How many of them stepped aside."""


class Batch(msgspec.Struct, eq=False):
    """See the module docstring; moments are Unix seconds."""

    pendings: list[Pending]
    payloads: list[Payload]
    sent: bool = False
    """Whether its events were in a request before."""
    doubts: int = 0
    """Answers in a row that become a refusal if they go on."""
    failures: int = 0
    """Requests that settled nothing of it."""
    failed_at: float = math.inf
    """When the latest of them was sent."""
    refused_at: float = math.inf
    """When the first request was sent that was refused for something in it, nobody knew what."""
    named: int = 0
    """Rounds in which the platform named a culprit among its events."""
    trials: int = 0
    """How often it was sent as a trial of a platform in trouble."""
    unknown_at: float = math.inf
    """When the first request was sent that the platform may have taken without saying so."""
    oldest_time_s: int | None = None
    """When the first of its events happened, once somebody asked."""
    suspect: bool = False
    """Whether it is one event that failed alone while others passed: it stays alone."""
    aside: bool = False
    """Whether it is one event that lets the other parts of its batch go first: it was refused alone
    before any of them had passed."""
    family: Family = msgspec.field(default_factory=Family)

    def __len__(self) -> int:
        return len(self.pendings)

    @property
    def is_part(self) -> bool:
        """Whether it was refused for something in it, nobody knew what."""
        return self.refused_at < math.inf

    @property
    def oldest_ms(self) -> int:
        """When the event that waits longest was received, Unix milliseconds."""
        return min([pending.entry.received_ms for pending in self.pendings])

    @property
    def has_money(self) -> bool:
        """Whether any of its events earns money."""
        return Lane.MONEY in [pending.lane for pending in self.pendings]

    @property
    def money_count(self) -> int:
        """How many of its events earn money."""
        return [pending.lane for pending in self.pendings].count(Lane.MONEY)

    def happened_at(self) -> int:
        """Return when the first of its events happened, Unix seconds; one is there at least."""
        if self.oldest_time_s is None:
            self.oldest_time_s = min([pending.entry.event_time for pending in self.pendings])
        return self.oldest_time_s

    def begin(self) -> int:
        """Mark it as sent; return how many of its events were sent before."""
        before = len(self) if self.sent else sum([each.attempts > 0 for each in self.pendings])
        self.sent = True
        return before

    def failed(self, sent_at: float) -> Self:
        """Return all of it, to be sent again as it is."""
        self.failures += 1
        self.failed_at = sent_at
        return self

    def step_aside(self) -> None:
        """Let the other parts of its batch go first."""
        self.aside = True
        self.family.aside += 1

    def apart(self) -> list[Self]:
        """Return the events that had a verdict of their own before, and the others, if any."""
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
        """Return the `count` events that wait longest, and the rest; or those that earn money."""

        def turn(at: int) -> tuple[int, int]:
            pending = self.pendings[at]
            return pending.lane if money_first else 0, pending.entry.received_ms

        in_turn = sorted(range(len(self)), key=turn)
        return self.part(sorted(in_turn[:count])), self.part(sorted(in_turn[count:]))
