"""The number of connections of each worker, in shared memory.

Each worker writes its own number and reads all of them, without a lock: if all accept at the same
instant, they may briefly exceed the limit by one less than there are workers. A worker that is not
running has the number `ABSENT`, which only the main process writes.
"""

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

ABSENT: Final = 2**32 - 1
ITEM_BYTES: Final = 4
TOLERANCE: Final = 16
"""A difference of one connection in this many is too small to matter."""


class ConnectionCounts:
    """See the module docstring. `slot` is this process's own, if it is a worker."""

    def __init__(self, memory: mmap.mmap, slot: int) -> None:
        self._numbers = memoryview(memory).cast("I")
        self._slot = slot

    @property
    def elsewhere(self) -> int:
        """How many connections the other workers have."""
        return sum(self._others())

    @property
    def tolerance(self) -> int:
        """The difference in connections that does not matter, given how many this worker has."""
        return self._numbers[self._slot] // TOLERANCE

    @property
    def crowded(self) -> bool:
        """Whether another worker has clearly fewer connections than this one."""
        least = self._numbers[self._slot] - self.tolerance
        return any(number < least for number in self._others())

    def report(self, connections: int) -> None:
        """Publish how many connections this worker has."""
        self._numbers[self._slot] = connections

    def remove(self, slot: int) -> None:
        """Publish that a worker is not running."""
        self._numbers[slot] = ABSENT

    def release(self) -> None:
        """Release the memory."""
        self._numbers.release()

    def _others(self) -> Iterator[int]:
        for slot, number in enumerate(self._numbers):
            if slot != self._slot and number != ABSENT:
                yield number


@contextmanager
def shared(workers: int) -> Iterator[tuple[ConnectionCounts, int]]:
    """Create counts for workers of which none is running; yield them and their descriptor."""
    with _memory() as file:
        os.ftruncate(file.fileno(), workers * ITEM_BYTES)
        with attached(file.fileno(), workers) as counts:
            for slot in range(workers):
                counts.remove(slot)
            yield counts, file.fileno()


def _memory() -> BinaryIO:
    """Return a file in memory, or a temporary one on disk if the system has none."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("relay-connections"), "r+b")  # noqa: PTH123 - it has no path
    return tempfile.TemporaryFile()


@contextmanager
def attached(descriptor: int, workers: int, slot: int = 0) -> Iterator[ConnectionCounts]:
    """Open the counts that another process created."""
    with mmap.mmap(descriptor, workers * ITEM_BYTES) as memory:
        counts = ConnectionCounts(memory, slot)
        try:
            yield counts
        finally:
            counts.release()
