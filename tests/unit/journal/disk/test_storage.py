"""Faults of the storage, told apart from mistakes of the program."""

import sqlite3

import pytest

from relay.journal.disk.storage import storage_fault


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
