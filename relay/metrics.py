"""The in-process instruments, declared in one place; labels are bounded.

Lifetime counts of events are not here: they live in the journal, where they change in the same
transaction as what they count (`relay.outcome.exposition` tells them). What is here starts at zero
with the process. Adding is cheap enough for a batch, and nothing is called per event.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600)
EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Histogram(Collector):
    """A histogram that takes many equal observations in one call, which the library's does not."""

    def __init__(
        self,
        registry: CollectorRegistry,
        name: str,
        help_text: str,
        *,
        bounds: Sequence[float] = SECONDS,
        labels: Sequence[str] = ("destination",),
    ) -> None:
        self._family = (name, help_text, labels)
        self._bounds = bounds
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        registry.register(self)

    def observe(self, value: float, *labels: str, count: int = 1) -> None:
        """Add `count` observations of `value`."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
            self._sums[labels] = 0.0
        counts[bisect_left(self._bounds, value)] += count
        self._sums[labels] += value * count

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the family for an exposition."""
        family = HistogramMetricFamily(*self._family[:2], labels=self._family[2])
        for labels, counts in self._counts.items():
            family.add_metric(labels, self._buckets(counts), self._sums[labels])
        yield family

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Yield the empty family, so that registering collects nothing."""
        return [HistogramMetricFamily(*self._family[:2], labels=self._family[2])]

    def _buckets(self, counts: Sequence[int]) -> list[tuple[str, float]]:
        total, buckets = 0, []
        for bound, count in zip((*map(str, map(float, self._bounds)), "+Inf"), counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets


class Metrics:
    """All instruments of one relay, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        by_destination = ["destination"]
        self.delivery_seconds = Histogram(
            registry, "relay_delivery_seconds", "Time from receipt to delivery"
        )
        self.request_seconds = Histogram(
            registry, "relay_request_seconds", "Time of a request to the platform"
        )
        self.batch_events = Histogram(
            registry, "relay_batch_events", "Events in a request", bounds=EVENTS
        )
        self.journal_append_seconds = Histogram(
            registry, "relay_journal_append_seconds", "Time until events are durable", labels=()
        )
        self.ingest_seconds = Histogram(
            registry, "relay_ingest_seconds", "Time to answer a producer", labels=()
        )
        self.requests = Counter(
            "relay_requests_total",
            "Requests to the platform by how they ended",
            ["destination", "outcome"],
            registry=registry,
        )
        self.retries = Counter(
            "relay_retries_total",
            "Events that were sent more than once",
            by_destination,
            registry=registry,
        )
        self.warnings = Counter(
            "relay_warnings_total",
            "Advice of the platform, and events near a time wall",
            ["destination", "code"],
            registry=registry,
        )
        self.identifiers = Counter(
            "relay_identifier_present_total",
            "Events that carried an identifier",
            ["destination", "identifier"],
            registry=registry,
        )
        self.paused = Gauge(
            "relay_destination_paused",
            "1 while a destination is paused",
            by_destination,
            registry=registry,
        )
