"""The write-ahead log is moved beside the commits: when, how, and never twice at once."""

import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from relay.journal.disk.checkpoint import COMMIT_BYTES, Checkpointer
from relay.journal.disk.connection import open_checkpointer, open_new, open_writer
from tests.given.journal.turns import until

PASSIVE, TRUNCATE = "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)"
EVERY_BYTES = 4 * COMMIT_BYTES


class Moves:
    """Opens connections whose checkpoints are noted, and wait while it is `held`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free = threading.Event()
        self._free.set()
        self.begun: list[str] = []

    def connect(self) -> sqlite3.Connection:
        begun, free = self.begun, self._free

        class Noting(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                if "wal_checkpoint" in sql:
                    begun.append(sql)
                    free.wait()
                return super().execute(sql, *values)

        return open_checkpointer(self._path, Noting)

    def hold(self) -> None:
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    path.touch()
    with closing(open_new(path, sqlite3.Connection)) as connection:
        connection.execute("CREATE TABLE something (value)")
    with closing(open_writer(path, sqlite3.Connection, max_wal_bytes=2**30)) as connection:
        yield connection


@asynccontextmanager
async def moving(moves: Moves) -> AsyncIterator[Checkpointer]:
    checkpointer = Checkpointer(moves.connect, every_bytes=EVERY_BYTES)
    try:
        yield checkpointer
    finally:
        moves.let_go()
        await checkpointer.close()


def note(checkpointer: Checkpointer, *used_bytes: int) -> None:
    for used in used_bytes:
        checkpointer.note(used)


def wal_bytes(path: Path) -> int:
    return path.with_name("relay.db-wal").stat().st_size


@pytest.mark.parametrize(
    "used_bytes",
    [[0] * 4, [EVERY_BYTES - COMMIT_BYTES], [COMMIT_BYTES, 0]],
    ids=["commits", "growth", "what is deleted"],
)
async def test_the_log_is_moved_each_time_so_much_has_been_written(
    path: Path, writer: sqlite3.Connection, used_bytes: Sequence[int]
) -> None:
    """What is deleted is written as well, since it is overwritten."""
    moves = Moves(path)
    async with moving(moves) as checkpointer:
        note(checkpointer, *used_bytes[:-1])
        assert moves.begun == []
        note(checkpointer, used_bytes[-1])
        await until(lambda: moves.begun == [PASSIVE])
        await checkpointer.empty()
        note(checkpointer, *[used_bytes[-1]] * 3)
        await checkpointer.empty()
        assert moves.begun == [PASSIVE, *[PASSIVE, TRUNCATE] * 2]
        note(checkpointer, used_bytes[-1])
        await until(lambda: moves.begun == [PASSIVE, *[PASSIVE, TRUNCATE] * 2, PASSIVE])
    del writer


async def test_while_it_is_moved_nothing_else_is_begun_and_it_is_made_up_for(
    path: Path, writer: sqlite3.Connection
) -> None:
    moves = Moves(path)
    async with moving(moves) as checkpointer:
        moves.hold()
        note(checkpointer, *[0] * 4)
        await until(lambda: len(moves.begun) == 1)
        note(checkpointer, *[0] * 40)
        moves.let_go()
        await checkpointer.empty()
        assert moves.begun == [PASSIVE, PASSIVE, TRUNCATE]
        note(checkpointer, 0)
        await until(lambda: len(moves.begun) == 4)
    del writer


async def test_an_emptied_log_holds_nothing_old(path: Path, writer: sqlite3.Connection) -> None:
    """It is moved first without anybody waiting, so that little is left for the rest."""
    moves = Moves(path)
    writer.execute("INSERT INTO something VALUES (1)")
    async with moving(moves) as checkpointer:
        assert wal_bytes(path) > 0
        assert await checkpointer.empty()
        assert wal_bytes(path) == 0
    assert moves.begun[:2] == [PASSIVE, TRUNCATE]


async def test_a_log_that_somebody_reads_is_not_empty(
    path: Path, writer: sqlite3.Connection
) -> None:
    writer.execute("INSERT INTO something VALUES (1)")
    async with moving(Moves(path)) as checkpointer:
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM something").fetchall()
            writer.execute("INSERT INTO something VALUES (2)")
            assert await checkpointer.empty() is False
        assert await checkpointer.empty()


async def test_a_file_that_is_gone_is_no_empty_log(path: Path) -> None:
    async with moving(Moves(path)) as checkpointer:
        assert await checkpointer.empty() is False


async def test_after_closing_the_log_is_empty_and_no_thread_is_left(
    path: Path, writer: sqlite3.Connection
) -> None:
    writer.execute("INSERT INTO something VALUES (1)")
    async with moving(Moves(path)):
        assert wal_bytes(path) > 0
    assert wal_bytes(path) == 0
    assert not [each for each in threading.enumerate() if "checkpoint" in each.name]
