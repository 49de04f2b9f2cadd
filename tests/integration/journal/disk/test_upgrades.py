"""Upgrades of the schema: one transaction a step, each done once."""

import sqlite3
from pathlib import Path

import pytest

from relay.journal.disk.connection import pragma
from relay.journal.disk.storage import FULL, storage_fault
from relay.journal.disk.upgrades import FIRST_VERSION, STEPS, VERSION, upgrade
from tests.given.journal.seed import new_journal

COLOUR = ("ALTER TABLE pause ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",)
LARGE = ("CREATE TABLE large (content BLOB)", "INSERT INTO large VALUES (zeroblob(1000000))")
SIZE = ("CREATE TABLE size (bytes INTEGER) STRICT", "INSERT INTO size VALUES (7)")


def version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def test_a_new_journal_has_this_version() -> None:
    with new_journal() as connection:
        assert version(connection) == VERSION == FIRST_VERSION + len(STEPS)


def test_each_step_is_taken_once() -> None:
    with new_journal() as connection:
        upgrade(connection, [*STEPS, COLOUR])
        upgrade(connection, [*STEPS, COLOUR, SIZE])
        upgrade(connection, [*STEPS, COLOUR, SIZE])
        assert version(connection) == VERSION + 2
        assert connection.execute("SELECT bytes FROM size").fetchall() == [(7,)]
        assert connection.execute("SELECT colour FROM pause").fetchall() == []


def test_a_step_that_fails_leaves_the_one_before() -> None:
    with new_journal() as connection:
        with pytest.raises(sqlite3.OperationalError):
            upgrade(connection, [*STEPS, COLOUR, (*SIZE, "INSERT INTO absent VALUES (1)")])
        assert version(connection) == VERSION + 1
        upgrade(connection, [*STEPS, COLOUR, SIZE])
        assert version(connection) == VERSION + 2


def test_a_disk_that_fills_up_is_named(tmp_path: Path) -> None:
    """SQLite has ended the transaction by itself then: to roll it back is a mistake."""
    with new_journal(tmp_path / "relay.db") as connection:
        connection.execute(f"PRAGMA max_page_count = {pragma(connection, 'page_count') + 4}")
        with pytest.raises(sqlite3.OperationalError) as raised:
            upgrade(connection, [*STEPS, COLOUR, LARGE])
        assert storage_fault(raised.value) == FULL
        assert version(connection) == VERSION + 1
