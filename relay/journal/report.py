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
    """Lifetime counts from one snapshot; keys are destinations, or as described.

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


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Events that were received for one destination, by their state now."""

    received: int = 0
    skipped: int = 0
    delivered: int = 0
    dead: int = 0

    @property
    def pending(self) -> int:
        """How many events are neither skipped, delivered nor dead."""
        return self.received - self.skipped - self.delivered - self.dead


class Funnel(Counts, frozen=True, kw_only=True):
    """The counts of a range of minutes, and the value of what was delivered, by currency."""

    value_delivered: Mapping[str, Decimal] = {}


class RangeReport(msgspec.Struct, frozen=True):
    """The funnel of the relay and of each destination since a moment."""

    received: int
    rejected: int
    destinations: Mapping[str, Funnel]


class Attempt(msgspec.Struct, frozen=True):
    """One request that covered an event; `outcome` is the event's own if the request's differs."""

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
    """The earliest time at which an event that waits for its own retry is sent again."""


class FoundEvent(msgspec.Struct, frozen=True):
    """An event of the log with its deliveries."""

    conversion: Conversion
    deliveries: Sequence[Delivery]


class KindCount(Counts, frozen=True, kw_only=True):
    """The counts of one kind of event."""

    event: str
    last_s: int
    """When the last minute (or hour) with such an event began, in Unix seconds."""


class Slice(Counts, frozen=True, kw_only=True):
    """The counts of one step of time."""

    start_s: int


class ErasedAt(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure found at one destination."""

    erased: int
    """Events that waited and are dead now."""
    dead: int
    """Dead letters that lost their payload; their reason stays."""
    delivered: int
    """Events that the platform has received; only the platform can erase them."""
    delivered_event_ids: Sequence[str]
    """The ids of the first 1,000 of them."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did."""

    events: int
    destinations: Mapping[str, ErasedAt]
    """Only destinations that had any of the events."""
    damaged: int
    """Unreadable events that may be the person's; they stay as they are."""
    emptied: bool
    """Whether nothing is left in the files; if not, old bytes stay in them for a while."""


class Risk(msgspec.Struct, frozen=True):
    """The oldest events that wait for a destination, and what all that waits is worth."""

    oldest: Sequence[Entry]
    """The oldest waiting event of each lane and of the retries, if there is one."""
    worth: Mapping[str, Decimal]
    """The worth of all waiting purchases, by currency."""


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """How full the journal is."""

    size_bytes: int
    """The size of its files, including the write-ahead log."""
    used_bytes: int
    """How much of the files is in use; the rest is filled before they grow."""
    limit_bytes: int
    left_bytes: int
    """How much may come in before events are refused; the disk's free space counts as well."""
    hours_to_full: float | None
    """Hours until nothing is left, at the pace of the last two hours; None if it does not grow."""
    oldest_received_ms: int | None
    """When the oldest event that is still kept was received, delivered ones included."""


class KeyUse(msgspec.Struct, frozen=True):
    """How often a producer key was used, and when it was used last."""

    uses: int
    last_used_ms: int
