"""The `/metrics` page: the journal's lifetime counts as one snapshot, then the instruments.

Per destination, accepted + replayed = skipped + pending + delivered + dead in every scrape, since
all of them come from one read of the journal.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from relay.journal.base import Journal, Totals
from relay.metrics import Metrics
from relay.outcome.reports import Reports, funnel_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Exposition:
    """Renders a scrape."""

    def __init__(self, journal: Journal, reports: Reports, metrics: Metrics) -> None:
        self._journal = journal
        self._reports = reports
        self._metrics = metrics

    async def render(self) -> bytes:
        """Return the page in Prometheus' text format."""
        totals = await self._journal.totals()
        oldest_s = {
            name: await self._reports.oldest_pending_s(name) for name in self._reports.names
        }
        for name, health in self._reports.health().items():
            self._metrics.paused.labels(name).set(health.state == "paused")
        snapshot = CollectorRegistry()
        snapshot.register(_Snapshot(totals, oldest_s, self._journal.size_bytes()))
        return generate_latest(snapshot) + generate_latest(self._metrics.registry)


class _Snapshot(Collector):
    def __init__(self, totals: Totals, oldest_s: Mapping[str, float], size_bytes: int) -> None:
        self._totals = totals
        self._oldest_s = oldest_s
        self._size_bytes = size_bytes

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        totals, names = self._totals, list(self._oldest_s)
        yield _counter("received", "Accepted events", ("source", "event"), totals.received)
        yield _counter("rejected", "Events refused on arrival", ("source", "code"), totals.rejected)
        yield _counter("accepted", "Accepted events", ("destination",), _single(totals.accepted))
        yield _counter(
            "delivered", "Confirmed by the platform", ("destination", "event"), totals.delivered
        )
        yield _counter("skipped", "Kept back on purpose", ("destination", "reason"), totals.skipped)
        yield _counter("dead", "Ended undelivered", ("destination", "reason"), totals.dead)
        yield _counter("replayed", "Sent again by hand", ("destination",), _single(totals.replayed))
        pending = {name: funnel_of(totals, name).pending for name in names}
        yield _gauge("relay_events_pending", "Events that wait", pending)
        yield _gauge("relay_oldest_pending_seconds", "Age of the oldest that waits", self._oldest_s)
        value = CounterMetricFamily(
            "relay_value_delivered", "Delivered purchases", labels=("destination", "currency")
        )
        for labels, amount in totals.value_delivered.items():
            value.add_metric(labels, float(amount))
        yield value
        yield GaugeMetricFamily(
            "relay_journal_bytes", "Bytes of the journal's files", value=self._size_bytes
        )


def _counter(
    name: str,
    text: str,
    labels: tuple[str, ...],
    counts: Mapping[tuple[str, str], int] | Mapping[tuple[str], int],
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"relay_events_{name}", text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _gauge(name: str, text: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=("destination",))
    for destination, value in values.items():
        family.add_metric((destination,), value)
    return family


def _single(counts: Mapping[str, int]) -> Mapping[tuple[str], int]:
    return {(name,): count for name, count in counts.items()}
