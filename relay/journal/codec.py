"""Encodes and decodes the journal's events, as MessagePack arrays of hashed events only.

The record of an entry is [conversion, passed]. A group is an array of records; the tables `retry`
and `dead` hold single records. An entry is encoded once, when it is made; from then on its record
is only copied. Payloads are never stored. New fields are only added at the end, with a default, so
that records of older versions stay readable.
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
from relay.metrics import Presence

_ARRAY_16: Final = b"\xdc"
"""The MessagePack marker of an array with a two-byte length."""


ONE_RECORD: Final = b"\x91"
"""Before a single record, makes it a group: the MessagePack marker of an array of one."""


class _OrderHead(msgspec.Struct, frozen=True, gc=False, array_like=True):
    value: Decimal | None = None
    currency: str | None = None
    order_id: str | None = None


class _Head(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A `Conversion` without decoding what only destinations need: most of it is skipped."""

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
"""Reused by each call of `entry_of`, all of which come from one event loop: growing it once is
cheaper than growing the bytes of each event."""


def entry_of(
    conversion: Conversion,
    passed: Mapping[str, Passed],
    payloads: dict[str, Payload] | None = None,
    presence: Presence = 0,
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
    """Return a copy of the entry with other passed destinations and other payloads."""
    record = _ENCODER.encode((_HALVES.decode(entry.record).conversion, passed))
    return msgspec.structs.replace(entry, record=record, passed=passed, payloads=payloads)


def encode_group(entries: Sequence[Entry]) -> bytes:
    """Return the bytes of a log row of at most 65,535 entries."""
    head = _ARRAY_16 + len(entries).to_bytes(2, "big")
    return head + b"".join([entry.record for entry in entries])


def decode_group(data: bytes, part: slice = slice(None)) -> list[Entry]:
    """Return the entries of one row of the log, or only a part of them without decoding the others.

    Raises `msgspec.DecodeError` if one of them is damaged.
    """
    return [decode_entry(bytes(record)) for record in _RECORDS.decode(data)[part]]


def entries_of(data: bytes, count: int, received_ms: int, part: slice = slice(None)) -> list[Entry]:
    """Return the same as `decode_group`, also of a damaged row.

    A damaged entry does not affect the others. If the row itself cannot be decoded, all of its
    `count` entries count as damaged; see `salvage`.
    """
    try:
        return decode_group(data, part)
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
    """Return the entry of a record, or an empty stand-in if the record is damaged."""
    found = readable(record)
    if found is not None:
        return found
    received_s = received_ms // 1000
    no_order = (None, None, None)
    return Entry("", "", received_s, received_ms, "web", "", *no_order, record, {})


def readable(record: bytes) -> Entry | None:
    """Return the entry of a record, or None if it is damaged."""
    try:
        return decode_entry(record)
    except UNREADABLE:
        return None


def count_group(data: bytes) -> int:
    """Decode a whole row of the log, and return how many entries it holds.

    Raises `msgspec.DecodeError` if it is damaged.
    """
    return len(_WHOLE.decode(data))


def decode_at(data: bytes, index: int) -> Entry | None:
    """Return one entry of a log row without decoding the others, None beyond its end."""
    records = _RECORDS.decode(data)
    return decode_entry(bytes(records[index])) if 0 <= index < len(records) else None
