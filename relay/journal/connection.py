"""How SQLite is opened, for the one writer and for readers.

Write-ahead log and `synchronous = FULL`: a commit is on the disk when it returns. Checkpoints are
not the writer's business (see `checkpoint`). Deleted content is overwritten, since it concerns
persons. Readers cannot write, whatever they are given to run.
"""

import sqlite3
from pathlib import Path
from typing import Final

APPLICATION_ID: Final = 0x524C4A31
"""`RLJ1`, in the header of the file: what tells a journal from other databases."""

Connect = type[sqlite3.Connection]
"""The class of connections: SQLite's own, or one that fails on purpose."""

_WRITER_WAIT_MS: Final = 10_000
"""For the lock that a checkpoint holds for moments; nobody else writes."""
_CHECKPOINT_WAIT_MS: Final = 200
"""For readers to let go of the write-ahead log; meanwhile the writer waits, too."""
_STATEMENTS: Final = 256


def open_writer(path: Path, connect: Connect, *, max_wal_bytes: int) -> sqlite3.Connection:
    """Open an existing journal for writing, to be used by the calling thread only."""
    connection = _open(path, "rw", connect, same_thread=True)
    for setting in (
        f"busy_timeout = {_WRITER_WAIT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",
        "wal_autocheckpoint = 0",
        f"journal_size_limit = {max_wal_bytes}",
    ):
        connection.execute(f"PRAGMA {setting}")
    return connection


def open_reader(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open a journal for reading, to be used by one thread at a time."""
    connection = _open(path, "ro", connect, same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_WRITER_WAIT_MS}")
    connection.execute("PRAGMA query_only = ON")
    return connection


def open_checkpointer(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open a journal for moving the write-ahead log into it, by one thread at a time."""
    connection = _open(path, "rw", connect, same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MS}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def open_new(path: Path, connect: Connect) -> sqlite3.Connection:
    """Open an empty file, to make the tables in it."""
    return _open(path, "rw", connect, same_thread=True)


def _open(path: Path, mode: str, connect: Connect, *, same_thread: bool) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=same_thread,
        cached_statements=_STATEMENTS,
        factory=connect,
    )
