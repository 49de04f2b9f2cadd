"""Where a journal's files are: if `path` is a link, SQLite keeps its own files at the target."""

import os
from pathlib import Path


def place_of(path: Path) -> Path:
    """Return where the file is, or will be; its `-wal`, `-shm` and lock files are beside it."""
    return Path(os.path.realpath(path))
