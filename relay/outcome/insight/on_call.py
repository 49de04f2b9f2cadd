"""Current figures for whoever is on call: requests, waits, journal and process.

Requests and times are counted since the process was started, events since the journal was created;
a monitoring system has them over time.
"""

from collections.abc import Mapping, Sequence
from typing import Final, get_args

import msgspec

from relay.delivery import Outcome
from relay.instrument import Histogram
from relay.journal.report import Totals
from relay.metrics import Metrics
from relay.outcome.health import Health
from relay.outcome.views.api import DestinationView, JournalView

QUANTILES: Final = (0.5, 0.95, 0.99)
FAILED: Final = frozenset({"throttled", "transient", "invalid", "misconfigured"})


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """The requests to one destination; `quantiles_s` are in the order of `QUANTILES`."""

    view: DestinationView
    health: Health
    requests: int
    failed: int
    by_outcome: Mapping[str, int]
    quantiles_s: Sequence[float | None]
    retries: int
    skipped: Mapping[str, int]
    """Skipped events by reason, the most frequent first."""
    ended: Mapping[str, int]
    """Undelivered events by reason; one that died again after a replay counts twice."""
    replayed: int


class Lag(msgspec.Struct, frozen=True):
    """The lag of one partition."""

    topic: str
    partition: str
    messages: int


class OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """All figures; times are in seconds, and None if nothing was observed."""

    traffic: Sequence[Traffic]
    journal: JournalView
    append_s: float | None
    ingest_s: float | None
    lags: Sequence[Lag]


def on_call(
    metrics: Metrics,
    destinations: Sequence[DestinationView],
    journal: JournalView,
    totals: Totals,
    health: Mapping[str, Health],
) -> OnCall:
    """Return the current figures."""
    return OnCall(
        traffic=[_traffic(metrics, view, totals, health[view.name]) for view in destinations],
        journal=journal,
        append_s=metrics.journal_append_seconds.quantile(QUANTILES[-1]),
        ingest_s=metrics.ingest_seconds.quantile(QUANTILES[-1]),
        lags=_lags(metrics),
    )


def _traffic(metrics: Metrics, view: DestinationView, totals: Totals, health: Health) -> Traffic:
    counts = metrics.requests.counts()
    by_outcome = {word: counts.get((view.name, word), 0) for word in get_args(Outcome)}
    return Traffic(
        view=view,
        health=health,
        requests=sum(by_outcome.values()),
        failed=sum(count for word, count in by_outcome.items() if word in FAILED),
        by_outcome=by_outcome,
        quantiles_s=_quantiles(metrics.request_seconds, view.name),
        retries=metrics.retries.counts().get((view.name,), 0),
        skipped=_by_reason(totals.skipped, view.name),
        ended=_by_reason(totals.dead, view.name),
        replayed=totals.replayed.get(view.name, 0),
    )


def _by_reason(counts: Mapping[tuple[str, str], int], name: str) -> Mapping[str, int]:
    found = {reason: count for (of, reason), count in counts.items() if of == name and count}
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def _quantiles(histogram: Histogram, name: str) -> Sequence[float | None]:
    return [histogram.quantile(share, name) for share in QUANTILES]


def _lags(metrics: Metrics) -> Sequence[Lag]:
    return [
        Lag(sample.labels["topic"], sample.labels["partition"], int(sample.value))
        for family in metrics.kafka_lag.collect()
        for sample in family.samples
    ]
