"""Reads one snapshot of a journal, even while a relay writes to it.

It writes nothing, takes no lock and makes no file. While a relay runs, the snapshot keeps its
write-ahead log from being emptied, for as long as the reading takes; the relay itself keeps
running. If there is no write-ahead log, nobody is writing, and the file is read as it is; if a
relay is started meanwhile, the reading starts over. All of it blocks.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from relay.errors import JournalDamaged, RelayError
from relay.journal.disk.connection import pragma
from relay.journal.disk.still import ATTEMPTS, State
from relay.journal.disk.storage import UNREADABLE, gives_all, is_damage
from relay.journal.verify.finding import RESTORE, Finding
from relay.journal.verify.verify import unusable, version_fault

Found = TypeVar("Found")


def unreadable(path: Path, error: BaseException) -> RelayError:
    """Return what an error means, without its text, which may quote an event."""
    if is_damage(error) and gives_all(path):
        return JournalDamaged(f"{path}: is damaged; {RESTORE}")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return RelayError(
        f"{path}: cannot be read ({name}); check the disk, and run this as the relay's user"
    )


def at_one_moment(
    path: Path,
    read: Callable[[sqlite3.Connection], Found],
    failed: Callable[[Path, BaseException], RelayError] = unreadable,
) -> Found:
    """Return what `read` returns for a snapshot of the journal at `path`.

    `read` is called again if a relay was started or stopped meanwhile, so it has to start from
    scratch each time. Raises `JournalDamaged` or `RelayError` if the journal cannot be read;
    `failed` makes the error.
    """
    _refuse(unusable(path))
    for _ in range(ATTEMPTS):
        before, fault = State.of(path), None
        try:
            with closing(before.connect(path)) as connection:
                connection.execute("BEGIN")
                _refuse(version_fault(path, pragma(connection, "user_version")))
                found = read(connection)
        except (sqlite3.Error, *UNREADABLE) as error:
            fault = error
        if before.holds(path):
            if fault is not None:
                raise failed(path, fault) from None
            return found
    raise RelayError(f"{path}: a relay is started and stopped again and again; try once more")


def _refuse(problem: Finding | None) -> None:
    if problem is not None:
        raise JournalDamaged(f"{problem.message}; {problem.fix}")
