"""What is wrong with the events that a shop sends, though each of them could be taken.

Most shops fail not in code but in data: one e-mail address on every third purchase, the server's
own address in place of the shopper's, ids that are used twice. `Doctor` looks at events one after
the other and keeps counts; `findings` lists what stands out, what mending gains most first. Pure,
and bounded; of values only what was stored anyway is counted, and none of it is ever shown.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

import msgspec

from relay.conversion import Conversion
from relay.outcome.patient import Group, Patient
from relay.outcome.symptom import Finding, findings_of

MAX_IDS: Final = 2_000_000
"""Event ids whose order is remembered."""


class Diagnosis(msgspec.Struct, frozen=True):
    """What is to mend, the greatest gain first, in so many events."""

    events: int
    findings: Sequence[Finding]


class Doctor:
    """See the module docstring."""

    def __init__(self) -> None:
        self._patients: dict[Group, Patient] = {}
        self._orders: dict[Hashable, str] = {}
        self._reused: Counter[Group] = Counter()

    def look(self, event: Conversion) -> None:
        """Take note of one event."""
        group = Group(event.event, event.key or "")
        patient = self._patients.get(group)
        if patient is None:
            patient = self._patients[group] = Patient()
        patient.look(event)
        self._look_at_id(group, event)

    def findings(self) -> list[Finding]:
        """Return what stands out, the greatest gain first."""
        found = [
            finding
            for group, patient in self._patients.items()
            for finding in findings_of(group, patient, self._reused[group])
        ]
        return sorted(found, key=lambda each: (-each.gain, each.code, each.event, each.key))

    def diagnosis(self, further: Iterable[Finding] = ()) -> Diagnosis:
        """Return what stands out together with what others have found."""
        findings = [*self.findings(), *further]
        return Diagnosis(self.events, sorted(findings, key=lambda each: -each.gain))

    @property
    def events(self) -> int:
        """How many events were looked at."""
        return sum(patient.events for patient in self._patients.values())

    def _look_at_id(self, group: Group, event: Conversion) -> None:
        order_id = event.order.order_id if event.order else None
        if order_id is None or len(self._orders) >= MAX_IDS:
            return
        known = self._orders.setdefault((event.event, event.event_id), order_id)
        self._reused[group] += known != order_id
