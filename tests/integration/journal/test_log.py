"""The log on disk: how groups are cut, and read back from any offset."""

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.event_name import Lane
from relay.journal import log
from relay.journal.codec import entry_of
from relay.journal.cursor import Cursor
from relay.journal.entry import Chunk, Entry
from relay.journal.log import GROUP_BYTES, GROUP_EVENTS, READ_BYTES, View
from tests.given.event.builders import conversion, entry
from tests.given.journal.seed import new_journal

VIEW = View("p", Lane.MONEY, Cursor())


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with new_journal() as made:
        yield made


def events(first: int, count: int) -> list[Entry]:
    return [entry(str(offset)) for offset in range(first, first + count)]


def ids(chunk: Chunk) -> list[str]:
    return [pending.entry.conversion.event_id for pending in chunk.pending]


def groups(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    return connection.execute("SELECT first, count FROM log ORDER BY first").fetchall()


def write(connection: sqlite3.Connection, entries: Sequence[Entry], first: int = 0) -> None:
    list(log.write(connection, Lane.MONEY, first, entries))


def test_a_group_holds_at_most_a_thousand_events(connection: sqlite3.Connection) -> None:
    write(connection, events(0, 2 * GROUP_EVENTS + 1))
    assert groups(connection) == [(0, 1000), (1000, 1000), (2000, 1)]


def large(event_id: str) -> Entry:
    page = "https://shop.example/" + "x" * GROUP_BYTES
    return entry_of(msgspec.structs.replace(conversion(event_id), page_url=page), {}, {})


def test_a_large_group_is_halved_down_to_a_single_event(connection: sqlite3.Connection) -> None:
    write(connection, [entry("0"), large("1"), entry("2"), entry("3")])
    assert groups(connection) == [(0, 1), (1, 1), (2, 2)]
    assert ids(log.read(connection, VIEW, 0, 10, end=4)) == ["0", "1", "2", "3"]


def test_a_read_is_bounded_by_bytes_as_well(connection: sqlite3.Connection) -> None:
    write(connection, [large(str(offset)) for offset in range(8)])
    assert len(log.read(connection, VIEW, 0, 8, end=8).pending) == READ_BYTES // GROUP_BYTES - 1


def test_whole_groups_are_read_while_they_fit(connection: sqlite3.Connection) -> None:
    for first in range(0, 40, 10):
        write(connection, events(first, 10), first)
    chunk = log.read(connection, VIEW, 0, 25, end=40)
    assert (len(chunk.pending), chunk.next) == (20, 20)


def test_a_group_larger_than_a_read_is_read_in_pieces(connection: sqlite3.Connection) -> None:
    write(connection, events(0, 10))
    chunk = log.read(connection, VIEW, 3, 4, end=10)
    assert (ids(chunk), chunk.next) == (["3", "4", "5", "6"], 7)


def test_where_groups_are_gone_reading_goes_on_behind(connection: sqlite3.Connection) -> None:
    write(connection, events(0, 10))
    write(connection, events(10, 10), 10)
    connection.execute("DELETE FROM log WHERE first = 0")
    chunk = log.read(connection, VIEW, 4, 3, end=20)
    assert (ids(chunk), chunk.pending[0].start) == (["10", "11", "12"], 4)
    connection.execute("DELETE FROM log")
    assert log.read(connection, VIEW, 4, 3, end=20) == Chunk((), 20)


def test_a_damaged_event_is_found_where_it_stood(connection: sqlite3.Connection) -> None:
    write(connection, events(10, 4), 0)
    data = connection.execute("SELECT entries FROM log").fetchone()[0].replace(b"12", b"\xff2")
    connection.execute("UPDATE log SET entries = ?", (data,))
    found = log.read(connection, VIEW, 1, 10, end=4).pending
    assert [each.entry.event_id for each in found] == ["11", "", "13"]
    assert [each.entry.is_damaged for each in found] == [False, True, False]
    assert found[1].entry.received_ms == found[0].entry.received_ms


@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    start=st.integers(0, 50),
    limit=st.integers(1, 9),
)
def test_reading_on_finds_every_event_once(sizes: list[int], start: int, limit: int) -> None:
    with new_journal() as connection:
        end = 0
        for size in sizes:
            write(connection, events(end, size), end)
            end += size
        found: list[str] = []
        at = start
        while at < end:
            chunk = log.read(connection, VIEW, at, limit, end=end)
            assert 1 <= len(chunk.pending) <= limit
            found += ids(chunk)
            at = chunk.next
        assert found == [str(offset) for offset in range(start, end)]


def test_reading_goes_on_behind_groups_that_are_gone(connection: sqlite3.Connection) -> None:
    for first in (0, 5):
        write(connection, events(first, 2), first)
    assert ids(log.read(connection, VIEW, 3, 10, end=7)) == ["5", "6"]


def test_no_more_groups_are_taken_than_hold_the_latest_events(
    connection: sqlite3.Connection,
) -> None:
    for first in range(0, 8, 2):
        write(connection, events(first, 2), first)
    assert [group.first for group in log.latest(connection, 3)] == [6, 4]
