"""Where a journal's files are: `path` may be a link, and SQLite keeps its own files at its end."""

import os
from pathlib import Path


def place_of(path: Path) -> Path:
    """Return where the file is, or will be: beside it are its `-wal`, its `-shm` and its lock."""
    return Path(os.path.realpath(path))
