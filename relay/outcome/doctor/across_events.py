"""Faults that show only across events: one id for two orders, one customer with two digests.

Each check remembers a bounded number of events; further ones are not examined.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from relay.conversion import Conversion
from relay.outcome.doctor.detection import MIN_EVENTS
from relay.outcome.doctor.finding import Finding, Group
from relay.outcome.doctor.pattern import HASHED_OTHERWISE, REUSED

MAX_IDS: Final = 1_000_000
"""How many event ids are remembered with their order, each as a number."""
MAX_PEOPLE: Final = 100_000
"""How many customers are remembered with their digests."""
DIFFERING_SHARE: Final = 0.5
"""The share of customers whose digests differ; fewer may just have two addresses."""

_EMAIL: Final = 1
"""The bit that says that the e-mail address came hashed."""


class ReusedIds:
    """Finds event ids shared by two orders; without order ids, by two customers."""

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


class HashMismatches:
    """Finds e-mail addresses that a shop hashed by other rules than those of the platforms.

    A digest alone does not show this. It shows if the same customer's address also came in plain
    text, and the two digests differ.
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
    """Return what identifies the order, and the kind of that identifier."""
    if event.order and event.order.order_id:
        return "order", event.order.order_id
    if event.identity.external_id:
        return "external_id", event.identity.external_id[0]
    if event.identity.email_compact:
        return "email", event.identity.email_compact[0]
    return None
