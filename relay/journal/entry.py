"""An event in the journal: as it goes in, as it waits for a destination, or as it was refused."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.conversion import Conversion
from relay.delivery import DeadReason, Payload, SkipReason
from relay.event import ActionSource
from relay.event_name import Lane


class Passed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Why a destination is done with an event on arrival."""

    state: Literal["skipped", "dead"]
    reason: SkipReason | DeadReason
    message: str = ""


class Entry(msgspec.Struct, gc=False, array_like=True):
    """One accepted event as it goes into the log; made by `relay.journal.codec`.

    It holds what the flow asks for, and the whole event only in its stored form: a few objects
    instead of dozens, so that thousands of waiting events stay in the processor's cache.
    `passed` names the destinations that will not be sent it. `payloads` are made while the event
    is hot and dropped once sent; they are never stored, and absent after a restart.
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
    presence: bytes = b""
    """Which of `relay.metrics.FORMS` it carries, 1 or 0 each; like payloads, only while hot."""

    @property
    def is_damaged(self) -> bool:
        """Whether its record cannot be read: nothing else is known then but about when it came."""
        return not self.event_id

    @property
    def conversion(self) -> Conversion:
        """The whole event, decoded anew each time."""
        return _STORED.decode(self.record).conversion


class Stored(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the record of an entry holds."""

    conversion: Conversion
    passed: dict[str, Passed]


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """An event that was refused on arrival; kept for the last 1,000, without any value of it."""

    at_ms: int
    source: str
    key: str | None
    event_id: str | None
    code: str
    path: str
    message: str


class Pending(msgspec.Struct, gc=False):
    """One event that waits for one destination.

    `start` is the first offset that this event accounts for: those before it, down to the
    previous pending event, are passed. `retry` and `replay` tell where it came from; `attempts`
    counts the verdicts it already got of its own.
    """

    lane: Lane
    offset: int
    start: int
    entry: Entry
    attempts: int = 0
    retry: bool = False
    replay: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """What a read found; go on reading at `next`.

    Offsets before `next` are pending here, settled, or passed; passed ones behind the last pending
    event are left to the next read.
    """

    pending: Sequence[Pending]
    next: int


_STORED: Final = msgspec.msgpack.Decoder(Stored)
