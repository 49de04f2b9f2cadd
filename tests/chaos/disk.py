"""A disk that can be full, as the machine allows it.

With the right to mount: a small file system in memory, and a file that fills it (`ENOSPC`).
Without: a limit on the size of what the relay's process may write, which fails every write of the
journal (`EFBIG`). Elsewhere than on Linux there is neither, and the disk never gets full.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

DISK_BYTES: Final = 256 * 1024 * 1024
CHUNK: Final = b"\0" * 65_536


@contextmanager
def mounted(folder: Path) -> Iterator[bool]:
    """Mount a small file system at `folder`, if that is allowed; say whether it was."""
    folder.mkdir(exist_ok=True)
    mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder))
    if not sys.platform.startswith("linux") or not _ran(*mount):
        yield False
        return
    try:
        yield True
    finally:
        _ran("umount", "--lazy", str(folder))


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the file system of `folder` to the last block."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(CHUNK)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def forbidden(process_id: Callable[[], int]) -> Iterator[None]:
    """Let a process write nothing to any file."""
    if sys.platform.startswith("linux"):
        import resource  # noqa: PLC0415 - `prlimit` is there on Linux only

        def limit(size: int) -> None:
            hard = resource.prlimit(process_id(), resource.RLIMIT_FSIZE)[1]
            resource.prlimit(process_id(), resource.RLIMIT_FSIZE, (size, hard))

        limit(0)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                limit(resource.RLIM_INFINITY)
    else:
        yield


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def may_mount() -> bool:
    """Return whether a file system can be mounted at all, as far as that can be told."""
    return sys.platform.startswith("linux") and os.geteuid() == 0
