"""The file of keys: read and replaced as a whole, accessible to its owner only.

Several commands may change it at once: each holds a lock file beside it from reading to replacing,
and a reader sees either the old file or the new one, never half of one.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from relay.config.address import Listen
from relay.errors import ConfigError
from relay.keys.record import KeyFile
from relay.private_file import make_folder, opened

MAX_BYTES: Final = 4 * 1024 * 1024
"""Some 8,000 keys; a larger file is not a file of keys."""
PEPPER_BYTES: Final = 32

_DECODER: Final = msgspec.json.Decoder(KeyFile)


def read(path: Path) -> KeyFile | None:
    """Return the keys, or None if there is no file.

    Raises `ConfigError`, without quoting the file, if it cannot be used.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check its owner") from None
    try:
        found = _DECODER.decode(content) if len(content) <= MAX_BYTES else None
    except msgspec.DecodeError:
        found = None
    if found is None:
        raise ConfigError(
            f"{path} is no file of producer keys; restore it, or move it away and make new keys"
        )
    return found


def change(path: Path, edit: Callable[[KeyFile], KeyFile]) -> KeyFile:
    """Replace the keys, of which there may be none yet, by what `edit` returns; return that.

    Raises `ConfigError` if the file cannot be used or written.
    """
    try:
        with _locked(path):
            found = read(path) or KeyFile(pepper=secrets.token_hex(PEPPER_BYTES))
            made = edit(found)
            _replace(path, msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    except OSError as error:
        reason = f"{path} cannot be written ({error.strerror})"
        raise ConfigError(f"{reason}; run this as the relay's user, on a disk with room") from None
    return made


def check_exposed(listen: Listen, path: Path, now_s: float) -> None:
    """Raise a `ConfigError` if the network can reach a port that needs a key, and there is none."""
    found = None if listen.loopback else read(path)
    if listen.loopback or (found and any(key.usable(now_s) for key in found.keys)):
        return
    raise ConfigError(
        f"server.listen is open to the network, but {path} holds no producer key; make one with "
        '"relay keys create NAME", or listen on 127.0.0.1'
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock, which is on a file of its own, since the file of keys is replaced."""
    make_folder(path.parent)
    with open(path.with_name(f".{path.name}.lock"), "wb", opener=opened) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "xb", opener=opened) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Flush a folder, so that a revoked key stays revoked after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
