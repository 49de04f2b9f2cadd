"""What is written of a message that cannot be used."""

from relay.intake import Problem
from relay.sources.kafka.message import Piece, Rejected
from relay.sources.kafka.rejected import record_of
from tests.given.event.kafka_message import Record

PROBLEM = Problem("missing", "event_id", "This key is required.")
MESSAGE = Record(b"[{},{}]", key=b"order-1")


def test_it_is_written_as_it_came_with_the_reason_in_headers() -> None:
    found = record_of(Rejected(Piece(MESSAGE, None), PROBLEM))
    assert (found.topic, found.key, found.value) == ("conversions.rejected", b"order-1", b"[{},{}]")
    assert found.headers == [
        ("relay-code", b"missing"),
        ("relay-path", b"event_id"),
        ("relay-message", b"This key is required."),
    ]


def test_elements_of_an_array_are_told_apart_and_share_its_bytes() -> None:
    """One message of 5 MiB with 100 bad elements must not become 500 MiB of memory."""
    found = [record_of(Rejected(Piece(MESSAGE, place), PROBLEM)) for place in range(2)]
    assert [dict(each.headers)["relay-index"] for each in found] == [b"0", b"1"]
    assert all(each.value is MESSAGE.value for each in found)
