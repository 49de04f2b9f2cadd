"""Copies a journal to another file, as of the moment the copy begins, even while the relay runs.

The copy is one snapshot: a single transaction reads the source from the first page to the last. So
it never starts over because the relay writes, and takes as long as its bytes take. The relay keeps
running; only its write-ahead log cannot be emptied meanwhile.

The copy is verified, and gets its name only once it is complete and on the disk, so the name never
stands for half a backup; no existing file is overwritten. Its mode is 0600. If a backup is killed,
the next one deletes what it left in the folder. All of it blocks.
"""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import msgspec

from relay.errors import ConfigError, JournalDamaged, RelayError, system_reason
from relay.journal.disk.connection import open_copy, open_still
from relay.journal.disk.file import flush_folder
from relay.journal.disk.snapshot import at_one_moment
from relay.journal.disk.storage import gives_all, is_damage
from relay.journal.verify.finding import RESTORE, Watch

STEP_PAGES: Final = 2_000
"""How many pages (8 MB) are copied between two calls of the watcher."""
UNFINISHED: Final = ".relay-backup"
"""The suffix of a copy that is not complete yet."""
ABANDONED_S: Final = 12 * 3600
"""Seconds after which an unchanged unfinished copy counts as abandoned; verifying takes less."""
NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a disk without hard links says, such as a USB stick, or a bucket that is mounted."""


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied, as of the moment at which the copy began."""

    file: str
    size_bytes: int
    events: int
    """How many events the log holds, including settled ones."""


def back_up(
    path: Path, target: Path, watch: Watch, *, link: Callable[[Path, Path], None] = os.link
) -> Backup:
    """Copy the journal at `path` to `target`, which must not exist.

    Raises `ConfigError` for an unusable target, `JournalDamaged` for a journal that cannot be
    copied, and `RelayError` if the disk cannot hold the copy. After an error there is no file.
    """
    try:
        if target.exists():
            raise _taken(target)
        with NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", suffix=UNFINISHED
        ) as file:
            fresh = Path(file.name)
            _clear(fresh)
            events = at_one_moment(path, lambda source: _copy(source, fresh, watch), _failed)
            _verify(path, fresh, watch)
            os.fsync(file.fileno())
            _name(fresh, target, link)
            flush_folder(target.parent)
    except FileExistsError:
        raise _taken(target) from None
    except OSError as error:
        raise ConfigError(
            f"{target}: cannot be written ({system_reason(error)}); choose another file"
        ) from None
    return Backup(file=str(target), size_bytes=target.stat().st_size, events=events)


def _name(fresh: Path, target: Path, link: Callable[[Path, Path], None]) -> None:
    """Give the copy its name; without links, it is moved, if nobody has taken the name by now."""
    try:
        link(fresh, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError from None
        fresh.rename(target)
        fresh.touch()  # it is deleted with the block


def _clear(fresh: Path) -> None:
    """Delete what killed backups left in the folder; one under way has changed recently."""
    now_s = fresh.stat().st_mtime  # by the disk's clock, which may be another machine's
    for each in fresh.parent.glob(f".*{UNFINISHED}"):
        with suppress(OSError):  # another user's, or deleted by another backup
            if now_s - each.stat().st_mtime > ABANDONED_S:
                each.unlink()


def _copy(source: sqlite3.Connection, fresh: Path, watch: Watch) -> int:
    """Copy the journal, and return how many events its log holds."""
    events: int = source.execute("SELECT coalesce(sum(count), 0) FROM log").fetchone()[0]
    with closing(open_copy(fresh)) as copy:
        source.backup(
            copy,
            pages=STEP_PAGES,
            progress=lambda _, left, total: watch("Copying the journal", total - left, total),
        )
    return events


def _verify(path: Path, fresh: Path, watch: Watch) -> None:
    """Raise `JournalDamaged` if the copy has damaged pages, since the journal has them as well.

    If the copy's own disk cannot be read, it is that disk's fault.
    """
    watch("Verifying the copy", 0, None)
    with closing(open_still(fresh)) as connection:
        try:
            told = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError:
            told = "unreadable"
    if told != "ok" and not gives_all(fresh):
        raise RelayError("the disk of the backup fails; choose a file on another one")
    if told != "ok":
        raise JournalDamaged(f"{path}: is damaged, and no backup was made; {RESTORE}")


def _failed(path: Path, error: BaseException) -> RelayError:
    """Return what an error means, without its text, which may quote an event."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if name.startswith("SQLITE_FULL"):
        return RelayError("the disk of the backup is full; choose a file on another one")
    if is_damage(error) and gives_all(path):
        return JournalDamaged(f"{path}: is damaged, and no backup was made; {RESTORE}")
    return RelayError(f"{path}: cannot be copied ({name}); check both disks, and try again")


def _taken(target: Path) -> ConfigError:
    return ConfigError(f"{target}: is there already; choose another file, or move it away")
