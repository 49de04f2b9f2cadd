"""Whether anybody writes to a journal, as its files look from outside.

Where there is no write-ahead log nobody writes, and the file can be read as it lies there, without
a lock or a file beside it. Whoever does so compares the state before and after: should a relay have
been started meanwhile, what was read is worth nothing.
"""

from pathlib import Path
from typing import Final, NamedTuple, Self

from relay.journal.disk.place import place_of

ATTEMPTS: Final = 3
"""How often a reader begins anew because the relay was started or stopped meanwhile."""


class State(NamedTuple):
    """The look of the files from outside; `still` if there is no write-ahead log."""

    still: bool
    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the state now."""
        still = not Path(f"{place_of(path)}-wal").exists()
        try:
            status = path.stat()
        except OSError:
            return cls(still, 0, 0)
        return cls(still, status.st_size, status.st_mtime_ns)

    def holds(self, path: Path) -> bool:
        """Whether what was read since is worth something."""
        return not self.still or State.of(path) == self
