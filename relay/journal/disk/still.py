"""Tells from a journal's files whether anybody may be writing to it, and opens it accordingly.

If there is no write-ahead log, nobody is writing, and the file can be read as it is, without a lock
or any file beside it. The reader compares the state before and after: if a relay was started
meanwhile, what was read is useless.
"""

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple, Self

from relay.journal.disk.connection import open_reader, open_still
from relay.journal.disk.place import place_of

ATTEMPTS: Final = 3
"""How often a reader tries, if relays are started or stopped meanwhile."""


class State(NamedTuple):
    """The state of the files; `still` if there is no write-ahead log."""

    still: bool
    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the current state."""
        still = not Path(f"{place_of(path)}-wal").exists()
        try:
            status = path.stat()
        except OSError:
            return cls(still, 0, 0)
        return cls(still, status.st_size, status.st_mtime_ns)

    def connect(self, path: Path) -> sqlite3.Connection:
        """Open the journal for reading."""
        return open_still(path) if self.still else open_reader(path, sqlite3.Connection)

    def holds(self, path: Path) -> bool:
        """Whether what was read since this state is valid."""
        return not self.still or State.of(path) == self
