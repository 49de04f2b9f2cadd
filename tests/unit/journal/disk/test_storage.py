"""Faults of the storage, told apart from mistakes of the program."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from relay.errors import JournalDamaged, JournalUnavailable, RelayError
from relay.journal.disk.file import damaged
from relay.journal.disk.snapshot import unreadable
from relay.journal.disk.storage import DAMAGED, gives_all, is_damage, storage_fault

FAILING_FILE: Final = Path("/proc/self/mem")
"""Reading it from its start is an input/output error, as on a disk that fails."""


def error(kind: type[sqlite3.Error], code: int) -> sqlite3.Error:
    raised = kind("words of SQLite")
    raised.sqlite_errorcode = code
    return raised


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_IOERR, "fails"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "full"),
        (sqlite3.SQLITE_IOERR_FSYNC, "fails"),
        (sqlite3.SQLITE_READONLY, "read-only"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (sqlite3.SQLITE_BUSY, "locked"),
    ],
)
def test_a_fault_has_words_of_its_own(code: int, word: str) -> None:
    assert word in (storage_fault(error(sqlite3.OperationalError, code)) or "")


@pytest.mark.parametrize(
    "mistake",
    [
        error(sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
        error(sqlite3.IntegrityError, sqlite3.SQLITE_CONSTRAINT_UNIQUE),
        sqlite3.ProgrammingError("Incorrect number of bindings supplied"),
        OverflowError("Python int too large to convert to SQLite INTEGER"),
        ValueError("a bug"),
    ],
)
def test_a_mistake_is_no_fault(mistake: Exception) -> None:
    assert storage_fault(mistake) is None


def test_a_text_that_is_none_is_damage_and_is_not_quoted() -> None:
    """Python's module refuses it in words of its own, which hold the rest of the text."""
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError, match="jane@example") as raised,
    ):
        connection.execute("SELECT cast(x'ff' || 'jane@example.com' AS TEXT)").fetchone()

    assert is_damage(raised.value)
    assert storage_fault(raised.value) == DAMAGED


def test_a_file_that_cannot_be_read_to_its_end_is_told_from_one_that_can(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(b"whatever it holds")

    assert gives_all(path)
    assert not gives_all(FAILING_FILE)


def test_its_write_ahead_log_belongs_to_it(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(b"sound")
    Path(f"{path}-wal").symlink_to(FAILING_FILE)

    assert not gives_all(path)


def test_nobody_is_told_to_move_a_journal_away_for_its_disk() -> None:
    """SQLite has one code for what is damaged and for what the disk does not give."""
    corrupt = error(sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT)

    assert isinstance(damaged(FAILING_FILE), JournalUnavailable)
    assert type(unreadable(FAILING_FILE, corrupt)) is RelayError


def test_a_journal_whose_disk_gives_all_of_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(b"no pages")
    corrupt = error(sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT)

    assert isinstance(damaged(path), JournalDamaged)
    assert isinstance(unreadable(path, corrupt), JournalDamaged)
