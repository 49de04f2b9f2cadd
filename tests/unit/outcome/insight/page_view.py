"""Destinations as the page is shown them, for tests of what it makes of them."""

from typing import Any

import msgspec

from relay.outcome.insight.situation import Situation
from relay.outcome.views.api import DestinationView, JournalView

FINE = DestinationView(
    name="p",
    type="pinterest",
    test=False,
    emulated=False,
    state="active",
    reason=None,
    message="",
    since=None,
    until=None,
    received=1,
    skipped=0,
    pending=0,
    delivered=1,
    dead=0,
    oldest_pending_seconds=0.0,
    value_delivered={},
    minutes_left=None,
    money_at_risk={},
    warnings={},
)
"""One at which nothing is wrong."""


def view(**changes: Any) -> DestinationView:
    """Return a destination that differs from one at which nothing is wrong."""
    return msgspec.structs.replace(FINE, **changes)


def situation(found: DestinationView, **changes: Any) -> Situation:
    """Return how a destination stands; all that waits came within the range."""
    plain = Situation(
        view=found,
        fixes={},
        waiting=found.pending,
        purchases=0,
        since_ms=0,
        settled=0,
        ever_delivered=True,
    )
    return msgspec.structs.replace(plain, **changes)


ROOMY = JournalView(
    size_bytes=200,
    used_bytes=100,
    limit_bytes=1_000,
    left_bytes=900,
    hours_to_full=None,
    oldest_event_at=None,
    unavailable=None,
)
"""A journal at which nothing is wrong."""
