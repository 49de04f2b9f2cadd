"""How SQLite is opened, for the one writer and for readers.

With the write-ahead log and `synchronous = FULL`, a commit is on the disk when it returns.
Checkpoints run beside the writer (see `checkpoint`), unless they cannot keep up. Deleted content is
overwritten, since it is personal data. Readers cannot write, whatever they are told to run.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

APPLICATION_ID: Final = 0x524C4A31
"""`RLJ1`, in the file's header, marks a database as a journal."""

Connect = type[sqlite3.Connection]
"""The class of connections: `sqlite3.Connection`, or one that fails on purpose."""

_WRITER_WAIT_MS: Final = 10_000
"""How long to wait for locks, which are held only for moments, since nobody else writes."""
_CHECKPOINT_WAIT_MS: Final = 200
"""How long to wait for others to release the write-ahead log, when the journal is closed."""
_STATEMENTS: Final = 256
_PAGE_BYTES: Final = 4_096


def open_writer(path: Path, connect: Connect, *, max_wal_bytes: int) -> sqlite3.Connection:
    """Open an existing journal for writing, for the calling thread only.

    A commit that finds more than `max_wal_bytes` in the write-ahead log moves it itself.
    """
    settings = (
        f"busy_timeout = {_WRITER_WAIT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",
        f"wal_autocheckpoint = {max(1, max_wal_bytes // _PAGE_BYTES)}",
        f"journal_size_limit = {max_wal_bytes}",
    )
    return _open(path, "rw", connect, settings, same_thread=True)


def open_reader(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open a journal for reading, for one thread at a time."""
    settings = (f"busy_timeout = {_WRITER_WAIT_MS}", "query_only = ON")
    return _open(path, "ro", connect, settings, same_thread=False)


def open_still(path: Path) -> sqlite3.Connection:
    """Open a journal that has no write-ahead log and that nobody uses, without making any file.

    If somebody writes meanwhile, what is read is wrong; the caller has to check that.
    """
    return _open(path, "ro&immutable=1", sqlite3.Connection, same_thread=False)


def open_checkpointer(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open a journal for moving the write-ahead log into it, for one thread at a time."""
    wait = f"busy_timeout = {_CHECKPOINT_WAIT_MS}"
    settings = (wait, "wal_autocheckpoint = 0", "synchronous = FULL")
    return _open(path, "rw", connect, settings, same_thread=False)


def open_new(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open an empty file, in which the tables are then made."""
    return _open(path, "rw", connect, same_thread=True)


def open_copy(path: Path) -> sqlite3.Connection:
    """Open an empty file into which a journal is copied, without any file beside it.

    It needs no safety of its own: the caller deletes it if anything fails, and flushes it if not.
    """
    settings = ("journal_mode = OFF", "synchronous = OFF")
    return _open(path, "rw", sqlite3.Connection, settings, same_thread=True)


def _open(
    path: Path, mode: str, connect: Connect, settings: Sequence[str] = (), *, same_thread: bool
) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=same_thread,
        cached_statements=_STATEMENTS,
        factory=connect,
    )
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """Return the value of one of SQLite's pragmas."""
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def roll_back(connection: sqlite3.Connection) -> None:
    """Roll back the transaction, unless a fault has ended it; never raises `sqlite3.Error`."""
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
