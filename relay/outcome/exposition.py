"""The `/metrics` page: the journal's lifetime counts as one snapshot, then the instruments.

Per destination, accepted + replayed = skipped + pending + delivered + dead in every scrape, since
all of them come from one read of the journal. Series of configured destinations start at zero, so
that a first increase is seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from relay.event_name import CUSTOM, STANDARD_NAMES
from relay.journal.base import Journal, Totals
from relay.metrics import Metrics
from relay.outcome.reports import Reports, funnel_of
from relay.outcome.wording import DEAD, SKIPPED

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Exposition:
    """Renders a scrape."""

    def __init__(self, journal: Journal, reports: Reports, metrics: Metrics) -> None:
        self._journal = journal
        self._reports = reports
        self._metrics = metrics

    async def render(self) -> bytes:
        """Return the page in Prometheus' text format."""
        names = self._reports.names
        health = self._reports.health()
        snapshot = _Snapshot(
            totals=await self._journal.totals(),
            oldest_s={name: await self._reports.oldest_pending_s(name) for name in names},
            paused={name: float(health[name].state == "paused") for name in names},
            size_bytes=self._journal.size_bytes(),
        )
        registry = CollectorRegistry()
        registry.register(_Lifetime(snapshot))
        return generate_latest(registry) + generate_latest(self._metrics.registry)


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked at the moment of a scrape, by destination."""

    totals: Totals
    oldest_s: Mapping[str, float]
    paused: Mapping[str, float]
    size_bytes: int


class _Lifetime(Collector):
    """Tells a snapshot as metric families."""

    def __init__(self, snapshot: _Snapshot) -> None:
        self._snapshot = snapshot

    def describe(self) -> Iterable[Metric]:
        """Yield nothing: registering must not collect."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the families for an exposition."""
        snapshot = self._snapshot
        names = list(snapshot.oldest_s)
        yield from _counters(snapshot.totals, names)
        yield _value_delivered(snapshot.totals)
        pending = {name: funnel_of(snapshot.totals, name).pending for name in names}
        yield _gauge("relay_events_pending", "Events that wait", pending)
        yield _gauge(
            "relay_oldest_pending_seconds", "Age of the oldest that waits", snapshot.oldest_s
        )
        yield _gauge("relay_destination_paused", "1 while it is paused", snapshot.paused)
        yield GaugeMetricFamily(
            "relay_journal_bytes", "Bytes of the journal's files", value=snapshot.size_bytes
        )


def _counters(totals: Totals, names: Sequence[str]) -> Iterator[Metric]:
    by_name, by_reason = ("destination",), ("destination", "reason")
    each = [(name,) for name in names]
    delivered = product(names, (*sorted(STANDARD_NAMES), CUSTOM))
    yield _counter("received", "Accepted events", ("source", "event"), totals.received.items())
    yield _counter(
        "rejected", "Events refused on arrival", ("source", "code"), totals.rejected.items()
    )
    yield _counter("accepted", "Accepted events", by_name, _single(totals.accepted), each)
    yield _counter(
        "delivered",
        "Confirmed by the platform",
        ("destination", "event"),
        totals.delivered.items(),
        delivered,
    )
    yield _counter(
        "skipped",
        "Kept back on purpose",
        by_reason,
        totals.skipped.items(),
        product(names, SKIPPED),
    )
    yield _counter(
        "dead", "Ended undelivered", by_reason, totals.dead.items(), product(names, DEAD)
    )
    yield _counter("replayed", "Sent again by hand", by_name, _single(totals.replayed), each)


def _counter(
    name: str,
    text: str,
    labels: tuple[str, ...],
    counts: Iterable[tuple[tuple[str, ...], int]],
    zeros: Iterable[tuple[str, ...]] = (),
) -> Metric:
    """Return a family; series named by `zeros` are there before anything is counted."""
    family = CounterMetricFamily(f"relay_events_{name}", text, labels=labels)
    for values, count in {**dict.fromkeys(zeros, 0), **dict(counts)}.items():
        family.add_metric(values, count)
    return family


def _value_delivered(totals: Totals) -> Metric:
    family = CounterMetricFamily(
        "relay_value_delivered", "Delivered purchases", labels=("destination", "currency")
    )
    for labels, amount in totals.value_delivered.items():
        family.add_metric(labels, float(amount))
    return family


def _gauge(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("destination",))
    for destination, value in values.items():
        family.add_metric((destination,), value)
    return family


def _single(counts: Mapping[str, int]) -> Iterator[tuple[tuple[str, ...], int]]:
    for name, count in counts.items():
        yield (name,), count
