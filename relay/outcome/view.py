"""The objects of the admin API: what people and programs get to see, generated into its schema.

Times are RFC 3339 in UTC, money is a decimal string per currency. No PII, no token, no payload.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from relay.delivery import DeadReason, Outcome, PauseReason
from relay.outcome.health import State

RangeName = Literal["1h", "24h", "7d", "30d"]
RANGES_S: dict[RangeName, int] = {"1h": 3600, "24h": 86400, "7d": 7 * 86400, "30d": 30 * 86400}


class DestinationView(msgspec.Struct, frozen=True, kw_only=True):
    """One destination: received = skipped + pending + delivered + dead."""

    name: str
    type: str
    test: bool
    state: State
    reason: PauseReason | None
    message: str
    since: str | None
    until: str | None
    received: int
    skipped: int
    pending: int
    delivered: int
    dead: int
    oldest_pending_seconds: float
    value_delivered: Mapping[str, str]


class Summary(msgspec.Struct, frozen=True):
    """What was received in a range, and what became of it."""

    range: RangeName
    since: str
    until: str
    received: int
    rejected: int
    destinations: Sequence[DestinationView]


class DestinationList(msgspec.Struct, frozen=True):
    """All destinations, lifetime counts."""

    destinations: Sequence[DestinationView]


class AttemptView(msgspec.Struct, frozen=True):
    """One request that covered the event."""

    at: str
    outcome: Outcome
    http_status: int | None
    code: str
    message: str
    request_id: str


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event at one destination; the last 20 attempts."""

    destination: str
    state: Literal["skipped", "pending", "delivered", "dead"]
    reason: str | None
    message: str
    platform_event: str | None
    attempt_count: int
    attempts: Sequence[AttemptView]


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event with its deliveries."""

    event_id: str
    event: str
    order_id: str | None
    event_time: str
    received_at: str
    source: str
    deliveries: Sequence[DeliveryView]


class EventList(msgspec.Struct, frozen=True):
    """The events with an id."""

    events: Sequence[EventView]


class DeadLetterView(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter."""

    id: str
    event_id: str
    event: str
    event_time: str
    destination: str
    reason: DeadReason
    code: str
    message: str
    dead_at: str


class DeadLetterList(msgspec.Struct, frozen=True):
    """A page of dead letters, newest first; `next` is the cursor of the following page."""

    dead_letters: Sequence[DeadLetterView]
    next: str | None
    total: int


class RejectionView(msgspec.Struct, frozen=True):
    """One event that was refused on arrival."""

    at: str
    source: str
    key: str | None
    event_id: str | None
    code: str
    path: str
    message: str


class RejectionList(msgspec.Struct, frozen=True):
    """The latest rejections, newest first."""

    rejections: Sequence[RejectionView]
