"""A disk that fails on command, under a real SQLite connection."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any


def disk_full() -> sqlite3.OperationalError:
    """Return what SQLite raises where nothing can be added to a file."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


class Disk:
    """Fails the n-th statement of the journal's writer, and unless `once` all until `mend`."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._once = False

    def fail_after(self, statements: int, *, once: bool = False) -> None:
        self._left = statements
        self._once = once

    def mend(self) -> None:
        self._left = None

    def use(self, sql: str) -> None:
        if self._left is None or threading.current_thread().name != "journal-writer":
            return
        if sql == "ROLLBACK":
            return
        if self._left == 0:
            self._left = None if self._once else 0
            raise disk_full()
        self._left -= 1


def connections_on(disk: Disk) -> type[sqlite3.Connection]:
    """Return the class of connections whose statements need this disk."""

    class OnDisk(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            disk.use(sql)
            return super().execute(sql, *values)

        def executemany(self, sql: str, *values: Any) -> sqlite3.Cursor:
            disk.use(sql)
            return super().executemany(sql, *values)

    return OnDisk


def counting(statements: list[str], is_wanted: Callable[[str], bool]) -> type[sqlite3.Connection]:
    """Return a class of connections that notes the wanted statements of the journal's writer."""

    class Counting(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if threading.current_thread().name == "journal-writer" and is_wanted(sql):
                statements.append(sql)
            return super().execute(sql, *values)

    return Counting
