"""The counts of events that belong together, from which a doctor tells what is wrong with them."""

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

from relay.conversion import Conversion
from relay.identity import Identity

MAX_VALUES: Final = 50_000
"""Values of a kind that are counted apart; when there are more, rare ones are forgotten."""
HALF_HOUR_S: Final = 1_800
SLACK_S: Final = 120
LIBRARIES: Final = (
    *("python", "curl", "wget", "go-http", "java/", "okhttp", "axios", "node", "php", "guzzle"),
    *("ruby", "postman", "insomnia", "apache-httpclient", "libwww"),
)
"""How the user agents of servers begin; a shopper's browser begins otherwise."""


class Group(NamedTuple):
    """Events that belong together: of one name, sent with one key."""

    event: str
    key: str


class Patient:
    """The counts of one group."""

    def __init__(self) -> None:
        self.events = 0
        self.carrying: Counter[str] = Counter()
        self.people = _Values()
        self.addresses = _Values()
        self.browsers = _Values()
        self.libraries = 0
        self.worthless = 0
        self.without_currency = 0
        self.shifts: Counter[int] = Counter()

    def look(self, event: Conversion) -> None:
        """Count one event."""
        self.events += 1
        identity = event.identity
        self.carrying.update(_carried(identity))
        self.people.add(identity.email_compact[:1] or None)
        if event.action_source == "web":
            self.addresses.add(identity.ip)
            self.browsers.add(identity.user_agent)
            self.libraries += _is_library(identity.user_agent)
        self._look_at_order(event)
        self.shifts[_shift(event)] += 1

    def _look_at_order(self, event: Conversion) -> None:
        order = event.order
        value = order.value if order else None
        if event.event == "purchase":
            self.worthless += not value
        if value and order and order.currency is None:
            self.without_currency += 1


class _Values:
    """How often each value came; rare ones are forgotten when there are too many."""

    def __init__(self) -> None:
        self._counts: Counter[Hashable] = Counter()
        self.total = 0

    def add(self, value: Hashable) -> None:
        if value is None:
            return
        self.total += 1
        self._counts[value] += 1
        if len(self._counts) > MAX_VALUES:
            self._counts = Counter(dict(self._counts.most_common(MAX_VALUES // 2)))

    @property
    def most(self) -> int:
        """How often the most frequent one came."""
        return max(self._counts.values(), default=0)


def _carried(identity: Identity) -> Iterator[str]:
    if identity.email_compact:
        yield "email"
    if identity.phone_digits:
        yield "phone"
    if identity.external_id:
        yield "external_id"
    if identity.epik or identity.ttclid:
        yield "click_id"
    if identity.ip and identity.user_agent:
        yield "browser"


def _is_library(agent: str | None) -> bool:
    return agent is not None and agent.lower().startswith(LIBRARIES)


def _shift(event: Conversion) -> int:
    """Return by how many half hours the event's clock seems to be off, 0 for none."""
    late_s = event.received_ms // 1000 - event.event_time
    halves, rest_s = divmod(late_s + SLACK_S, HALF_HOUR_S)
    return int(halves) if rest_s <= 2 * SLACK_S else 0
