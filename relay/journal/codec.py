"""How events are written into the journal: MessagePack arrays, nothing but hashed events.

The record of an entry is [conversion, passed]; a group is an array of records, and `retry` and
`dead` keep single ones. An entry is encoded once, where it is made, and from then on its record is
only copied. Payloads are never written. Fields are only ever added at the end, with a default, so
the bytes of an older version stay readable.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from relay.conversion import Conversion, Order
from relay.delivery import Payload
from relay.event import ActionSource
from relay.journal.disk.storage import UNREADABLE
from relay.journal.entry import Entry, Passed, Stored

_ARRAY_16: Final = b"\xdc"
"""MessagePack's mark of an array whose length has two bytes."""


ONE_RECORD: Final = b"\x91"
"""What makes a group of the single record that follows."""


class _OrderHead(msgspec.Struct, frozen=True, gc=False, array_like=True):
    value: Decimal | None = None
    currency: str | None = None
    order_id: str | None = None


class _Head(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A `Conversion` without what only a destination asks for: most of it is skipped unread."""

    event: str
    event_id: str
    event_time: int
    received_ms: int
    action_source: ActionSource
    identity: msgspec.Raw
    order: _OrderHead | None = None
    page_url: msgspec.Raw = msgspec.Raw()
    page_referrer: msgspec.Raw = msgspec.Raw()
    app: msgspec.Raw = msgspec.Raw()
    lead_id: msgspec.Raw = msgspec.Raw()
    advertising_consent: msgspec.Raw = msgspec.Raw()
    limited_data_use: msgspec.Raw = msgspec.Raw()
    source: str = "http"


class _StoredHead(msgspec.Struct, frozen=True, gc=False, array_like=True):
    conversion: _Head
    passed: dict[str, Passed]


class _Halves(msgspec.Struct, frozen=True, gc=False, array_like=True):
    conversion: msgspec.Raw
    passed: msgspec.Raw


_NO_ORDER: Final = Order()
_ENCODER: Final = msgspec.msgpack.Encoder()
_HEAD: Final = msgspec.msgpack.Decoder(_StoredHead)
_HALVES: Final = msgspec.msgpack.Decoder(_Halves)
_WHOLE: Final = msgspec.msgpack.Decoder(list[Stored])
_RECORDS: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_BUFFER: Final = bytearray()
"""Written to anew by each call of `entry_of`, all of which come from one event loop: growing it
once is cheaper than growing the bytes of each event."""


def entry_of(
    conversion: Conversion,
    passed: Mapping[str, Passed],
    payloads: dict[str, Payload] | None = None,
    presence: bytes = b"",
) -> Entry:
    """Return the entry of a new event."""
    _ENCODER.encode_into((conversion, passed), _BUFFER)
    order = conversion.order or _NO_ORDER
    return Entry(
        conversion.event,
        conversion.event_id,
        conversion.event_time,
        conversion.received_ms,
        conversion.action_source,
        conversion.source,
        order.order_id,
        order.value,
        order.currency,
        bytes(_BUFFER),
        passed,
        {} if payloads is None else payloads,
        presence,
    )


def passed_by(entry: Entry, passed: Mapping[str, Passed], payloads: dict[str, Payload]) -> Entry:
    """Return the entry with other destinations that it passes."""
    record = _ENCODER.encode((_HALVES.decode(entry.record).conversion, passed))
    return msgspec.structs.replace(entry, record=record, passed=passed, payloads=payloads)


def encode_group(entries: Sequence[Entry]) -> bytes:
    """Return the bytes of one row of the log, of at most 65,535 entries."""
    head = _ARRAY_16 + len(entries).to_bytes(2, "big")
    return head + b"".join([entry.record for entry in entries])


def decode_group(data: bytes) -> list[Entry]:
    """Return the entries of one row of the log. Raises `msgspec.DecodeError` if it is damaged."""
    return [decode_entry(bytes(record)) for record in _RECORDS.decode(data)]


def entries_of(data: bytes, count: int, received_ms: int, part: slice = slice(None)) -> list[Entry]:
    """Return the `count` entries of a row of the log, or a part of them without reading the others.

    A damaged entry harms no other one, unless the row itself cannot be taken apart.
    """
    try:
        return [decode_entry(bytes(record)) for record in _RECORDS.decode(data)[part]]
    except UNREADABLE:
        return [salvage(record, received_ms) for record in _records(data, count)[part]]


def _records(data: bytes, count: int) -> list[bytes]:
    try:
        return [bytes(record) for record in _RECORDS.decode(data)]
    except UNREADABLE:
        return [b""] * count


def decode_entry(record: bytes) -> Entry:
    """Return the entry of a record. Raises `msgspec.DecodeError` if it is damaged."""
    stored = _HEAD.decode(record)
    head, order = stored.conversion, stored.conversion.order or _NO_ORDER
    return Entry(
        head.event,
        head.event_id,
        head.event_time,
        head.received_ms,
        head.action_source,
        head.source,
        order.order_id,
        order.value,
        order.currency,
        record,
        stored.passed,
    )


def salvage(record: bytes, received_ms: int) -> Entry:
    """Return the entry of a record, or for a damaged one, an entry that stands in for it."""
    found = readable(record)
    if found is not None:
        return found
    received_s = received_ms // 1000
    no_order = (None, None, None)
    return Entry("", "", received_s, received_ms, "web", "", *no_order, record, {})


def readable(record: bytes) -> Entry | None:
    """Return the entry of a record, None if it is damaged: others need not suffer for it."""
    try:
        return decode_entry(record)
    except UNREADABLE:
        return None


def count_group(data: bytes) -> int:
    """Return how many entries a row of the log holds, all of it read.

    Raises `msgspec.DecodeError` if it is damaged.
    """
    return len(_WHOLE.decode(data))


def decode_at(data: bytes, index: int) -> Entry | None:
    """Return one entry of a row of the log without reading the others, None beyond its end."""
    records = _RECORDS.decode(data)
    return decode_entry(bytes(records[index])) if 0 <= index < len(records) else None
