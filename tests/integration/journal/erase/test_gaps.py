"""What moved rows leave behind in a page is found in the file, and overwritten through SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from relay.journal.disk.connection import open_writer
from relay.journal.disk.upgrades import create
from relay.journal.erase import gaps

CANARY = b"canary-of-somebody-who-is-gone"
SEEDS = (2, 7, 9, 22, 13)
"""With which SQLite 3.40 leaves something behind."""
ADD = (
    "INSERT INTO retry (destination, lane, position, received_ms, due_ms, attempts, replay, code,"
    " message, entry) VALUES ('p', 0, ?, 0, 0, 0, 0, '', '', ?)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "relay.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        create(connection)
    return file


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(path, sqlite3.Connection, max_wal_bytes=2**20)) as connection:
        yield connection


def leave_something_behind(connection: sqlite3.Connection, seed: int) -> None:
    """Have rows moved about and deleted, some overwritten before; empty the write-ahead log."""
    random = Random(seed)
    rows = list(range(600))
    connection.execute("BEGIN")
    for row in rows:
        entry = CANARY * 20 if row % 2 else b"\x01" * random.choice([300, 600, 900, 6_000])
        connection.execute(ADD, (row, entry))
    random.shuffle(rows)
    for row in rows[:400]:
        connection.execute("DELETE FROM retry WHERE position = ?", (row,))
    connection.execute("UPDATE retry SET entry = x'01' WHERE position % 2 = 1")
    connection.execute("COMMIT")
    empty(connection)


def empty(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def content(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
    return connection.execute("SELECT rowid, entry FROM retry ORDER BY rowid").fetchall()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_behind_is_overwritten_and_the_rows_stay(
    path: Path, connection: sqlite3.Connection, seed: int
) -> None:
    leave_something_behind(connection, seed)
    if CANARY not in path.read_bytes():
        pytest.skip("this version of SQLite moves rows in another way")
    before = content(connection)
    for gap in gaps.find(path, gaps.roots(connection), None):
        gaps.fill(connection, gap)
    empty(connection)
    assert CANARY not in path.read_bytes()
    assert content(connection) == before
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_page_that_was_filled_has_nothing_left(
    path: Path, connection: sqlite3.Connection
) -> None:
    leave_something_behind(connection, SEEDS[-1])
    tables = gaps.roots(connection)
    found = gaps.find(path, tables, None)
    for gap in found:
        gaps.fill(connection, gap)
    empty(connection)
    assert gaps.find(path, tables, frozenset(gap.page for gap in found)) == []


def test_a_row_that_is_gone_by_now_is_passed_over(
    path: Path, connection: sqlite3.Connection
) -> None:
    leave_something_behind(connection, SEEDS[-1])
    found = gaps.find(path, gaps.roots(connection), None)
    connection.execute("DELETE FROM retry")
    for gap in found:
        gaps.fill(connection, gap)
    assert content(connection) == []


def test_an_empty_table_has_its_page_renewed(connection: sqlite3.Connection) -> None:
    root = gaps.roots(connection)["retry"]
    gap = gaps.Gap(root, "retry", rowid=None, payload_bytes=0, room_bytes=100)
    gaps.fill(connection, gap)
    connection.execute(ADD, (1, b"kept"))
    gaps.fill(connection, gap)
    assert content(connection) == [(1, b"kept")]


def test_a_fresh_journal_has_no_gaps(path: Path, connection: sqlite3.Connection) -> None:
    assert gaps.find(path, gaps.roots(connection), None) == []
