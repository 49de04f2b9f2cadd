"""How many connections each worker has, in memory that all of them share.

Each worker writes its own number and reads all of them, without a lock: when several accept at the
same instant, the port has up to one connection fewer than workers too many for a moment. A worker
that does not run has the number `ABSENT`, which only the main process writes.
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
"""Of so many connections, one more or less is of no account."""


class Seats:
    """See the module docstring. `slot` is the one of this process, if it is a worker."""

    def __init__(self, memory: mmap.mmap, slot: int = 0) -> None:
        self._numbers = memoryview(memory).cast("I")
        self._slot = slot

    @property
    def taken_elsewhere(self) -> int:
        """How many connections the other workers have."""
        return sum(self._others())

    @property
    def tolerance(self) -> int:
        """How many connections more or less are of no account, by how many this worker has."""
        return self._numbers[self._slot] // TOLERANCE

    @property
    def crowded(self) -> bool:
        """Whether another worker has clearly fewer connections than this one."""
        least = self._numbers[self._slot] - self.tolerance
        return any(number < least for number in self._others())

    def sit(self, connections: int) -> None:
        """Say how many connections this worker has."""
        self._numbers[self._slot] = connections

    def leave(self, slot: int) -> None:
        """Say that a worker does not run."""
        self._numbers[slot] = ABSENT

    def release(self) -> None:
        """Let go of the memory."""
        self._numbers.release()

    def _others(self) -> Iterator[int]:
        for slot, number in enumerate(self._numbers):
            if slot != self._slot and number != ABSENT:
                yield number


@contextmanager
def shared(workers: int) -> Iterator[tuple[Seats, int]]:
    """Hand out the count of so many workers, none of which runs, and its file descriptor."""
    with _memory() as file:
        os.ftruncate(file.fileno(), workers * ITEM_BYTES)
        with attached(file.fileno(), workers) as seats:
            for slot in range(workers):
                seats.leave(slot)
            yield seats, file.fileno()


def _memory() -> BinaryIO:
    """Return a file in memory; where the system has none, a nameless one on disk."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("relay-seats"), "r+b")  # noqa: PTH123 - it has no path
    return tempfile.TemporaryFile()


@contextmanager
def attached(descriptor: int, workers: int, slot: int = 0) -> Iterator[Seats]:
    """Hand out the count that another process made."""
    with mmap.mmap(descriptor, workers * ITEM_BYTES) as memory:
        seats = Seats(memory, slot)
        try:
            yield seats
        finally:
            seats.release()
