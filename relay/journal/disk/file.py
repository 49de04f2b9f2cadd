"""Finds, locks and checks the journal's file, or makes it, before anything is written to it.

Only one process may hold a journal. The lock is on a file beside it, so that the journal can be
checked without being opened for writing. A file that is not a journal, is newer than this version
or cannot be read is left as it is. Files are made with mode 0600 whatever the umask; SQLite gives
the `-wal` and `-shm` files the mode of the journal. All of it blocks: call it outside the loop.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from relay.errors import ConfigError, JournalDamaged, JournalUnavailable, RelayError
from relay.journal.disk.connection import APPLICATION_ID, Connect, open_new, open_reader, pragma
from relay.journal.disk.place import place_of
from relay.journal.disk.storage import (
    FAILING,
    FULL,
    UNREADABLE,
    gives_all,
    is_damage,
    storage_fault,
)
from relay.journal.disk.upgrades import FIRST_VERSION, VERSION, absent_tables, create
from relay.journal.find.recent import recent
from relay.private_file import make_folder

_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_BYTES: Final = 100
"""See https://sqlite.org/fileformat.html#the_database_header (2026)."""
_VERSION_AT: Final = 60
_APPLICATION_ID_AT: Final = 68
_SUFFIXES: Final = ("", "-wal", "-shm")
"""The suffixes of a journal's files, see https://sqlite.org/walformat.html (2026)."""
EARLY: Final = "restore a backup, or have the version that wrote it send what waits"
"""What to do about a journal that lacks tables; it never tells anybody to give up a sound one."""
_MODE: Final = 0o600


class Lock:
    """The right to use a journal; held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises `RelayError` if another process has it, by any symbolic link."""
        beside = f"{_place(path)}.lock"
        self._file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            if not isinstance(error, BlockingIOError):  # such as a disk without locks
                raise
            raise RelayError(
                f"{path}: another relay uses this journal; stop it, or set [journal] path."
            ) from None

    def release(self) -> None:
        """Release the lock."""
        os.close(self._file)


def claim(path: Path, connect: Connect) -> Lock:
    """Lock a journal that can be opened for writing, and make it if there is none.

    Raises `RelayError` if it is in use, `ConfigError` if it is out of reach, `JournalUnavailable`
    if its disk cannot be written, and `JournalDamaged` if it is unusable.
    """
    try:
        if path.exists() and not path.is_file():  # such as a device: it would be replaced
            raise ConfigError(f"{path}: is no plain file; set [journal] path.")
        make_folder(path.parent)
        lock = Lock(path)
        try:
            if path.exists() and path.stat().st_size:
                _reach(path)
                _judge(path, connect)
            else:
                _make(path, connect)
        except BaseException:
            lock.release()
            raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise JournalUnavailable(FULL) from None
        raise ConfigError(_unusable(path, error)) from None
    return lock


def _reach(path: Path) -> None:
    """Raise `PermissionError` for a file that this user may not use: SQLite calls it damaged."""
    for each in (Path(f"{_place(path)}{suffix}") for suffix in _SUFFIXES):
        if each.exists() and not os.access(each, os.R_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(each))


def _own(path: Path) -> None:
    """Give a journal's files the mode that they need, such as those of a restored backup."""
    for each in (Path(f"{_place(path)}{suffix}") for suffix in _SUFFIXES):
        if each.exists():
            each.chmod(_MODE)


def _unusable(path: Path, error: OSError) -> str:
    """Return the message for a journal out of reach, naming the file at fault."""
    place, fix = path, ""
    if error.errno == errno.EROFS:
        fix = "mount its disk writable, or "
    elif isinstance(error, PermissionError):
        place = Path(error.filename or path)
        place = place if os.path.lexists(place) else place.parent
        fix = "give it to the user that the relay runs as, or "
    return f"{place}: cannot be used ({error.strerror}); {fix}set [journal] path."


def _place(path: Path) -> Path:
    """Return where the file is, or will be. Raises `OSError` if a link leads back to itself."""
    place = place_of(path)
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return place


def stored_version(path: Path) -> int | None:
    """Return the version in a journal's header, None if the file is not a journal."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header.startswith(_MAGIC) or _number(header, _APPLICATION_ID_AT) != APPLICATION_ID:
        return None
    return _number(header, _VERSION_AT)


def _make(path: Path, connect: Connect) -> None:
    """Make an empty journal, first under another name, so that there is never half a journal.

    It is switched to a write-ahead log before it gets its name, since a reader could not roll back
    a transaction without one. If `path` is a link, the journal is made where the link leads to.
    """
    path = _place(path)
    leftover = Path(f"{path}-wal")
    if leftover.exists() and leftover.stat().st_size:
        raise JournalDamaged(f"{leftover}: its journal is gone; restore {path}, or move it away.")
    fresh = Path(f"{path}.new")
    _clear(fresh)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE))
    try:
        with closing(open_new(fresh, connect)) as connection:
            create(connection)
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        if reason := storage_fault(error):
            raise JournalUnavailable(reason) from None
        raise
    fresh.replace(path)
    flush_folder(path.parent)


def _clear(fresh: Path) -> None:
    """Delete what is left of a start that was killed while it made a journal."""
    for suffix in (*_SUFFIXES, "-journal"):
        Path(f"{fresh}{suffix}").unlink(missing_ok=True)


def damaged(path: Path) -> JournalDamaged | JournalUnavailable:
    """Return the error for an unreadable journal: its damage, or a fault of its disk."""
    if not gives_all(path):
        return JournalUnavailable(FAILING)
    return JournalDamaged(
        f"{path}: is damaged; restore a backup, or move it away to begin a new journal."
    )


def flush_folder(folder: Path) -> None:
    """Flush a folder, so that the file names in it are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _judge(path: Path, connect: Connect) -> None:
    """Raise `JournalDamaged` if the file is not a journal of this version; writes nothing to it.

    Only the modes of its files are put right, before SQLite gives new ones the mode of the journal.
    """
    version = stored_version(path)
    if version is None:
        raise JournalDamaged(f"{path}: is no journal of the relay; move it, or set [journal] path.")
    _judge_version(path, version)
    _own(path)
    try:
        with closing(open_reader(path, connect)) as connection:
            _judge_schema(path, connection)
            _judge_content(path, connection)
    except (sqlite3.DatabaseError, *UNREADABLE) as error:
        raise _refusal(path, error) from None


def _refusal(path: Path, error: BaseException) -> JournalDamaged | JournalUnavailable:
    """Return what an error means; it must not tell anybody to move a sound journal away.

    Even a reader needs disk space for the log's index, and another program may lock it out.
    """
    if getattr(error, "sqlite_errorcode", None) is None or is_damage(error):
        return damaged(path)
    reason = storage_fault(error)
    return damaged(path) if reason is None else JournalUnavailable(reason)


def _judge_content(path: Path, connection: sqlite3.Connection) -> None:
    """Raise if anything that the relay needs to start cannot be read.

    A small journal is checked page by page. For a large one this would take minutes, so only its
    small tables and the end of its log are checked.
    """
    checks = list(_CHECKS)
    if path.stat().st_size <= SMALL_BYTES:
        checks += _WHOLE_CHECKS
    for query, sound in checks:
        if connection.execute(query).fetchone()[0] != sound:
            raise damaged(path)
    recent(connection, RECENT_EVENTS)  # which reads all cursors as well


def _judge_schema(path: Path, connection: sqlite3.Connection) -> None:
    version = pragma(connection, "user_version")
    _judge_version(path, version)
    if version < FIRST_VERSION:
        raise damaged(path)
    if absent := absent_tables(connection):
        raise JournalDamaged(f"{path}: {lacking(absent)}; {EARLY}.")


def lacking(tables: Sequence[str]) -> str:
    """Return the message for a journal that lacks tables of its version."""
    more = f", and {len(tables) - 1:,} more" if len(tables) > 1 else ""
    return f"is damaged (no table {tables[0]}{more}), or from before the first release"


def _judge_version(path: Path, version: int) -> None:
    if version > VERSION:
        raise JournalDamaged(
            f"{path}: was written by a newer relay (journal version {version}, this one knows"
            f" {VERSION}); install that version."
        )


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")


SMALL_BYTES: Final = 256 * 1024 * 1024
"""A journal up to this size is checked page by page at the start: a fraction of a second."""
RECENT_EVENTS: Final = 20_000
"""Events at the end of the log that are read at the start."""
_SMALL_TABLES: Final = ("cursor", "total", "total_value", "log_end", "pause", "wait", "rollup")
_CHECKS: Final[list[tuple[str, object]]] = [
    (f"PRAGMA quick_check('{table}')", "ok") for table in _SMALL_TABLES
]
_GAPS: Final = """
    SELECT count(*) FROM (
        SELECT first - lag(first + count) OVER (PARTITION BY lane ORDER BY first) AS gap FROM log
    ) WHERE gap != 0
"""
_WHOLE_CHECKS: Final[list[tuple[str, object]]] = [("PRAGMA quick_check", "ok"), (_GAPS, 0)]
"""Queries, each with the result that a sound journal gives."""
