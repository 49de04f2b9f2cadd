"""What is wrong with the events that a shop sends, though each of them could be taken.

Most shops fail not in code but in data: one e-mail address on every third purchase, the server's
own address in place of the shopper's, ids that are used twice. `Doctor` looks at events one after
the other and keeps counts; `findings` lists what stands out, what mending gains most first. Pure,
and bounded; of values only what was stored anyway is counted, and none of it is ever shown.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from relay.conversion import Conversion
from relay.event_name import label_of
from relay.identity.subject import NOBODY
from relay.outcome.doctor.acquaintance import Acquaintances, OrderIds
from relay.outcome.doctor.finding import Finding, Group
from relay.outcome.doctor.patient import Patient
from relay.outcome.doctor.quality import GroupQuality
from relay.outcome.doctor.symptom import findings_of

MAX_GROUPS: Final = 200
"""Names and keys that are looked at apart; further ones by name alone, custom names together."""


class Diagnosis(msgspec.Struct, frozen=True):
    """What is to mend, the greatest gain first, in so many events; and what they carry."""

    events: int
    findings: Sequence[Finding]
    match: Sequence[GroupQuality] = ()
    """By name and key, the most frequent first."""


class Doctor:
    """See the module docstring."""

    def __init__(self) -> None:
        self._patients: dict[Group, Patient] = {}
        self._order_ids = OrderIds()
        self._people = Acquaintances()

    def look(self, event: Conversion) -> None:
        """Take note of one event; one whose person was erased tells nothing any more."""
        if event.identity == NOBODY:
            return
        group, patient = self._patient(event)
        patient.look(event)
        self._order_ids.look(group, event)
        self._people.look(group, event)

    def findings(self) -> list[Finding]:
        """Return what stands out, the greatest gain first."""
        found = [
            *(f for group, patient in self._patients.items() for f in findings_of(group, patient)),
            *self._order_ids.findings({group: it.events for group, it in self._patients.items()}),
            *self._people.findings(),
        ]
        return sorted(found, key=lambda each: (-each.gain, each.code, each.event, each.key))

    def match(self) -> list[GroupQuality]:
        """Return what the events carry, those of the most frequent name first."""
        found = [
            GroupQuality(
                event=group.event,
                key=group.key,
                events=patient.events,
                identifiers=patient.quality.identifiers(),
            )
            for group, patient in self._patients.items()
        ]
        return sorted(found, key=lambda each: (-each.events, each.event, each.key))

    def diagnosis(self, further: Iterable[Finding] = ()) -> Diagnosis:
        """Return what stands out together with what others have found."""
        findings = sorted([*self.findings(), *further], key=lambda each: -each.gain)
        return Diagnosis(self.events, findings, self.match())

    @property
    def events(self) -> int:
        """How many events were looked at."""
        return sum(patient.events for patient in self._patients.values())

    def _patient(self, event: Conversion) -> tuple[Group, Patient]:
        group = Group(event.event, event.key or "")
        patient = self._patients.get(group)
        if patient is None:
            if len(self._patients) >= MAX_GROUPS:
                group = Group(label_of(event.event), "")
            patient = self._patients.setdefault(group, Patient())
        return group, patient
