"""Destinations as the page is shown them, for tests of what it makes of them."""

from typing import Any

import msgspec

from relay.outcome.view import DestinationView, Summary

FINE = DestinationView(
    name="p",
    type="pinterest",
    test=False,
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


def summary(*views: DestinationView, received: int = 1) -> Summary:
    """Return the funnel of a day."""
    return Summary("24h", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", received, 0, views)
