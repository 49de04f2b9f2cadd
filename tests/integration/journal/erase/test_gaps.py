"""What moved rows leave behind in a page is found in the file, and overwritten through SQLite."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest

from relay.journal.disk.connection import open_writer
from relay.journal.disk.upgrades import create
from relay.journal.erase import gaps

CANARY = b"canary-of-somebody-who-is-gone"
SEEDS = (2, 7, 9, 22, 13)
LARGE_SEEDS = (2, 7, 9, 17)
"""With which SQLite 3.40 leaves something behind."""
PAGE_BYTES = 4_096
LEAF = 13
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


def leave_something_behind_of_large_rows(connection: sqlite3.Connection, seed: int) -> None:
    """Have rows moved about that are partly on pages of their own."""
    random = Random(seed)
    rows = list(range(600))
    random.shuffle(rows)
    connection.execute("BEGIN")
    for row in rows:
        connection.execute(ADD, (row, CANARY * random.randint(140, 270)))
    random.shuffle(rows)
    for row in rows[:400]:
        connection.execute("DELETE FROM retry WHERE position = ?", (row,))
    for row in rows[400:]:
        entry = b"\x01" * random.randint(4_200, 8_000)
        connection.execute("UPDATE retry SET entry = ? WHERE position = ?", (entry, row))
    connection.execute("COMMIT")
    empty(connection)


def empty(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def content(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
    return connection.execute("SELECT rowid, entry FROM retry ORDER BY rowid").fetchall()


@pytest.mark.parametrize(
    ("leave", "seed"),
    [
        *((leave_something_behind, seed) for seed in SEEDS),
        *((leave_something_behind_of_large_rows, seed) for seed in LARGE_SEEDS),
    ],
)
def test_what_is_left_behind_is_overwritten_and_the_rows_stay(
    path: Path,
    connection: sqlite3.Connection,
    leave: Callable[[sqlite3.Connection, int], None],
    seed: int,
) -> None:
    leave(connection, seed)
    if CANARY not in path.read_bytes():
        pytest.skip("this version of SQLite moves rows in another way")
    before = content(connection)
    for gap in gaps.find(path, gaps.roots(connection), None):
        gaps.fill(connection, gap)
    empty(connection)
    assert CANARY not in path.read_bytes()
    assert content(connection) == before
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_every_leaf_of_a_table_is_looked_at(path: Path, connection: sqlite3.Connection) -> None:
    for row in range(100):
        connection.execute(ADD, (row, b"\x01" * 300))
    empty(connection)
    pages = range(0, path.stat().st_size, PAGE_BYTES)
    with path.open("r+b") as file:
        leaves = [at // PAGE_BYTES + 1 for at in pages if was_spoilt(file, at)]
    found = gaps.find(path, gaps.roots(connection), None)
    assert sorted(gap.page for gap in found) == leaves
    assert len(leaves) > 1


def test_free_blocks_of_a_damaged_page_that_go_round_end(
    path: Path, connection: sqlite3.Connection
) -> None:
    root = gaps.roots(connection)["retry"]
    connection.execute(ADD, (0, b"\x01"))
    empty(connection)
    block = 1_000
    to_it = block.to_bytes(2, "big")
    with path.open("r+b") as file:
        for at, data in ((1, to_it), (block, to_it + bytes(2) + CANARY)):
            file.seek((root - 1) * PAGE_BYTES + at)
            file.write(data)
    assert [gap.page for gap in gaps.find(path, gaps.roots(connection), None)] == [root]


def was_spoilt(file: BinaryIO, at: int) -> bool:
    """Write into the middle of a page, behind its pointers, if it is a leaf of such rows."""
    file.seek(at)
    data = file.read(PAGE_BYTES)
    if data[0] != LEAF or b"\x01" * 300 not in data:
        return False
    file.seek(at + 8 + 2 * int.from_bytes(data[3:5], "big"))
    return file.write(CANARY) > 0


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
