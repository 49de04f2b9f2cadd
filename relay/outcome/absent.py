"""Warns at the start of events that wait for a destination that is no longer configured.

A destination that was renamed or left out by mistake is on no page and in no list, so its events
would wait unnoticed until they are too old. Once its name is back, sending continues where it
stopped. This module changes nothing.
"""

import logging
from collections.abc import Collection

from relay.journal.report import Totals
from relay.outcome.reports import funnel_of

log = logging.getLogger(__name__)


def tell_absent(totals: Totals, names: Collection[str]) -> None:
    """Log each destination for which events wait, and which is not among `names`."""
    for name in sorted(totals.accepted):
        waiting = funnel_of(totals, name).pending
        if waiting > 0 and name not in names:
            fields = {"destination": name, "events": waiting}
            log.warning(
                "events wait for a destination that is not configured", extra={"fields": fields}
            )
