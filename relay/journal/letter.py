"""Dead letters: the filter that selects them, and the forms in which they are returned."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from relay.delivery import DeadReason


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead event of one destination; `replayable` while its payload is still kept."""

    id: str
    event_id: str
    event: str
    event_time: int
    destination: str
    reason: DeadReason
    code: str
    message: str
    dead_at_ms: int
    note: str
    replayable: bool


class DeadFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Selects the dead letters that meet all of its conditions; None means no condition.

    An empty set of `ids` selects no letters.
    """

    ids: frozenset[str] | None = None
    event_id: str | None = None
    destination: str | None = None
    reason: str | None = None
    event: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    code: str | None = None
    received_since_ms: int | None = None
    received_until_ms: int | None = None


class DeadGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters of one destination, reason and platform's code; `latest` is one of them."""

    destination: str
    reason: DeadReason
    code: str
    count: int
    purchases: int
    """How many of them are purchases."""
    value: Mapping[str, Decimal]
    """What `valued` of them are worth, by currency."""
    valued: int
    """How many of the purchases were summed up: fewer if there are very many, or if payloads are
    gone."""
    since_ms: int
    until_ms: int
    latest: DeadLetter


class DeadPage(msgspec.Struct, frozen=True):
    """One page of dead letters, newest first, with the count of all that match."""

    letters: Sequence[DeadLetter]
    next: str | None
    total: int


Prospect = Literal["sent", "late", "expired", "barred"]
"""What a replay does with an event: it is sent; it is sent `late`, when the platform no longer
compares it with earlier events of the same id; it is too old; or the settings keep it back."""


class Replayed(msgspec.Struct, frozen=True):
    """What a replay did, or in a dry run would do: matched = replayed + expired + barred."""

    matched: int
    replayed: int
    expired: int
    barred: int = 0
    """Kept back by today's settings, or because the destination is not configured."""
    late: int = 0
    """How many of the replayed events the platform may count twice."""
