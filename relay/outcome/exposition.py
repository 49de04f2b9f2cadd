"""The `/metrics` page: the journal's lifetime counts as one snapshot, then the instruments.

For each destination, accepted + replayed = skipped + pending + delivered + dead in every scrape,
since all of them come from one read of the journal. This includes destinations that are no longer
configured, whose events wait for them to come back. Series of configured destinations and sources
start at zero, so that a first increase is seen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import product
from typing import Final, get_args

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from relay.event_name import CUSTOM, STANDARD_NAMES
from relay.journal.base import Journal
from relay.journal.report import Space, Totals
from relay.metrics import Metrics
from relay.outcome.health import State
from relay.outcome.process import ProcessFigures
from relay.outcome.reports import Reports, funnel_of
from relay.outcome.wording import DEAD, REJECTED, SKIPPED

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Exposition:
    """Renders a scrape. `sources` are the sources of events; `clock` returns Unix seconds."""

    def __init__(
        self,
        journal: Journal,
        reports: Reports,
        metrics: Metrics,
        sources: Sequence[str],
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._reports = reports
        self._metrics = metrics
        self._sources = sources
        self._clock = clock
        self._process = ProcessFigures(registry=None)

    async def render(self) -> bytes:
        """Return the page in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(_Lifetime(await self._snapshot(), self._sources))
        registry.register(self._process)
        return generate_latest(registry) + generate_latest(self._metrics.registry)

    async def _snapshot(self) -> "_Snapshot":
        names = self._reports.names
        health = self._reports.health()
        left_s = {name: await self._reports.left_s(name) for name in names}
        return _Snapshot(
            totals=await self._journal.totals(),
            oldest_s={name: await self._reports.oldest_pending_s(name) for name in names},
            left_s={name: left for name, left in left_s.items() if left is not None},
            states={name: health[name].state for name in names},
            in_flight={name: health[name].in_flight for name in names},
            space=await self._journal.space(),
            unavailable=self._reports.refusing() is not None,
            clock_s=self._clock(),
        )


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The journal's state at the moment of a scrape, by destination."""

    totals: Totals
    oldest_s: Mapping[str, float]
    left_s: Mapping[str, float]
    states: Mapping[str, State]
    in_flight: Mapping[str, float]
    space: Space
    unavailable: bool
    clock_s: float


class _Lifetime(Collector):
    """Exposes a snapshot as metric families."""

    def __init__(self, snapshot: _Snapshot, sources: Sequence[str]) -> None:
        self._snapshot = snapshot
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Yield nothing: registering must not collect."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the families for an exposition."""
        snapshot = self._snapshot
        names = list(snapshot.states)
        yield from _arrivals(snapshot.totals, self._sources)
        yield from _counters(snapshot.totals, names)
        yield _value_delivered(snapshot.totals)
        known = dict.fromkeys((*names, *sorted(snapshot.totals.accepted)))
        pending = {name: funnel_of(snapshot.totals, name).pending for name in known}
        yield _gauge("relay_events_pending", "Events that wait", pending)
        yield _gauge(
            "relay_oldest_pending_seconds", "Age of the oldest that waits", snapshot.oldest_s
        )
        yield _gauge(
            "relay_expiry_seconds",
            "Until the one that waits longest is too old for the platform",
            snapshot.left_s,
        )
        yield from _states(snapshot.states)
        yield _gauge("relay_requests_in_flight", "Requests under way", snapshot.in_flight)
        yield from _journal(snapshot.space, unavailable=snapshot.unavailable)
        yield _figure("relay_clock_seconds", "The relay's clock, Unix time", snapshot.clock_s)
        yield _build()


def _arrivals(totals: Totals, sources: Sequence[str]) -> Iterator[Metric]:
    events = product(sources, (*sorted(STANDARD_NAMES), CUSTOM))
    yield _counter(
        "received", "Accepted events", ("source", "event"), totals.received.items(), events
    )
    yield _counter(
        "rejected",
        "Events refused on arrival",
        ("source", "code"),
        totals.rejected.items(),
        product(sources, REJECTED),
    )


def _counters(totals: Totals, names: Sequence[str]) -> Iterator[Metric]:
    by_name, by_reason = ("destination",), ("destination", "reason")
    each = [(name,) for name in names]
    delivered = product(names, (*sorted(STANDARD_NAMES), CUSTOM))
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
    zeros: Iterable[tuple[str, ...]],
) -> Metric:
    """Return a metric family; the series in `zeros` exist before anything is counted."""
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


def _states(states: Mapping[str, State]) -> Iterator[Metric]:
    paused = {name: float(state == "paused") for name, state in states.items()}
    yield _gauge("relay_destination_paused", "1 while it is paused", paused)
    family = GaugeMetricFamily(
        "relay_destination_state", "1 for the state that it is in", labels=("destination", "state")
    )
    for name, state in product(states, get_args(State)):
        family.add_metric((name, state), float(states[name] == state))
    yield family


def _journal(space: Space, *, unavailable: bool) -> Iterator[Metric]:
    yield _figure("relay_journal_bytes", "Bytes of the journal's files", space.size_bytes)
    yield _figure("relay_journal_used_bytes", "Of them, those in use", space.used_bytes)
    yield _figure("relay_journal_max_bytes", "What `max_size` allows", space.limit_bytes)
    yield _figure(
        "relay_journal_left_bytes", "What may come in until events are refused", space.left_bytes
    )
    yield _figure("relay_journal_unavailable", "1 while no events are taken", float(unavailable))


def _build() -> Metric:
    family = GaugeMetricFamily("relay_build_info", "Which version runs", labels=("version",))
    family.add_metric((version("conversion-relay"),), 1)
    return family


def _figure(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _gauge(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("destination",))
    for destination, value in values.items():
        family.add_metric((destination,), value)
    return family


def _single(counts: Mapping[str, int]) -> Iterator[tuple[tuple[str, ...], int]]:
    for name, count in counts.items():
        yield (name,), count
