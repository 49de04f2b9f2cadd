"""The settings' rules that keep events from a destination, checked on arrival and before sending.

An event that waited on disk, or died and is replayed, may be sent long after its arrival, and by
then the shop may have narrowed `events` or started to require consent.
"""

import msgspec

from relay.conversion import Conversion
from relay.delivery import SkipReason
from relay.event_name import STANDARD_NAMES


class Rules(msgspec.Struct, frozen=True):
    """The rules of one destination; `events` are the standard names that it gets, empty means all.

    Custom names are governed by the destination's own switch.
    """

    events: frozenset[str] = frozenset()
    consent_required: bool = False

    def bars(self, conversion: Conversion) -> SkipReason | None:
        """Return why the event may not be sent there, or None."""
        event, consent = conversion.event, conversion.advertising_consent
        if self.events and event not in self.events and event in STANDARD_NAMES:
            return "not_selected"
        if consent is False or (consent is None and self.consent_required):
            return "no_consent"
        return None
