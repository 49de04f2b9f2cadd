"""How much room the journal has, below its size limit and on the disk.

Events are refused well before the limit, so that deliveries can still be recorded, and the limit
includes the write-ahead log. Free pages of the file count as room, since they are filled before it
grows. An almost full disk counts as a limit that is reached.

Events are also refused while the path does not lead to the file that was opened, or cannot be
read: what is written then may be lost with the process. Events accepted before are still sent.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from relay.journal.disk.place import place_of
from relay.journal.space.retention import used_bytes

MAX_RESERVE_BYTES: Final = 64 * 1024 * 1024
RESERVE_SHARE: Final = 8
"""The reserve is one part in this many of the limit, but at most `MAX_RESERVE_BYTES`."""
STEP_BYTES: Final = 4 * 1024 * 1024
DISK_RESERVE_BYTES: Final = 8 * 1024 * 1024
DISK_RESERVE_SHARE: Final = 4

AT_LIMIT: Final = "the journal is at its size limit"
DISK_FULL: Final = "the disk of the journal is full"
GONE: Final = "the journal's file, or its -wal, was moved, deleted or replaced"
UNREACHABLE: Final = "the journal's file cannot be reached"
ASTRAY: Final = (GONE, UNREACHABLE)
"""Refusals because what is written might never be found again."""


class Look(NamedTuple):
    """The room at one moment: why events are refused, if they are.

    `tight` means that everything that can be spared should be deleted.
    """

    used_bytes: int = 0
    refusal: str | None = None
    tight: bool = False


class Room:
    """See the module docstring. A look takes some microseconds: one per commit is fine."""

    def __init__(self, path: Path, max_size_bytes: int) -> None:
        self._path = path
        self._place = place_of(path)
        self._max_size_bytes = max_size_bytes
        self.reserve_bytes = min(MAX_RESERVE_BYTES, max_size_bytes // RESERVE_SHARE)
        """Room for recording deliveries; the write-ahead log may get half as large."""
        self.file_bytes = max_size_bytes - self.reserve_bytes
        """How large the file may be; the rest is for the write-ahead log and its index."""
        self.step_bytes = min(STEP_BYTES, self.reserve_bytes // 2)
        """The most bytes that may be written or deleted at once, and between two checkpoints."""
        self._files: list[tuple[int, int]] | None = None

    def look(self, connection: sqlite3.Connection) -> Look:
        """Return the room, as seen in an open transaction."""
        used = used_bytes(connection)
        try:
            return self._look(used)
        except OSError:
            return Look(used, UNREACHABLE)

    def _look(self, used: int) -> Look:
        if self._is_gone():
            return Look(used, GONE)  # nothing is deleted because of it: the file may come back
        spare = self._spare_bytes(used)
        wal_bytes = file_bytes(self._place, "-wal")
        if spare < 0 or used + wal_bytes > self._max_size_bytes - self.reserve_bytes // 2:
            return Look(used, AT_LIMIT, tight=True)
        refusal = DISK_FULL if self._disk_spare_bytes(used) < 0 else None
        return Look(used, refusal, tight=refusal is not None or spare < self.reserve_bytes)

    def left_bytes(self, used_bytes: int) -> int:
        """Return how many more bytes may come in before events are refused."""
        try:
            return max(0, min(self._spare_bytes(used_bytes), self._disk_spare_bytes(used_bytes)))
        except OSError:
            return 0

    def _is_gone(self) -> bool:
        """Return whether a path leads to another file than at the first look, or to none.

        The write-ahead log is as much of the journal: whatever was not moved is in it alone.
        """
        try:
            files = [_identity(self._path), _identity(f"{self._place}-wal")]
        except (FileNotFoundError, NotADirectoryError):
            return True
        self._files = self._files or files
        return self._files != files

    def _spare_bytes(self, used_bytes: int) -> int:
        return self._max_size_bytes - used_bytes - 2 * self.reserve_bytes

    def _disk_spare_bytes(self, used_bytes: int) -> int:
        """Return the bytes that the disk has left once the write-ahead log is moved into the file.

        Until then, both take up room: on a disk that the log has filled to the last byte, there
        would be no room for the move, nor for recording a delivery.
        """
        disk = os.statvfs(self._place.parent)
        reserve = min(DISK_RESERVE_BYTES, disk.f_blocks * disk.f_frsize // DISK_RESERVE_SHARE)
        growth = max(0, used_bytes - file_bytes(self._place, ""))
        return disk.f_bavail * disk.f_frsize - growth - reserve


def _identity(path: Path | str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - half the time of Path.stat
    return found.st_dev, found.st_ino


def size_bytes(path: Path) -> int:
    """Return how many bytes a journal's files take together."""
    place = place_of(path)
    return sum(file_bytes(place, suffix) for suffix in ("", "-wal", "-shm"))


def file_bytes(path: Path, suffix: str) -> int:
    """Return the size of one of a journal's files, 0 if it is missing or out of reach."""
    try:
        return os.stat(f"{path}{suffix}").st_size  # noqa: PTH116 - half the time of Path.stat
    except OSError:
        return 0
