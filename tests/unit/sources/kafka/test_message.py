"""Messages into events: every event keeps where it came from."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.intake import Finding, Problem
from relay.sources.kafka.message import Unpacked, unpack
from tests.given.event.kafka_message import Record

EVENT = b'{"event":"purchase"}'


def documents(unpacked: Unpacked) -> list[bytes]:
    return [bytes(document) for _, document in unpacked.documents]


@pytest.mark.parametrize(
    ("value", "found", "places"),
    [
        (EVENT, [EVENT], [None]),
        (b" \n" + EVENT, [EVENT], [None]),
        (b"\xef\xbb\xbf" + EVENT, [EVENT], [None]),
        (b"[" + EVENT + b"," + EVENT + b"]", [EVENT, EVENT], [0, 1]),
        (b"[" + EVENT + b"]", [EVENT], [0]),
        (b'{"events":[' + EVENT + b"]}", [EVENT], [0]),
        (b"\x00\x00\x00\x00\x2a" + EVENT, [EVENT], [None]),
        (b"\x00\x00\x00\x00\x2a[" + EVENT + b"]", [EVENT], [0]),
        (b'{"event":"events","events":1}', [b'{"event":"events","events":1}'], [None]),
        (b"[" + EVENT + rb',"\ud83d"]', [EVENT, rb'"\ud83d"'], [0, 1]),
    ],
)
def test_a_message_holds_one_event_or_several(
    value: bytes, found: list[bytes], places: list[int | None]
) -> None:
    unpacked = unpack([Record(value)])
    assert documents(unpacked) == found
    assert [piece.place for piece in unpacked.pieces] == places
    assert unpacked.unreadable == []


@pytest.mark.parametrize("value", [b"", b"17", b"[]", b"[", b"\xff", b"\x00\x00", b'"text"'])
def test_what_cannot_be_read_is_told_of_the_message(value: bytes) -> None:
    record = Record(value)
    [rejected] = unpack([record]).unreadable
    assert rejected.piece == (record, None)
    assert rejected.problem.code == "not_json"


def test_a_tombstone_is_counted_and_nothing_else() -> None:
    unpacked = unpack([Record(None), Record(EVENT), Record(None)])
    assert unpacked.tombstones == 2
    assert documents(unpacked) == [EVENT]
    assert unpacked.unreadable == []


def test_a_finding_leads_back_to_its_message_and_place() -> None:
    """Events are numbered through all messages of a poll."""
    array, single = Record(b"[" + EVENT + b"," + EVENT + b"]"), Record(EVENT, offset=1)
    unpacked = unpack([Record(None), array, single])
    problem = Problem("missing", "event_id", "This key is required.")
    found = unpacked.rejected([Finding(1, None, problem), Finding(2, None, problem)])
    assert [each.piece for each in found] == [(array, 1), (single, None)]


@given(st.lists(st.none() | st.integers(0, 4)))
def test_nothing_is_lost_and_nothing_mixed_up(sizes: list[int | None]) -> None:
    """Each element is found once, under its own message; empty arrays are unreadable."""
    records = [
        Record(
            msgspec.json.encode(
                {"n": at} if size is None else [{"n": at, "i": i} for i in range(size)]
            ),
            offset=at,
        )
        for at, size in enumerate(sizes)
    ]
    unpacked = unpack(records)
    assert [number for number, _ in unpacked.documents] == list(range(len(unpacked.pieces)))
    for (_, document), piece in zip(unpacked.documents, unpacked.pieces, strict=True):
        content = msgspec.json.decode(document)
        assert content["n"] == piece.message.offset
        assert content.get("i") == piece.place
    assert len(unpacked.documents) == sum(1 if size is None else size for size in sizes)
    assert len(unpacked.unreadable) == sizes.count(0)
