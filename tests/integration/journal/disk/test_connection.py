"""Killing a process does not show what a power cut would: the settings that matter then."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from relay.journal.disk.connection import (
    Connect,
    open_checkpointer,
    open_new,
    open_reader,
    open_writer,
)

FULL = 2
ON = 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "relay.db"
    path.touch()
    with closing(open_new(path, sqlite3.Connection)) as connection:
        connection.execute("CREATE TABLE something (value)")
    return path


def setting(connection: sqlite3.Connection, name: str) -> object:
    [value] = connection.execute(f"PRAGMA {name}").fetchone()
    return value


def test_a_commit_is_on_the_disk_when_it_returns(path: Path) -> None:
    with closing(open_writer(path, sqlite3.Connection, max_wal_bytes=2**20)) as connection:
        assert setting(connection, "journal_mode") == "wal"
        assert setting(connection, "synchronous") == FULL


def test_a_commit_moves_a_log_that_has_grown_beyond_its_bound(path: Path) -> None:
    with closing(open_writer(path, sqlite3.Connection, max_wal_bytes=2**20)) as connection:
        assert setting(connection, "wal_autocheckpoint") == 2**20 // 4_096
        assert setting(connection, "journal_size_limit") == 2**20


def test_what_is_deleted_is_overwritten(path: Path) -> None:
    with closing(open_writer(path, sqlite3.Connection, max_wal_bytes=2**20)) as connection:
        assert setting(connection, "secure_delete") == ON


def test_a_checkpoint_is_on_the_disk_before_the_log_starts_anew(path: Path) -> None:
    with closing(open_checkpointer(path, sqlite3.Connection)) as connection:
        assert setting(connection, "synchronous") == FULL


def test_a_reader_cannot_write(path: Path) -> None:
    with (
        closing(open_reader(path, sqlite3.Connection)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("INSERT INTO something VALUES (1)")


@pytest.mark.parametrize(
    "opened", [partial(open_writer, max_wal_bytes=2**20), open_reader, open_checkpointer]
)
def test_a_connection_that_cannot_be_set_up_is_closed(
    path: Path, opened: Callable[[Path, Connect], sqlite3.Connection]
) -> None:
    closed = []

    class OnBrokenDisk(sqlite3.Connection):
        def execute(self, *arguments: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("disk I/O error")

        def close(self) -> None:
            closed.append(self)
            super().close()

    with pytest.raises(sqlite3.OperationalError):
        opened(path, OnBrokenDisk)
    assert len(closed) == 1
