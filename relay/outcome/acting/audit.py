"""The audit log: who did what, when and from where, in an append-only file beside the journal.

A line is written once an act has succeeded, and flushed before the act is answered. It holds names
of destinations and keys, conditions and counts; never a secret, an identifier of a person, or
anything else from the request. At `MAX_BYTES`, the file is renamed to `.1`, which replaces the
previous one. If a line cannot be written, the act stands nevertheless, and the relay's log says so.
"""

import errno
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import FileIO
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self

import msgspec

from relay.private_file import make_folder, opened

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_ACTOR: Final = 64
MAX_TARGET: Final = 300
"""Longer than any conditions that match something; others could fill the file in a few acts."""
MAX_MS: Final = 253_402_300_800_000
"""Unix milliseconds of the year 10,000, which no calendar here can show."""
ACTOR_HEADER: Final = "Relay-Actor"
"""The header in which a command tells the admin port who acts."""

Action = Literal[
    "pause", "resume", "replay", "drop", "forget", "key_create", "key_revoke", "key_rotate"
]

log = logging.getLogger(__name__)


class Author(NamedTuple):
    """Who acts: a name, if one was given, and an address or `command line`."""

    actor: str
    origin: str


NOBODY: Final = Author("", "the relay itself")
AUTHOR: ContextVar[Author] = ContextVar("author", default=NOBODY)
"""The author of the request that is being handled."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit log."""

    at_ms: Annotated[int, msgspec.Meta(ge=0, lt=MAX_MS)]
    actor: str
    origin: str
    action: Action
    target: str
    details: str = ""


class Trail:
    """The audit log at `path`. `clock` returns Unix seconds."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock

    @classmethod
    def beside(cls, journal: Path, clock: Callable[[], float]) -> Self:
        """Return the audit log of the relay whose journal is at this path."""
        return cls(journal.with_name(f"{journal.name}.audit"), clock)

    def record(self, action: Action, target: str, details: str = "") -> None:
        """Add a line."""
        author = AUTHOR.get()
        act = Act(
            at_ms=round(self._clock() * 1000),
            actor=author.actor[:MAX_ACTOR],
            origin=author.origin,
            action=action,
            target=target[:MAX_TARGET],
            details=details,
        )
        try:
            self._add(msgspec.json.encode(act) + b"\n")
        except OSError as error:
            fields = {"action": action, "error": error.strerror}
            log.warning("an act was not written down", extra={"fields": fields})

    def acts(self) -> Iterator[Act]:
        """Yield the lines, oldest first, without any that cannot be read."""
        for path in (self._before, self._path):
            if path.exists():
                with path.open("rb") as file:
                    yield from filter(None, map(_read, file))

    @property
    def _before(self) -> Path:
        return self._path.with_name(f"{self._path.name}.1")

    def _add(self, line: bytes) -> None:
        make_folder(self._path.parent)
        with self._opened() as file:
            whole = line if _is_whole(file) else b"\n" + line
            if file.write(whole) < len(whole):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())

    @contextmanager
    def _opened(self) -> Iterator[FileIO]:
        """Open the file, locked against other writers and with room for another line."""
        while True:
            with FileIO(self._path, "a+", opener=opened) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not self._is_replaced(file):
                    if os.fstat(file.fileno()).st_size < MAX_BYTES:
                        yield file
                        return
                    self._path.replace(self._before)

    def _is_replaced(self, file: FileIO) -> bool:
        """Return whether another process has renamed the file while this one waited for it."""
        status = os.fstat(file.fileno())
        return not self._path.exists() or not os.path.samestat(self._path.stat(), status)


def _is_whole(file: FileIO) -> bool:
    """Return whether the last line is complete: a crash or a full disk may have cut it off."""
    size = os.fstat(file.fileno()).st_size
    return not size or os.pread(file.fileno(), 1, size - 1) == b"\n"


def _read(line: bytes) -> Act | None:
    try:
        return msgspec.json.decode(line, type=Act)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
