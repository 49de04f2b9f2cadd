"""Where a figure of the screen for those on call is told over time, and what to do about it.

Links lead to the Grafana and the runbook that the settings name; without them there are none. The
numbers of panels and the names of sections are held to the dashboard and the runbook by a test.
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
"""The panels that are linked to, by their titles."""
SECTIONS: Final = frozenset(
    {
        *("RelayDestinationPaused", "RelayDestinationDegraded", "RelayDestinationThrottled"),
        *("RelayOldestWaitingTooOld", "RelayEventsExpireSoon", "RelayDeliveredRatioLow"),
        *("RelayTakesNoEvents", "RelayJournalFilling", "RelayJournalSlow"),
        *("RelayKafkaLagGrowing", "RelayKafkaNotReading", "RelayRestarts", "RelayIntakeErrors"),
    }
)
"""The sections that are linked to."""


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where Grafana and the runbook are, None where nobody said so."""

    grafana: str | None = None
    runbook: str | None = None

    def panel(self, title: str, destination: str = "") -> str | None:
        """Return where a panel is, for one destination if it is named."""
        if self.grafana is None:
            return None
        chosen = {"var-destination": destination} if destination else {}
        query = urlencode({"viewPanel": PANELS[title], **chosen})
        return f"{self.grafana.rstrip('/')}{DASHBOARD}?{query}"

    def section(self, alert: str) -> str | None:
        """Return where the section of an alert is."""
        if self.runbook is None or alert not in SECTIONS:
            return None
        return f"{self.runbook}#{alert.lower()}"
