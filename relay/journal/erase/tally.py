"""Counts what an erasure did: how many events, how they had ended, which the platforms have."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from relay.journal.erase.traces import Trace
from relay.journal.find.lookup import Place
from relay.journal.report import Erased, ErasedAt

MAX_LISTED: Final = 1_000
"""How many delivered events are listed for each destination; all are counted."""


class Tally:
    """What an erasure has done so far."""

    def __init__(self) -> None:
        self.events = 0
        self.erased: Counter[str] = Counter()
        self.damaged: set[Place] = set()
        self._letters: Counter[str] = Counter()
        self._delivered: Counter[str] = Counter()
        self._event_ids: dict[str, list[str]] = {}

    def note(self, found: Sequence[Trace]) -> None:
        """Count erased events, and note where they had been delivered before."""
        self.events += len(found)
        for trace in found:
            for delivery in trace.deliveries:
                name = delivery.destination
                self._letters[name] += delivery.state == "dead"
                if delivery.state == "delivered":
                    self._delivered[name] += 1
                    listed = self._event_ids.setdefault(name, [])
                    if len(listed) < MAX_LISTED:
                        listed.append(trace.entry.event_id)

    def result(self, *, emptied: bool) -> Erased:
        """Return the result of the erasure; `emptied` is whether nothing is left in the files."""
        names = sorted({*self.erased, *self._letters, *self._delivered})
        destinations = {
            name: ErasedAt(
                erased=self.erased[name],
                dead=self._letters[name],
                delivered=self._delivered[name],
                delivered_event_ids=self._event_ids.get(name, ()),
            )
            for name in names
        }
        return Erased(
            events=self.events,
            destinations=destinations,
            damaged=len(self.damaged),
            emptied=emptied,
        )
