"""The in-process metrics, declared in one place; their labels are bounded.

Lifetime counts of events are not here: they are in the journal, where they change in the same
transaction as what they count (`relay.outcome.exposition` exports them). The metrics here start at
zero with the process, also for each configured destination. Updates are cheap enough per batch;
only `identifiers` counts single events, at the cost of one dictionary entry per kind.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily

from relay.instrument import Histogram, Tally

EVENTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
OUTCOMES: Final = ("ok", "partial", "throttled", "transient", "invalid", "misconfigured")
"""How a request ends; a test checks that these equal `relay.delivery.Outcome`."""
STATUSES: Final = (
    *("200", "202", "400", "401", "403", "404", "405", "408", "413", "415", "429", "500", "503"),
)
"""The HTTP statuses of answers to producers."""
IDENTIFIERS: Final = (
    *("email", "phone", "external_id", "first_name", "last_name", "gender", "birth_date"),
    *("city", "state", "zip", "country", "mobile_ad_id", "ip", "user_agent", "locale"),
    *("epik", "ttclid", "ttp"),
)
"""The keys of an inbound `user` that are counted if an event carries them."""
FORMS: Final = (
    *("email", "phone", "external_id", "first_name", "last_name", "gender", "birth_date"),
    *("city", "city", "state", "state", "zip", "zip", "country", "country", "mobile_ad_id"),
    *("ip", "user_agent", "locale", "epik", "ttclid", "ttp"),
    *("email", "phone", "first_name", "last_name"),
)
"""The identifier behind each form of an identity, in the order of a `Presence`."""
MAX_KINDS: Final = 10_000
"""The most combinations of destinations, identifiers and labels that are counted separately before
they are summed up."""

Presence = int
"""Which of `FORMS` are present, a bit each; the first one's is 1."""
ANY_FORM: Final[Presence] = -1
"""Every bit is set."""
Kind = tuple[tuple[str, ...], Presence, str]
"""The destinations of an event, the forms it carries, and its label: a standard name or
`custom`."""


def identifiers_in(presence: Presence) -> set[str]:
    """Return the identifiers of which a form is present."""
    return {name for at, name in enumerate(FORMS) if presence >> at & 1}


class IdentifierTally(Tally):
    """Counts the identifiers of events by kind: which destinations, which identifiers.

    Thousands of events are of few kinds, so that an event costs one addition. The kinds are summed
    up when the counts are read, or when there are too many.
    """

    def __init__(self, registry: CollectorRegistry, name: str, help_text: str) -> None:
        super().__init__(registry, name, help_text, ("destination", "identifier"))
        self._kinds: Counter[Kind] = Counter()
        self._of_interest: dict[str, frozenset[str]] = {}
        self._forms: dict[str, Presence] = {}
        self._carried: dict[str, dict[str, Carried]] = {}

    def expect(
        self, destination: str, identifiers: Iterable[str], forms: Presence = ANY_FORM
    ) -> None:
        """Set the identifiers that a destination takes, and in which forms.

        Others are not counted for it.
        """
        self._forms[destination] = forms
        self._of_interest[destination] = frozenset(identifiers).intersection(IDENTIFIERS)
        for identifier in sorted(self._of_interest[destination]):
            self.add(destination, identifier, count=0)

    def add_events(self, kinds: Iterable[Kind]) -> None:
        """Count events, each by its destinations' names, the forms it carries, and its label."""
        self._kinds.update(kinds)
        if len(self._kinds) > MAX_KINDS:
            self._sum_up()

    def carried(self, destination: str) -> Mapping[str, "Carried"]:
        """Return, by label, what the events that were counted for a destination carried."""
        self._sum_up()
        return self._carried.get(destination, {})

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the family for an exposition."""
        self._sum_up()
        return super().collect()

    def _sum_up(self) -> None:
        kinds, self._kinds = self._kinds, Counter()
        for (destinations, presence, label), count in kinds.items():
            for destination in destinations:
                taken = presence & self._forms.get(destination, ANY_FORM)
                self._count(destination, label, identifiers_in(taken), count)

    def _count(self, destination: str, label: str, carried: set[str], count: int) -> None:
        by_label = self._carried.setdefault(destination, {})
        sums = by_label.setdefault(label, Carried())
        sums.events += count
        for identifier in carried & self._of_interest.get(destination, frozenset()):
            self.add(destination, identifier, count=count)
            sums.identifiers[identifier] += count


class Carried:
    """How many events were counted, and how many of them carried each identifier."""

    def __init__(self) -> None:
        self.events = 0
        self.identifiers: Counter[str] = Counter()


class Metrics:
    """All instruments of one relay, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._of_producers(self.registry)
        self._of_platforms(self.registry)
        self._of_kafka(self.registry)
        self._of_processes(self.registry)

    def _of_producers(self, registry: CollectorRegistry) -> None:
        self.journal_append_seconds = Histogram(
            registry, "relay_journal_append_seconds", "Time until events are durable", labels=()
        )
        self.ingest_seconds = Histogram(
            registry, "relay_ingest_seconds", "Time to answer a producer", labels=()
        )
        self.answers = Tally(
            registry, "relay_http_answers", "Answers to producers by HTTP status", ("status",)
        )
        self.unusable = Tally(
            registry,
            "relay_identifier_unusable",
            "Identifiers that were left out, by why",
            ("identifier", "reason"),
        )
        self.passed_over = Tally(
            registry,
            "relay_calls_passed_over",
            "Calls of other services' clients that are no conversion",
            ("client", "kind"),
        )
        self.identifiers = IdentifierTally(
            registry, "relay_identifier_present", "Accepted events that carry an identifier"
        )
        for status in STATUSES:
            self.answers.add(status, count=0)
        self.journal_append_seconds.observe(0, count=0)
        self.ingest_seconds.observe(0, count=0)

    def _of_platforms(self, registry: CollectorRegistry) -> None:
        self.delivery_seconds = Histogram(
            registry, "relay_delivery_seconds", "Time from receipt to delivery"
        )
        self.request_seconds = Histogram(
            registry, "relay_request_seconds", "Time of a request to the platform"
        )
        self.batch_events = Histogram(
            registry, "relay_batch_events", "Events in a request", bounds=EVENTS
        )
        self.requests = Tally(
            registry,
            "relay_requests",
            "Requests to the platform by how they ended",
            ("destination", "outcome"),
        )
        self.retries = Tally(
            registry, "relay_retries", "Events in a request that were in one before", _BY_NAME
        )
        self.warnings = Tally(
            registry, "relay_warnings", "Advice of the platform", ("destination", "code")
        )

    def _of_kafka(self, registry: CollectorRegistry) -> None:
        self.kafka_lag = Gauge(
            "relay_kafka_lag", "Messages not read yet", ("topic", "partition"), registry=registry
        )
        self.kafka_reading = Gauge(
            "relay_kafka_reading",
            "1 while events are read from Kafka",
            ("group_id",),
            registry=registry,
        )
        self.kafka_tombstones = Tally(
            registry, "relay_kafka_tombstones", "Messages without a value, passed over", ()
        )
        self.outcomes_waiting = Gauge(
            "relay_outcomes_waiting", "Outcomes that Kafka has not got yet", registry=registry
        )
        self.kafka_tombstones.add(count=0)

    def _of_processes(self, registry: CollectorRegistry) -> None:
        self.workers = Gauge(
            "relay_workers", "Processes that answer producers now", registry=registry
        )
        self.worker_restarts = Tally(
            registry,
            "relay_worker_restarts",
            "Worker processes that ended too early",
            (),
        )
        self.worker_restarts.add(count=0)

    def expect(self, destination: str) -> None:
        """Start all series of a destination at zero, so that a first increase is visible."""
        for outcome in OUTCOMES:
            self.requests.add(destination, outcome, count=0)
        self.retries.add(destination, count=0)
        for histogram in (self.delivery_seconds, self.request_seconds, self.batch_events):
            histogram.observe(0, destination, count=0)


_BY_NAME: Final = ("destination",)
