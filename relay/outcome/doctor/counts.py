"""The counts of one group of events, of one name and key; `detection` judges them."""

from collections import Counter
from collections.abc import Hashable
from typing import Final

from relay.conversion import Conversion
from relay.outcome.doctor.currency import LISTED_AT_TIKTOK
from relay.outcome.doctor.quality import Quality

MAX_VALUES: Final = 50_000
"""How many distinct values are counted; beyond that, the rarer half is forgotten."""
HALF_HOUR_S: Final = 1_800
MOST_HALF_HOURS: Final = 28
"""No time zone is further from UTC than 14 hours."""
SLACK_S: Final = 120
LIBRARIES: Final = (
    *("python", "curl", "wget", "go-http", "java/", "okhttp", "axios", "node", "php", "guzzle"),
    *("ruby", "postman", "insomnia", "apache-httpclient", "libwww"),
)
"""How the user agents of HTTP libraries begin, which shops send instead of the shopper's."""


class GroupCounts:
    """The counts of one group."""

    def __init__(self) -> None:
        self.quality = Quality()
        self.people = _Values()
        self.visits = 0
        """Web events: only these can carry what a browser knows."""
        self.clicks = 0
        self.seen = 0
        self.addresses = _Values()
        self.browsers = _Values()
        self.libraries = 0
        self.worthless = 0
        self.without_currency = 0
        self.in_rare_currency = 0
        self.shifts: Counter[int] = Counter()

    @property
    def events(self) -> int:
        """The number of events examined."""
        return self.quality.events

    def look(self, event: Conversion) -> None:
        """Count one event."""
        self.quality.look(event)
        self.people.add(event.identity.email_compact[:1] or None)
        if event.action_source == "web":
            self._look_at_visit(event)
        self._look_at_order(event)
        self.shifts[_shift(event)] += 1

    def _look_at_visit(self, event: Conversion) -> None:
        identity = event.identity
        self.visits += 1
        self.clicks += bool(identity.epik or identity.ttclid)
        self.seen += bool(identity.ip and identity.user_agent)
        self.addresses.add(identity.ip)
        self.browsers.add(identity.user_agent)
        self.libraries += _is_library(identity.user_agent)

    def _look_at_order(self, event: Conversion) -> None:
        order = event.order
        value = order.value if order else None
        if event.event == "purchase":
            self.worthless += not value
        if value and order:
            self._look_at_currency(order.currency)

    def _look_at_currency(self, currency: str | None) -> None:
        if currency is None:
            self.without_currency += 1
        elif currency not in LISTED_AT_TIKTOK:
            self.in_rare_currency += 1


class _Values:
    """How often each value came; if there are too many, the rare ones are forgotten."""

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
        """How often the most frequent value came."""
        return max(self._counts.values(), default=0)


def _is_library(agent: str | None) -> bool:
    return agent is not None and agent.lower().startswith(LIBRARIES)


def _shift(event: Conversion) -> int:
    """Return by how many half hours the event's clock seems to be off, 0 for none."""
    late_s = event.received_ms // 1000 - event.event_time
    halves, rest_s = divmod(late_s + SLACK_S, HALF_HOUR_S)
    return int(halves) if rest_s <= 2 * SLACK_S and halves <= MOST_HALF_HOURS else 0
