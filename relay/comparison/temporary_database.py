"""A temporary database for a comparison: it has no file name, and ends with the process.

Once it outgrows its cache, SQLite moves it to the folder for temporary files. Errors become one
line that names TMPDIR, the variable that chooses another folder.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from relay.errors import RelayError

CACHE_KIB: Final = 48 * 1024


@contextmanager
def temporary_database(tables: str) -> Iterator[sqlite3.Connection]:
    """Open an empty database with these tables; only the thread that opens it may use it."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection, errors_told():
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(tables)
        connection.execute("BEGIN")
        yield connection


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn SQLite's errors within the block into `RelayError`."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise RelayError(
            f"the folder for temporary files cannot be used ({name}): make room in it, or name"
            " another one in TMPDIR"
        ) from None
