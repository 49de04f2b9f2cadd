"""Reads beside the writer: snapshots that cannot write and wait for nobody."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from relay.errors import JournalUnavailable
from relay.journal.codec import decode_group
from relay.journal.disk.connection import open_reader
from relay.journal.disk.storage import DAMAGED
from relay.journal.entry import Entry
from relay.journal.reader import Reader
from tests.given.journal.seed import new_journal

DEEP = b"\x91" * 10_000


@asynccontextmanager
async def reading(path: Path) -> AsyncIterator[Reader]:
    reader = Reader(lambda: open_reader(path, sqlite3.Connection))
    try:
        yield reader
    finally:
        await reader.close()


def read_group(connection: sqlite3.Connection) -> list[Entry]:
    return decode_group(connection.execute("SELECT entries FROM log").fetchone()[0])


def ends(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    return connection.execute("SELECT lane, next FROM log_end").fetchall()


async def test_a_run_sees_one_snapshot(tmp_path: Path) -> None:
    """A commit between two statements of a run is not seen by the second one."""
    path = tmp_path / "relay.db"
    with new_journal(path) as writer:

        def twice(connection: sqlite3.Connection) -> list[list[tuple[int, int]]]:
            before = ends(connection)
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("INSERT INTO log_end VALUES (1, 5)")
            return [before, ends(connection)]

        writer.execute("INSERT INTO log_end VALUES (0, 1)")
        async with reading(path) as reader:
            assert await reader.run(twice) == [[(0, 1)], [(0, 1)]]
            assert await reader.run(ends) == [(0, 1), (1, 5)]


async def test_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with new_journal(path):
        async with reading(path) as reader:
            with pytest.raises(JournalUnavailable, match="read-only"):
                await reader.run(lambda connection: connection.execute("DELETE FROM log_end"))


async def test_runs_go_on_side_by_side_and_after_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with new_journal(path):
        async with reading(path) as reader:
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await reader.run(lambda connection: connection.execute("SELECT * FROM absent"))
            assert await asyncio.gather(*(reader.run(ends) for _ in range(20))) == [[]] * 20


async def test_a_file_that_is_gone_is_a_fault_of_the_storage(tmp_path: Path) -> None:
    async with reading(tmp_path / "absent.db") as reader:
        with pytest.raises(JournalUnavailable, match="cannot be opened"):
            await reader.run(ends)


def unreadable_from_now_on(path: Path, folder: Path) -> None:
    """Have each open handle of the file lead to a folder, of which nothing can be read."""
    for handle in Path("/proc/self/fd").iterdir():
        if handle.exists() and handle.resolve() == path:
            nowhere = os.open(folder, os.O_RDONLY)
            os.dup2(nowhere, int(handle.name))
            os.close(nowhere)


async def test_a_disk_that_fails_is_a_fault_of_the_storage(tmp_path: Path) -> None:
    """SQLite ends the transaction by itself then: to end it again is a mistake of its own."""
    path = tmp_path / "relay.db"
    with new_journal(path) as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        def read(connection: sqlite3.Connection) -> object:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            unreadable_from_now_on(path, tmp_path)
            return ends(connection)

        async with reading(path) as reader:
            with pytest.raises(JournalUnavailable, match="fails"):
                await reader.run(read)


@pytest.mark.parametrize("damaged", [b"\x91\x07", DEEP])
async def test_what_was_damaged_since_the_start_fails_alone_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: bytes
) -> None:
    """A sender that cannot read on asks every second; it must neither end nor fill the log."""
    path = tmp_path / "relay.db"
    with new_journal(path) as writer:
        writer.execute(
            "INSERT INTO log (lane, first, count, received_ms, entries) VALUES (0, 0, 1, 0, ?)",
            (damaged,),
        )
        async with reading(path) as reader:
            for _ in range(3):
                with pytest.raises(JournalUnavailable, match="damaged"):
                    await reader.run(read_group)
            assert await reader.run(ends) == []
    assert [each.message for each in caplog.records] == [
        "events of the journal cannot be read: run `relay journal check`"
    ]


async def test_a_text_that_was_damaged_is_told_and_not_quoted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Python's module quotes it, and it may be an address that a platform said was wrong."""
    path = tmp_path / "relay.db"
    with new_journal(path) as writer:
        writer.execute(
            "INSERT INTO pause VALUES ('p', 'config', 0, cast(x'ff' || 'jane@example.com' AS TEXT))"
        )
        async with reading(path) as reader:
            with pytest.raises(JournalUnavailable) as raised:
                await reader.run(lambda it: it.execute("SELECT message FROM pause").fetchone())
    assert raised.value.reason == DAMAGED
    assert "run `relay journal check`" in caplog.text
    assert "jane" not in f"{raised.value}{caplog.text}"


async def test_closing_interrupts_a_question_that_takes_for_ever(tmp_path: Path) -> None:
    """The stop of the relay is bounded, whatever an operator has asked."""
    path = tmp_path / "relay.db"
    begun = threading.Event()

    def ask(connection: sqlite3.Connection) -> object:
        connection.create_function("begin", 0, begun.set)
        return connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT begin() IS NULL UNION ALL SELECT 1 FROM n)"
            " SELECT count(*) FROM n"
        ).fetchone()

    with new_journal(path):
        async with reading(path) as reader:
            asked = asyncio.ensure_future(reader.run(ask))
            await asyncio.to_thread(begun.wait)
        with pytest.raises(JournalUnavailable, match="interrupted"):
            await asked
