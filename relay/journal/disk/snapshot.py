"""Reads a journal beside the relay that writes it: one moment of it, whatever happens meanwhile.

Nothing is written, no lock is taken, no file is made. While a relay runs, the snapshot keeps its
write-ahead log from being emptied, for as long as the reading takes; the relay itself goes on.
Where there is no write-ahead log nobody writes, and the file is read as it lies there; should a
relay be started meanwhile, the reading begins anew. All of it blocks.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from relay.errors import JournalDamaged, RelayError
from relay.journal.disk.connection import open_reader, open_still, pragma
from relay.journal.disk.still import ATTEMPTS, State
from relay.journal.disk.storage import UNREADABLE, gives_all, is_damage
from relay.journal.verify.finding import RESTORE, Finding
from relay.journal.verify.verify import unusable, version_fault

Found = TypeVar("Found")


def unreadable(path: Path, error: BaseException) -> RelayError:
    """Return what an error means; its text is left out, it may quote."""
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
    """Return what `read` finds in the journal at `path`, all of it as of the same moment.

    `read` is called again if what it has read was worth nothing, so it has to begin anew each time.
    Raises `JournalDamaged` or `RelayError` for a journal that cannot be read, in the words of
    `failed`.
    """
    _refuse(unusable(path))
    for _ in range(ATTEMPTS):
        before, fault = State.of(path), None
        try:
            with closing(_opened(path, before)) as connection:
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


def _opened(path: Path, state: State) -> sqlite3.Connection:
    opened = open_still if state.still else open_reader
    return opened(path, sqlite3.Connection)
