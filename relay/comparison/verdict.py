"""Decides what became of an order at each destination, from all of its purchases.

The best state wins: delivered, then waiting, then dead, then skipped. So a repeated event that was
skipped as a duplicate hides nothing. If the relay knows nothing of an order, it says why, so that a
shop does not take silence for an answer.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from relay.comparison.order_book import Found, Known
from relay.journal.find.standing import Standing

OrderState = Literal["delivered", "pending", "dead", "skipped", "unknown"]
"""The best state first."""
STATES: Final[Sequence[OrderState]] = get_args(OrderState)
RANKS: Final = {state: rank for rank, state in enumerate(STATES)}

UnknownReason = Literal["not_received", "before_journal", "unreadable", "not_served_then"]
"""Why an order is unknown: no purchase of it is on record; it is older than anything that the relay
still keeps; its purchase may be an event that cannot be read; its purchase came while the
destination was not configured."""


class Verdict(NamedTuple):
    """One order at one destination; `purchase` is the event that decided it."""

    state: OrderState
    reason: str | None = None
    code: str = ""
    message: str = ""
    purchase: Found | None = None
    delivered_ms: int | None = None
    deliveries: int = 0
    """How many purchases of this order were delivered, repeats of the first one's id left out; the
    platform may count each as an order."""


def verdicts(
    known: Known, destinations: int, since_ms: int | None, *, all_read: bool
) -> list[Verdict]:
    """Return the verdict for each destination.

    `since_ms` is when the oldest kept event came; `all_read`, whether each event could be read.
    """
    reports = [_Report() for _ in range(destinations)]
    unknown: Verdict | None = None
    for found in known.found:
        if unknown is not _BEFORE_JOURNAL:
            unknown = _unknown(found, since_ms)
        for report, standing in zip(reports, found.standings, strict=True):
            if standing is not None:
                report.add(found, standing)
    unknown = unknown or _never_seen(known, since_ms, all_read=all_read)
    return [report.verdict() or unknown for report in reports]


class _Report:
    """The best state at one destination so far."""

    def __init__(self) -> None:
        self._best: tuple[Found, Standing] | None = None
        self._first_id: str | None = None
        self._deliveries = 0

    def add(self, found: Found, standing: Standing) -> None:
        """Add a purchase of the order."""
        if standing.state == "delivered" and found.event_id != self._first_id:
            self._first_id = self._first_id or found.event_id
            self._deliveries += 1
        if self._best is None or _rank(found, standing) < _rank(*self._best):
            self._best = found, standing

    def verdict(self) -> Verdict | None:
        """Return the verdict of all purchases together, None if there was none."""
        if self._best is None:
            return None
        found, standing = self._best
        return Verdict(
            *(standing.state, standing.reason, standing.code, standing.message),
            *(found, standing.at_ms, self._deliveries),
        )


def _rank(found: Found, standing: Standing) -> tuple[int, bool, int]:
    duplicate = standing.reason == "duplicate"
    return RANKS[standing.state], duplicate, found.received_ms


def _unknown(found: Found, since_ms: int | None) -> Verdict:
    """Return why nothing is on record of a purchase at a destination.

    If the log has forgotten it, there is a row left of another destination, and nothing of one that
    it was delivered to.
    """
    kept = since_ms is not None and found.received_ms >= since_ms
    return _NOT_SERVED_THEN if kept else _BEFORE_JOURNAL


def _never_seen(known: Known, since_ms: int | None, *, all_read: bool) -> Verdict:
    time_s = known.order.time_s
    if time_s is not None and since_ms is not None and time_s * 1000 < since_ms:
        return _BEFORE_JOURNAL
    return _NOWHERE if all_read else _UNREADABLE


_NOWHERE: Final = Verdict("unknown", "not_received")
_BEFORE_JOURNAL: Final = Verdict("unknown", "before_journal")
_UNREADABLE: Final = Verdict("unknown", "unreadable")
_NOT_SERVED_THEN: Final = Verdict("unknown", "not_served_then")
