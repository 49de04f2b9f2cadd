"""Portions: what is handed to the producer before it is waited for."""

from relay.intake import Problem
from relay.sources.kafka_message import Piece, Rejected
from relay.sources.rejected import MAX_WAITING_BYTES, _portions
from tests.kafka_message import Record

PROBLEM = Problem("missing", "event_id", "This key is required.")


def rejected(size: int, count: int) -> list[Rejected]:
    """Return elements of one array, each of which becomes the whole message."""
    record = Record(b"x" * size)
    return [Rejected(Piece(record, place), PROBLEM) for place in range(count)]


def test_small_ones_go_together() -> None:
    assert [len(portion) for portion in _portions(rejected(1_000, 300))] == [300]


def test_an_array_of_bad_elements_never_fills_the_memory() -> None:
    """One message of 5 MiB with 100 bad elements is 500 MiB of rejected messages."""
    elements = rejected(5 * 2**20, 100)
    portions = list(_portions(elements))
    assert [each for portion in portions for each in portion] == elements
    most = max(sum(len(each.piece.message.value or b"") for each in part) for part in portions)
    assert most < MAX_WAITING_BYTES + 5 * 2**20


def test_one_that_is_larger_than_all_bounds_goes_alone() -> None:
    assert [len(portion) for portion in _portions(rejected(MAX_WAITING_BYTES + 1, 2))] == [1, 1]


def test_nothing_is_no_portion() -> None:
    assert list(_portions([])) == []
