"""Distinguishes storage faults from bugs in this program.

A storage fault (disk full, input/output error, read-only or damaged file) affects every write, and
ends by itself or when somebody acts; any other error belongs to the operation that raised it. The
reason is short, contains no path and is safe to show to a producer; the remedy is for whoever runs
the relay.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from relay.journal.disk.place import place_of

UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError)
"""What decoding raises for bytes that the relay never wrote."""

_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk of the journal is full",
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk of the journal is full",
    sqlite3.SQLITE_IOERR: "the disk of the journal fails",
    sqlite3.SQLITE_READONLY: "the journal's file is read-only",
    sqlite3.SQLITE_PERM: "the journal's file is not permitted to the relay",
    sqlite3.SQLITE_CANTOPEN: "the journal's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the journal's file is damaged, or its disk fails",
    sqlite3.SQLITE_NOTADB: "the journal's file is damaged, or its disk fails",
    sqlite3.SQLITE_BUSY: "the journal's file is locked by another program",
    sqlite3.SQLITE_LOCKED: "the journal's file is locked by another program",
    sqlite3.SQLITE_PROTOCOL: "the journal's file is locked by another program",
    sqlite3.SQLITE_NOMEM: "the relay is out of memory",
    sqlite3.SQLITE_INTERRUPT: "the journal was interrupted",
}
FULL: Final = _REASONS[sqlite3.SQLITE_FULL]
FAILING: Final = _REASONS[sqlite3.SQLITE_IOERR]
_REMEDIES: Final = {
    FULL: "free some space on it, or set [journal] path to another disk",
    FAILING: "replace it, or set [journal] path to another disk",
    _REASONS[sqlite3.SQLITE_NOMEM]: "give it more",
    _REASONS[sqlite3.SQLITE_BUSY]: "end that program",
}
_ANY_REMEDY: Final = "check its disk, owner and permissions, or set [journal] path"
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
DAMAGED: Final = _REASONS[sqlite3.SQLITE_CORRUPT]
_PRIMARY_CODE: Final = 0xFF
"""Masks the low byte of an extended result code, see https://sqlite.org/rescode.html (2026)."""


_READ_BYTES: Final = 1024 * 1024


def is_damage(error: BaseException) -> bool:
    """Whether an error means damage to the file, provided that its disk can be read."""
    if isinstance(error, sqlite3.Error):
        code = _code(error)
        return code is not None and code & _PRIMARY_CODE in _DAMAGE
    return isinstance(error, UNREADABLE)


def gives_all(path: Path) -> bool:
    """Whether every byte of a journal can be read: SQLite calls a file damaged if not."""
    try:
        for each in (path, Path(f"{place_of(path)}-wal")):
            with suppress(FileNotFoundError), each.open("rb", buffering=0) as file:
                while file.read(_READ_BYTES):
                    pass
    except OSError:
        return False
    return True


def remedy(reason: str) -> str:
    """Return what to do about a reason of `storage_fault`."""
    return _REMEDIES.get(reason, _ANY_REMEDY)


def storage_fault(error: BaseException) -> str | None:
    """Return the reason if an error is a storage fault, None if it is anything else."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = _code(error)
    return None if code is None else _REASONS.get(code, _REASONS.get(code & _PRIMARY_CODE))


def _code(error: sqlite3.Error) -> int | None:
    """Return the result code, None for a mistake that Python's module noticed.

    For a text that is not UTF-8, that module raises an error of its own, which quotes the text.
    """
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None and isinstance(error, sqlite3.OperationalError):
        return sqlite3.SQLITE_CORRUPT
    return code
