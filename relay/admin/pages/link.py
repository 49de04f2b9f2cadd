"""Links from the on-call screen to Grafana panels and sections of the runbook.

They need the addresses of Grafana and of the runbook in the settings. A test compares the panels'
numbers and the sections' names with the dashboard and the runbook.
"""

from typing import Final
from urllib.parse import urlencode

import msgspec

DASHBOARD: Final = "/d/conversion-relay"
PANELS: Final = {
    "Oldest waiting": 3,
    "State": 14,
    "Waiting": 8,
    "Events by how they end": 10,
    "Requests by outcome": 11,
    "Time of a request": 12,
    "Failed requests": 13,
    "Until events are lost": 15,
    "Undelivered, by reason": 17,
    "Skipped, by reason": 18,
    "Requests under way": 20,
    "Time until a producer has its answer": 27,
    "Time until events are on disk": 28,
    "Room of the journal": 29,
    "Bytes of the journal": 30,
    "Kafka: messages not read yet": 31,
    "Kafka: reading": 32,
    "Up for": 39,
    "Version": 40,
}
"""The ids of the linked panels, by title."""
SECTIONS: Final = frozenset(
    {
        *("RelayDestinationPaused", "RelayDestinationDegraded", "RelayDestinationThrottled"),
        *("RelayOldestWaitingTooOld", "RelayEventsExpireSoon", "RelayDeliveredRatioLow"),
        *("RelayTakesNoEvents", "RelayJournalFilling", "RelayJournalSlow"),
        *("RelayKafkaLagGrowing", "RelayKafkaNotReading", "RelayRestarts", "RelayIntakeErrors"),
    }
)
"""The linked sections of the runbook."""


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of Grafana and the runbook, each None if not configured."""

    grafana: str | None = None
    runbook: str | None = None

    def panel(self, title: str, destination: str = "") -> str | None:
        """Return the address of a panel, for one destination if it is named."""
        if self.grafana is None:
            return None
        chosen = {"var-destination": destination} if destination else {}
        query = urlencode({"viewPanel": PANELS[title], **chosen})
        return f"{self.grafana.rstrip('/')}{DASHBOARD}?{query}"

    def section(self, alert: str) -> str | None:
        """Return the address of an alert's section."""
        if self.runbook is None or alert not in SECTIONS:
            return None
        return f"{self.runbook}#{alert.lower()}"
