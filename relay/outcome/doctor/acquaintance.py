"""What can only be told of events together: ids of two orders, customers with two digests.

Both remember so many events and no more; what comes beyond is not looked at.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from relay.conversion import Conversion
from relay.outcome.doctor.finding import Finding, Group
from relay.outcome.doctor.pattern import HASHED_OTHERWISE, REUSED
from relay.outcome.doctor.symptom import MIN_EVENTS

MAX_IDS: Final = 1_000_000
"""Event ids whose order is remembered, as a number each."""
MAX_PEOPLE: Final = 100_000
"""Customers whose digests are remembered."""
DIFFERING_SHARE: Final = 0.5
"""Some customers have two addresses; not every other one."""

_EMAIL: Final = 1
"""The bit of an e-mail address that came hashed."""


class OrderIds:
    """Finds events with the id of another order; one without a number is told by its customer."""

    def __init__(self) -> None:
        self._orders: dict[int, int] = {}
        self._reused: Counter[Group] = Counter()

    def look(self, group: Group, event: Conversion) -> None:
        """Take note of one event."""
        order = _order(event)
        if order is not None and len(self._orders) < MAX_IDS:
            kind, value = order
            known = self._orders.setdefault(hash((event.event, event.event_id, kind)), hash(value))
            self._reused[group] += known != hash(value)

    def findings(self, events: Mapping[Group, int]) -> Iterator[Finding]:
        """Return what stands out; `events` are those of each group."""
        for group, count in self._reused.items():
            if count:
                yield REUSED.finding(group, count, events[group])


class _Hashed(NamedTuple):
    group: Group
    email: str


class Acquaintances:
    """Finds e-mail addresses that a shop hashed otherwise than the platforms do.

    A digest tells nothing of itself; but a customer whose address also came plain has two then.
    """

    def __init__(self) -> None:
        self._plain: dict[str, str] = {}
        self._hashed: dict[str, _Hashed] = {}

    def look(self, group: Group, event: Conversion) -> None:
        """Take note of one event."""
        identity = event.identity
        if not identity.external_id or not identity.email_compact:
            return
        customer, email = identity.external_id[0], identity.email_compact[0]
        if not event.hashed & _EMAIL:
            if len(self._plain) < MAX_PEOPLE:
                self._plain.setdefault(customer, email)
        elif len(self._hashed) < MAX_PEOPLE:
            self._hashed.setdefault(customer, _Hashed(group, email))

    def findings(self) -> Iterator[Finding]:
        """Return what stands out."""
        both: Counter[Group] = Counter()
        differing: Counter[Group] = Counter()
        for customer, (group, email) in self._hashed.items():
            plain = self._plain.get(customer)
            if plain is not None:
                both[group] += 1
                differing[group] += plain != email
        for group, count in differing.items():
            if both[group] >= MIN_EVENTS and count >= DIFFERING_SHARE * both[group]:
                yield HASHED_OTHERWISE.finding(group, count, both[group])


def _order(event: Conversion) -> tuple[str, str] | None:
    """Return what tells one order from another of its kind, and which kind that is."""
    if event.order and event.order.order_id:
        return "order", event.order.order_id
    identity = event.identity
    customer = next(iter((*identity.external_id, *identity.email_compact)), None)
    return None if customer is None else ("customer", customer)
