"""Says what waits for a destination that is not configured any more, once, when the relay starts.

One that was renamed or left out by mistake is on no page and in no list, and its events would wait
unseen until they are too old. They go on where they were once its name is back. Changes nothing.
"""

import logging
from collections.abc import Collection

from relay.journal.report import Totals
from relay.outcome.reports import funnel_of

log = logging.getLogger(__name__)


def tell_absent(totals: Totals, names: Collection[str]) -> None:
    """Log each destination that events wait for and that is not among `names`."""
    for name in sorted(totals.accepted):
        waiting = funnel_of(totals, name).pending
        if waiting > 0 and name not in names:
            fields = {"destination": name, "events": waiting}
            log.warning(
                "events wait for a destination that is not configured", extra={"fields": fields}
            )
