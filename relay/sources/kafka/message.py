"""Splits the messages of a poll into single events, undecoded, each with where it came from.

A message is one event, an array or `{"events": […]}`. A Confluent frame is stripped, a tombstone is
skipped. An unreadable message is reported as a finding, never as an exception.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

import msgspec

from relay.intake import Finding, Problem, Unreadable
from relay.intake.split import Document, split_json

FRAME: Final = b"\0"
FRAME_BYTES: Final = 5
"""Length of a schema registry's frame: a zero byte, which never starts JSON, and a schema id."""


class Message(Protocol):
    """The part of a consumed record that the relay uses."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Piece(NamedTuple):
    """The message that an event came in; `place` is its index in an array, else None."""

    message: Message
    place: int | None


class Rejected(NamedTuple):
    """A message, or one element of its array, that cannot be used, and why."""

    piece: Piece
    problem: Problem


class Unpacked(msgspec.Struct):
    """The events of many messages, numbered consecutively; `pieces` are in the same order."""

    documents: list[tuple[int, Document]]
    pieces: list[Piece]
    unreadable: list[Rejected]
    tombstones: int = 0

    def rejected(self, errors: Iterable[Finding]) -> list[Rejected]:
        """Return intake's errors about single events, each with where the event came from."""
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
