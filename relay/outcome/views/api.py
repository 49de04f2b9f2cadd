"""The objects of the admin API, from which its schema is generated.

Times are RFC 3339 in UTC, money is a decimal string per currency. They hold no PII, no token and no
payload.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from relay.delivery import DeadReason, Outcome, PauseReason
from relay.journal.report import DeliveryState
from relay.keys.record import Scope
from relay.outcome.health import State

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]
Money = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
KeyState = Literal["good", "expired", "revoked"]

RangeName = Literal["1h", "24h", "7d", "30d"]
RANGES_S: dict[RangeName, int] = {"1h": 3600, "24h": 86400, "7d": 7 * 86400, "30d": 30 * 86400}
SPOKEN: dict[RangeName, str] = {"1h": "hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
"""Each range as it is read after `the last`."""
AHEAD_S = 3600
"""An event dated further ahead came before the clock was set back, and is in no range: otherwise it
would be in every range until the clock catches up. If the clock goes back by an hour or less,
everything stays in sight.
"""


class DestinationView(msgspec.Struct, frozen=True, kw_only=True):
    """One destination: received = skipped + pending + delivered + dead.

    `minutes_left` are the minutes until the first waiting event is too old for the platform, null
    if none waits; `money_at_risk` is what the waiting purchases are worth. `warnings` counts, by
    code, events that came so late that the platform may count them differently, and the platform's
    own advice, since the relay was started. None of these depends on the range.
    """

    name: str
    type: str
    test: bool
    emulated: bool
    state: State
    reason: PauseReason | None
    message: str
    since: Moment | None
    until: Moment | None
    received: Count
    skipped: Count
    pending: Count
    delivered: Count
    dead: Count
    oldest_pending_seconds: float
    value_delivered: Mapping[str, Money]
    minutes_left: Annotated[float, Meta(ge=0)] | None
    money_at_risk: Mapping[str, Money]
    warnings: Mapping[str, Count]


class Summary(msgspec.Struct, frozen=True):
    """What was received in a range, and what became of it."""

    range: RangeName
    since: Moment
    until: Moment
    received: Count
    rejected: Count
    destinations: Sequence[DestinationView]


class DestinationList(msgspec.Struct, frozen=True):
    """All destinations, lifetime counts."""

    destinations: Sequence[DestinationView]


class JournalView(msgspec.Struct, frozen=True, kw_only=True):
    """How full the journal is.

    `hours_to_full` is null if the journal does not grow, and for the first minutes after a start,
    since it is measured over at least five minutes.
    """

    size_bytes: Count
    used_bytes: Count
    limit_bytes: Count
    left_bytes: Count
    hours_to_full: Annotated[float, Meta(ge=0)] | None
    oldest_event_at: Moment | None
    unavailable: str | None


class AttemptView(msgspec.Struct, frozen=True):
    """One request that contained the event."""

    at: Moment
    outcome: Outcome
    http_status: int | None
    code: str
    message: str
    request_id: str
    duration_ms: Count


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event at one destination, with the last 20 attempts.

    `identifiers` are the names of the `user` fields that the platform gets, without their values.
    `next_try_at` is the earliest time at which a waiting event is sent again; it is null if that is
    the destination's next turn, or depends on the end of a pause.
    """

    destination: str
    state: DeliveryState
    reason: str | None
    message: str
    platform_event: str | None
    identifiers: Sequence[str]
    attempt_count: Count
    attempts: Sequence[AttemptView]
    next_try_at: Moment | None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event with its deliveries."""

    event_id: str
    event: str
    order_id: str | None
    event_time: Moment
    received_at: Moment
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
    event_time: Moment
    destination: str
    reason: DeadReason
    code: str
    message: str
    note: Annotated[str, Meta(description="Why somebody dropped it, if they said so.")] = ""
    dead_at: Moment


class DeadLetterList(msgspec.Struct, frozen=True):
    """A page of dead letters, newest first; `next` is the cursor of the following page."""

    dead_letters: Sequence[DeadLetterView]
    next: str | None
    total: Count


class RejectionView(msgspec.Struct, frozen=True):
    """One event that was refused on arrival."""

    at: Moment
    source: str
    key: str | None
    event_id: str | None
    code: str
    path: str
    message: str


class RejectionList(msgspec.Struct, frozen=True):
    """The latest rejections, newest first."""

    rejections: Sequence[RejectionView]


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A producer key without its secret; null means no limit, or never.

    A key that was made by rotating another one continues its count of uses. Uses are null only if
    `relay keys list` finds no running relay.
    """

    name: str
    key: str
    state: KeyState
    scopes: Sequence[Scope]
    max_uses: Count | None
    rate_per_s: float | None
    destinations: Sequence[str] | None
    created_at: Moment
    expires_at: Moment | None
    uses: Count | None
    uses_left: Count | None
    last_used_at: Moment | None


class KeyList(msgspec.Struct, frozen=True):
    """All producer keys, including revoked and expired ones."""

    keys: Sequence[KeyView]
