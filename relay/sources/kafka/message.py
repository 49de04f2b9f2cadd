"""Messages of a poll into single events, still undecoded, each with where it came from.

A message is one event, an array or `{"events": […]}`; a Confluent frame is stripped, a tombstone
passed over. What cannot be read is a finding about the message, never an exception.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

import msgspec

from relay.intake import Finding, Problem, Unreadable
from relay.intake.split import Document, split_json

FRAME: Final = b"\0"
FRAME_BYTES: Final = 5
"""Of a schema registry's frame: a zero, which begins no JSON, and the number of the schema."""


class Message(Protocol):
    """What the relay asks of a consumed record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Piece(NamedTuple):
    """The message that an event came in; `place` is where it stands in an array, else None."""

    message: Message
    place: int | None


class Rejected(NamedTuple):
    """A message, or one element of its array, that cannot be used, and why."""

    piece: Piece
    problem: Problem


class Unpacked(msgspec.Struct):
    """The events of many messages, numbered through; `pieces` are in the same order."""

    documents: list[tuple[int, Document]]
    pieces: list[Piece]
    unreadable: list[Rejected]
    tombstones: int = 0

    def rejected(self, errors: Iterable[Finding]) -> list[Rejected]:
        """Return what intake found of single events, each with where it came from."""
        return [Rejected(self.pieces[error.index], error.problem) for error in errors]


def unpack(messages: Iterable[Message]) -> Unpacked:
    """Return the events of the messages, in order."""
    unpacked = Unpacked([], [], [])
    documents, pieces = unpacked.documents, unpacked.pieces
    for message in messages:
        value = message.value
        if value is None:
            unpacked.tombstones += 1
            continue
        if value[:1] == FRAME:
            value = value[FRAME_BYTES:]
        if value[:1] == b"{" and b'"events"' not in value:
            documents.append((len(pieces), value))
            pieces.append(Piece(message, None))
        else:
            _split(message, value, unpacked)
    return unpacked


def _split(message: Message, value: bytes, unpacked: Unpacked) -> None:
    try:
        parts = split_json(value)
    except Unreadable as error:
        unpacked.unreadable.append(Rejected(Piece(message, None), error.problem))
        return
    for index, part in parts:
        unpacked.documents.append((len(unpacked.pieces), part))
        of_array = isinstance(part, msgspec.Raw)
        unpacked.pieces.append(Piece(message, index if of_array else None))
