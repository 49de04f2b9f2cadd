"""Finds what is wrong with a shop's events, although each of them is valid.

Most integrations fail in their data rather than their code: the same e-mail address on every third
purchase, the server's IP address instead of the shopper's, ids that are used twice. `Doctor` takes
events one by one and keeps counts (`counts`, `quality`, `across_events`); `findings` lists what is
wrong, the greatest gain first. It does no I/O, and its memory is bounded. It counts only what is
stored anyway, and never shows a value.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from relay.conversion import Conversion
from relay.event_name import label_of
from relay.identity.subject import NOBODY
from relay.outcome.doctor.across_events import HashMismatches, ReusedIds
from relay.outcome.doctor.counts import GroupCounts
from relay.outcome.doctor.detection import findings_of
from relay.outcome.doctor.finding import Finding, Group
from relay.outcome.doctor.quality import GroupQuality

MAX_GROUPS: Final = 200
"""How many groups of name and key there are; further ones are grouped by name, or as `custom`."""


class Diagnosis(msgspec.Struct, frozen=True):
    """What to fix in `events` events, the greatest gain first, and which identifiers they carry."""

    events: int
    findings: Sequence[Finding]
    match: Sequence[GroupQuality]
    """One entry per name and key, the most frequent first."""


class Doctor:
    """See the module docstring."""

    def __init__(self) -> None:
        self._groups: dict[Group, GroupCounts] = {}
        self._reused_ids = ReusedIds()
        self._hash_mismatches = HashMismatches()

    def look(self, event: Conversion) -> None:
        """Count one event, unless its person was erased."""
        if event.identity == NOBODY:
            return
        group, counts = self._counts_of(event)
        counts.look(event)
        self._reused_ids.look(group, event)
        self._hash_mismatches.look(group, event)

    def findings(self) -> list[Finding]:
        """Return what to fix, the greatest gain first."""
        found = [
            *(f for group, counts in self._groups.items() for f in findings_of(group, counts)),
            *self._reused_ids.findings({group: it.events for group, it in self._groups.items()}),
            *self._hash_mismatches.findings(),
        ]
        return sorted(found, key=lambda each: (-each.gain, each.code, each.event, each.key))

    def match(self) -> list[GroupQuality]:
        """Return what each group's events carry, the most frequent group first."""
        found = [
            GroupQuality(
                event=group.event,
                key=group.key,
                events=counts.events,
                identifiers=counts.quality.identifiers(),
            )
            for group, counts in self._groups.items()
        ]
        return sorted(found, key=lambda each: (-each.events, each.event, each.key))

    def diagnosis(self, further: Iterable[Finding] = ()) -> Diagnosis:
        """Return what to fix, including `further` findings, and what the events carry."""
        findings = sorted([*self.findings(), *further], key=lambda each: -each.gain)
        return Diagnosis(self.events, findings, self.match())

    @property
    def events(self) -> int:
        """The number of events examined."""
        return sum(counts.events for counts in self._groups.values())

    def _counts_of(self, event: Conversion) -> tuple[Group, GroupCounts]:
        group = Group(event.event, event.key or "")
        counts = self._groups.get(group)
        if counts is None:
            if len(self._groups) >= MAX_GROUPS:
                group = Group(label_of(event.event), "")
            counts = self._groups.setdefault(group, GroupCounts())
        return group, counts
