"""The versions of the journal's schema: the first in full, each later one as a numbered step.

`PRAGMA user_version` holds the version. Each step is one transaction, so an interrupted upgrade
continues where it stopped. Steps never change once they are released.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from importlib.resources import files
from typing import Final

from relay.journal.disk.connection import APPLICATION_ID, pragma, roll_back

FIRST_VERSION: Final = 1
STEPS: Final[tuple[tuple[str, ...], ...]] = ()
"""The steps from version 1 to 2, from 2 to 3, and so on; each is a sequence of SQL statements."""

VERSION: Final = FIRST_VERSION + len(STEPS)
"""The version that this relay writes."""


def create(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Make the tables in an empty file, before it is switched to a write-ahead log.

    This puts application id and version in the file itself, where they can be read without opening
    it as a database.
    """
    schema = files("relay.journal").joinpath("schema.sql").read_text(encoding="utf-8")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(
        f"BEGIN IMMEDIATE; {schema}\n"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FIRST_VERSION}; COMMIT;"
    )
    upgrade(connection, steps)


def tables(version: int) -> frozenset[str]:
    """Return the names of the tables that a journal of a version has."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection, STEPS[: version - FIRST_VERSION])
        return _stored_tables(connection)


def absent_tables(connection: sqlite3.Connection) -> Sequence[str]:
    """Return the names of the tables that a journal lacks, but its version should have."""
    version = pragma(connection, "user_version")
    return sorted(tables(version) - _stored_tables(connection))


def _stored_tables(connection: sqlite3.Connection) -> frozenset[str]:
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return frozenset(name for (name,) in found)


def upgrade(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Upgrade the journal to the version that `steps` lead to, if it is not there already."""
    version = pragma(connection, "user_version")
    for number, step in enumerate(steps[version - FIRST_VERSION :], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            roll_back(connection)
            raise
