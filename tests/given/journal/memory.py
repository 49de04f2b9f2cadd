"""Where the journals of a test lie that nobody cuts the power of: no commit waits for a disk there.

SQLite does all that it does elsewhere. Tests that open a journal for each of many examples, or live
through days in virtual time, would wait for nothing else. Whatever is told of durability, of room
or of waiting times stays on a disk.
"""

import os
import shutil
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - in memory, where there is one
ROOM_BYTES: Final = 2**29


def memory(room_bytes: int = ROOM_BYTES) -> Path | None:
    """Return a folder in memory with that much room, or None: the folder for temporary files."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < room_bytes:
        return None
    return MEMORY
