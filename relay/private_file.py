"""Opens files that only the relay's user may read, even if root creates them, and makes folders.

A file that root creates gets the owner of its folder; otherwise a running relay could not read the
key that `sudo relay keys create` has made. Symbolic links are not followed: the relay's user could
have planted one to make root write somewhere else.
"""

import os
from pathlib import Path
from typing import Final

MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
"""Whoever may write to the folder could put a file of their own in the place of the relay's."""


def opened(path: str, flags: int) -> int:
    """Open a file of the relay, as an `opener` for Python's `open`. Raises `OSError`."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW, MODE)
    if os.geteuid() == 0:
        folder = os.stat(os.path.dirname(path) or os.curdir)  # noqa: PTH116, PTH120 - path is a str
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor


def make_folder(folder: Path) -> None:
    """Make a folder, whatever the umask, unless it is there already. Raises `OSError`."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
