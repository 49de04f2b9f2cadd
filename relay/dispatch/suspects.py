"""The events that failed alone while others passed: from then on, each is sent alone.

They are kept in memory only. After a restart, such an event shares a batch with others once more;
the batch fails, is split again, and the suspect is found again.
"""

from collections.abc import Iterable
from typing import Final

from relay.event_name import Lane
from relay.journal.entry import Pending

MAX_SUSPECTS: Final = 1_000
"""Beyond this number, the earliest suspect is forgotten; it may be found again."""


class Suspects:
    """The suspects of one destination, and when each was first sent with an unknown outcome."""

    def __init__(self) -> None:
        self._unknown_at: dict[tuple[Lane, int], float] = {}

    def __len__(self) -> int:
        return len(self._unknown_at)

    def __contains__(self, pending: Pending) -> bool:
        return (pending.lane, pending.offset) in self._unknown_at

    def add(self, pending: Pending, unknown_at: float) -> None:
        """Remember an event."""
        self._unknown_at.pop((pending.lane, pending.offset), None)
        if len(self._unknown_at) >= MAX_SUSPECTS:
            del self._unknown_at[next(iter(self._unknown_at))]
        self._unknown_at[pending.lane, pending.offset] = unknown_at

    def unknown_at(self, pending: Pending) -> float:
        """Return when a suspect was first sent with an unknown outcome; infinite if never."""
        return self._unknown_at[pending.lane, pending.offset]

    def forget(self, pendings: Iterable[Pending]) -> None:
        """Forget events that have ended."""
        for pending in pendings:
            self._unknown_at.pop((pending.lane, pending.offset), None)
