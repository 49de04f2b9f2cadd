"""Events in the journal: as they go in, as they wait for a destination, or as they were refused."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.conversion import Conversion
from relay.delivery import DeadReason, Payload, SkipReason
from relay.event import ActionSource
from relay.event_name import Lane
from relay.metrics import Presence


class Passed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Why an event ended for a destination on arrival, without being sent."""

    state: Literal["skipped", "dead"]
    reason: SkipReason | DeadReason
    message: str = ""


class Entry(msgspec.Struct, gc=False, array_like=True):
    """One accepted event as it goes into the log; made by `relay.journal.codec`.

    It holds the fields that the flow needs, and the whole event only in its stored form: a few
    objects instead of dozens, so that thousands of waiting events stay in the processor's cache.
    `passed` names the destinations to which it is not sent. `payloads` are made while the event is
    hot and dropped once sent; they are never stored, so there are none after a restart.
    """

    event: str
    event_id: str
    event_time: int
    received_ms: int
    action_source: ActionSource
    source: str
    order_id: str | None
    value: Decimal | None
    currency: str | None
    record: bytes
    """MessagePack of [conversion, passed]."""
    passed: Mapping[str, Passed]
    payloads: dict[str, Payload] = {}
    presence: Presence = 0
    """Which identifiers it carries; like payloads, only while hot."""

    @property
    def is_damaged(self) -> bool:
        """Whether its record cannot be read; then only its approximate time of receipt is known."""
        return not self.event_id

    @property
    def conversion(self) -> Conversion:
        """The whole event; each access decodes it again."""
        return _STORED.decode(self.record).conversion


class Stored(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The content of an entry's record."""

    conversion: Conversion
    passed: dict[str, Passed]


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """An event that was refused on arrival, without its content; the last 1,000 are kept."""

    at_ms: int
    source: str
    key: str | None
    event_id: str | None
    code: str
    path: str
    message: str


class Pending(msgspec.Struct, gc=False):
    """One event that waits for one destination.

    `start` is the first offset that this event accounts for: all from there to the event itself are
    passed. `retry` and `replay` say where it came from; `attempts` counts the verdicts that it has
    already had of its own.
    """

    lane: Lane
    offset: int
    start: int
    entry: Entry
    attempts: int = 0
    retry: bool = False
    replay: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """The result of a read; the next one starts at `next`.

    Offsets before `next` are pending in this chunk, settled, or passed. Passed events after the
    last pending one are left to the next read.
    """

    pending: Sequence[Pending]
    next: int


_STORED: Final = msgspec.msgpack.Decoder(Stored)
