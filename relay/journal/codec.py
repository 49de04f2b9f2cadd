"""How events are written into the journal: MessagePack arrays, nothing but hashed events.

A group is an array of [conversion, passed]; a single entry (of `retry` and `dead`) is one such
pair. Payloads are never written. Fields are only ever added at the end, with a default, so the
bytes of an older version stay readable.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from relay.conversion import Conversion
from relay.journal.base import Entry, Passed


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    conversion: Conversion
    passed: dict[str, Passed]


class _OrderIds(msgspec.Struct, frozen=True, array_like=True):
    value: msgspec.Raw
    currency: msgspec.Raw
    order_id: str | None = None


class _Ids(msgspec.Struct, frozen=True, array_like=True):
    """The head of a `Conversion`, read without the rest."""

    event: msgspec.Raw
    event_id: str
    event_time: msgspec.Raw
    received_ms: msgspec.Raw
    action_source: msgspec.Raw
    identity: msgspec.Raw
    order: _OrderIds | None = None


class _StoredIds(msgspec.Struct, frozen=True, array_like=True):
    conversion: _Ids


_ENCODER: Final = msgspec.msgpack.Encoder()
_GROUP: Final = msgspec.msgpack.Decoder(list[_Stored])
_ENTRY: Final = msgspec.msgpack.Decoder(_Stored)
_PARTS: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_IDS: Final = msgspec.msgpack.Decoder(list[_StoredIds])


def encode_group(entries: Sequence[Entry]) -> bytes:
    """Return the bytes of one row of the log."""
    return _ENCODER.encode([(entry.conversion, entry.passed) for entry in entries])


def decode_group(data: bytes) -> list[Entry]:
    """Return the entries of one row of the log. Raises `msgspec.DecodeError` if it is damaged."""
    return [Entry(stored.conversion, stored.passed) for stored in _GROUP.decode(data)]


def encode_entry(entry: Entry) -> bytes:
    """Return the bytes of one entry, as `retry` and `dead` keep it."""
    return _ENCODER.encode((entry.conversion, entry.passed))


def decode_entry(data: bytes | msgspec.Raw) -> Entry:
    """Return one entry. Raises `msgspec.DecodeError` if it is damaged."""
    stored = _ENTRY.decode(data)
    return Entry(stored.conversion, stored.passed)


def decode_at(data: bytes, index: int) -> Entry | None:
    """Return one entry of a row of the log without reading the others, None beyond its end."""
    parts = _PARTS.decode(data)
    return decode_entry(parts[index]) if 0 <= index < len(parts) else None


def decode_slice(data: bytes, start: int, count: int) -> list[Entry]:
    """Return some entries of a row of the log without reading the others."""
    return [decode_entry(part) for part in _PARTS.decode(data)[start : start + count]]


def ids_in(data: bytes) -> list[tuple[str, str | None]]:
    """Return the (event id, order id) of each entry in a row of the log."""
    return [
        (head.event_id, head.order.order_id if head.order else None)
        for head in (stored.conversion for stored in _IDS.decode(data))
    ]
