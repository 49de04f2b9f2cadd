"""The events that failed alone while others passed: each is sent alone from then on.

Kept in memory only. After a restart such an event is in a batch with others once more; the batch
fails, is taken apart again, and the suspect is found anew.
"""

from collections.abc import Iterable
from typing import Final

from relay.event_name import Lane
from relay.journal.entry import Pending

MAX_SUSPECTS: Final = 1_000
"""Beyond this, the one that was suspected first is forgotten, and may be found anew."""


class Suspects:
    """The suspects of one destination, and when each was sent first with an unknown outcome."""

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
        """Return when a suspect was sent first without a known outcome, Unix seconds."""
        return self._unknown_at[pending.lane, pending.offset]

    def forget(self, pendings: Iterable[Pending]) -> None:
        """Forget events that are at an end."""
        for pending in pendings:
            self._unknown_at.pop((pending.lane, pending.offset), None)
