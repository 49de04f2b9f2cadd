"""How much room the journal has: against its size limit, and on the disk.

Events are refused a while before the limit, so that deliveries can still be recorded and the
write-ahead log stays within it, too. Free pages of the file count as room, since they are filled
before it grows. A disk that is almost full counts like a limit that is reached.

Nothing is taken either while the path does not lead to the file that was opened, or leads nowhere
that the relay may look: what is written then may end with the process. What was taken before is
sent all the same.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from relay.journal.disk.place import place_of
from relay.journal.space.retention import used_bytes

MAX_RESERVE_BYTES: Final = 64 * 1024 * 1024
RESERVE_SHARE: Final = 8
"""The reserve is this part of the limit, unless that is more than it needs."""
STEP_BYTES: Final = 4 * 1024 * 1024
DISK_RESERVE_BYTES: Final = 8 * 1024 * 1024
DISK_RESERVE_SHARE: Final = 4

AT_LIMIT: Final = "the journal is at its size limit"
DISK_FULL: Final = "the disk of the journal is full"
GONE: Final = "the journal's file was moved, deleted or replaced"
UNREACHABLE: Final = "the journal's file cannot be reached"
ASTRAY: Final = (GONE, UNREACHABLE)
"""Why nobody may find again what is written."""


class Look(NamedTuple):
    """Why no events are taken, if so; `tight` tells to forget what can be spared."""

    used_bytes: int = 0
    refusal: str | None = None
    tight: bool = False


class Room:
    """See the module docstring. A look costs some microseconds: one a commit is fine."""

    def __init__(self, path: Path, max_size_bytes: int) -> None:
        self._path = path
        self._place = place_of(path)
        self._max_size_bytes = max_size_bytes
        self.reserve_bytes = min(MAX_RESERVE_BYTES, max_size_bytes // RESERVE_SHARE)
        """For deliveries; half of it is how large the write-ahead log may get."""
        self.step_bytes = min(STEP_BYTES, self.reserve_bytes // 2)
        """What may be written or deleted at once, and between two checkpoints."""
        self._file: tuple[int, int] | None = None

    def look(self, connection: sqlite3.Connection) -> Look:
        """Return how things stand as seen in an open transaction."""
        used = used_bytes(connection)
        try:
            return self._look(used)
        except OSError:
            return Look(used, UNREACHABLE)

    def _look(self, used: int) -> Look:
        if self._is_gone():
            return Look(used, GONE)  # nothing is forgotten for it: the file may come back
        spare = self._spare_bytes(used)
        wal_bytes = file_bytes(self._place, "-wal")
        if spare < 0 or used + wal_bytes > self._max_size_bytes - self.reserve_bytes // 2:
            return Look(used, AT_LIMIT, tight=True)
        refusal = DISK_FULL if self._disk_spare_bytes(used) < 0 else None
        return Look(used, refusal, tight=refusal is not None or spare < self.reserve_bytes)

    def left_bytes(self, used_bytes: int) -> int:
        """Return how much may come in, beyond what is in use, before events are refused."""
        try:
            return max(0, min(self._spare_bytes(used_bytes), self._disk_spare_bytes(used_bytes)))
        except OSError:
            return 0

    def _is_gone(self) -> bool:
        """Tell whether the path leads to another file than at the first look, or to none."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - half the time of Path.stat
        except (FileNotFoundError, NotADirectoryError):
            return True
        self._file = self._file or (found.st_dev, found.st_ino)
        return self._file != (found.st_dev, found.st_ino)

    def _spare_bytes(self, used_bytes: int) -> int:
        return self._max_size_bytes - used_bytes - 2 * self.reserve_bytes

    def _disk_spare_bytes(self, used_bytes: int) -> int:
        """Return what the disk has left once the write-ahead log is moved into the file.

        Until it is moved both need their room: a disk that the log has filled to the last byte
        could never take the move, nor a delivery.
        """
        disk = os.statvfs(self._place.parent)
        reserve = min(DISK_RESERVE_BYTES, disk.f_blocks * disk.f_frsize // DISK_RESERVE_SHARE)
        growth = max(0, used_bytes - file_bytes(self._place, ""))
        return disk.f_bavail * disk.f_frsize - growth - reserve


def size_bytes(path: Path) -> int:
    """Return the bytes of a journal's files."""
    place = place_of(path)
    return sum(file_bytes(place, suffix) for suffix in ("", "-wal", "-shm"))


def file_bytes(path: Path, suffix: str) -> int:
    """Return the bytes of one of a journal's files, 0 if there is none within reach."""
    try:
        return os.stat(f"{path}{suffix}").st_size  # noqa: PTH116 - half the time of Path.stat
    except OSError:
        return 0
