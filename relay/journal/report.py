"""What the journal reports about its content: counts, funnels, timelines, space."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.conversion import Conversion
from relay.delivery import Outcome
from relay.journal.entry import Entry

FOR_EVER_MS: Final = 2**62
"""A moment that never comes."""

DeliveryState = Literal["skipped", "pending", "delivered", "dead"]


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Lifetime counts, one snapshot; keys are (destination, label) or as named.

    Per destination: accepted + replayed = skipped + pending + delivered + dead.
    """

    received: Mapping[tuple[str, str], int]
    """(source, event label)."""
    rejected: Mapping[tuple[str, str], int]
    """(source, code)."""
    accepted: Mapping[str, int]
    replayed: Mapping[str, int]
    delivered: Mapping[tuple[str, str], int]
    """(destination, event label)."""
    skipped: Mapping[tuple[str, str], int]
    """(destination, reason)."""
    dead: Mapping[tuple[str, str], int]
    """(destination, reason); never falls."""
    value_delivered: Mapping[tuple[str, str], Decimal]
    """(destination, currency), purchases only."""


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one destination over a range of receipt minutes, with their state now."""

    received: int = 0
    skipped: int = 0
    delivered: int = 0
    dead: int = 0
    value_delivered: Mapping[str, Decimal] = {}

    @property
    def pending(self) -> int:
        """What is neither skipped nor at an end."""
        return self.received - self.skipped - self.delivered - self.dead


class RangeReport(msgspec.Struct, frozen=True):
    """The funnel of the relay and of each destination since a moment."""

    received: int
    rejected: int
    destinations: Mapping[str, Funnel]


class Attempt(msgspec.Struct, frozen=True):
    """One request that covered an event; `outcome` is this event's own where it differs."""

    at_ms: int
    outcome: Outcome
    http_status: int | None
    code: str
    message: str
    request_id: str
    duration_ms: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event at one destination; the last 20 attempts, oldest first."""

    destination: str
    state: DeliveryState
    reason: str | None
    message: str
    attempt_count: int
    attempts: Sequence[Attempt]
    due_ms: int | None = None
    """When an event that waits for a try of its own may be sent again; not before."""


class FoundEvent(msgspec.Struct, frozen=True):
    """An event of the log with its deliveries."""

    conversion: Conversion
    deliveries: Sequence[Delivery]


class KindCount(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one kind of event at one destination."""

    event: str
    received: int
    skipped: int
    delivered: int
    dead: int
    last_s: int
    """When the last minute (or hour) with an event of it began, in Unix seconds."""

    @property
    def pending(self) -> int:
        """What is neither skipped nor at an end."""
        return self.received - self.skipped - self.delivered - self.dead


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one destination for what was received in one step of time."""

    start_s: int
    received: int
    skipped: int
    delivered: int
    dead: int


class ErasedAt(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure found at one destination."""

    erased: int
    """Events that waited and are dead now."""
    dead: int
    """Dead letters that lost their payload; their reason stays."""
    delivered: int
    """Events that the platform has got: only it can erase those."""
    delivered_event_ids: Sequence[str]
    """Their ids, the first 1,000."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did."""

    events: int
    destinations: Mapping[str, ErasedAt]
    """Those that had any of the events."""
    damaged: int
    """Events that may be the person's and cannot be read: they stay as they are."""
    emptied: bool
    """Whether nothing is left in the files; if not, old bytes stay in them for a while."""


class Risk(msgspec.Struct, frozen=True):
    """What waits for a destination, as far as it may come too late."""

    oldest: Sequence[Entry]
    """The events that wait longest: one of each lane and one of the retries, where any wait."""
    worth: Mapping[str, Decimal]
    """What the purchases that wait are worth, by currency."""


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """How full the journal is."""

    size_bytes: int
    """Of its files, the write-ahead log included."""
    used_bytes: int
    """Of them, what is in use; the rest is filled before the files grow."""
    limit_bytes: int
    left_bytes: int
    """What may come in before events are refused; the disk's own room counts, too."""
    hours_to_full: float | None
    """Until nothing is left at the pace of the last two hours; None if it does not grow."""
    oldest_received_ms: int | None
    """The oldest event that is still kept, delivered ones included."""


class KeyUse(msgspec.Struct, frozen=True):
    """How often a producer key was used, and when last."""

    uses: int
    last_used_ms: int
