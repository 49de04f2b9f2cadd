"""Figures for whoever is on call: each destination's own, and at zero before anything happened."""

import pytest

from relay.journal.report import Totals
from relay.metrics import Metrics
from relay.outcome.health import Health
from relay.outcome.insight.on_call import OnCall, on_call
from tests.given.journal.totals import NO_TOTALS
from tests.unit.outcome.insight.page_view import ROOMY, view

ACTIVE = Health("active", None, "", None, None)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def told(metrics: Metrics, totals: Totals = NO_TOTALS) -> OnCall:
    views = [view(name="p"), view(name="t")]
    return on_call(metrics, views, ROOMY, totals, {"p": ACTIVE, "t": ACTIVE})


def test_before_anything_happened_all_is_zero_and_no_time_is_known(metrics: Metrics) -> None:
    found = told(metrics)

    for each in found.traffic:
        assert (each.requests, each.failed, each.retries, each.replayed) == (0, 0, 0, 0)
        assert each.quantiles_s == [None, None, None]
        assert (each.skipped, each.ended) == ({}, {})
    assert (found.append_s, found.ingest_s, found.lags) == (None, None, [])


def test_what_did_not_pass_has_failed_and_what_passed_in_part_has_not(
    metrics: Metrics,
) -> None:
    metrics.requests.add("t", "ok", count=100)
    metrics.requests.add("t", "partial", count=50)
    for number, word in enumerate(("throttled", "transient", "invalid", "misconfigured"), 1):
        metrics.requests.add("t", word, count=number)
    metrics.retries.add("t", count=7)
    other, found = told(metrics).traffic

    assert (found.requests, found.failed, found.retries) == (160, 10, 7)
    assert (other.requests, other.failed, other.retries) == (0, 0, 0)


def test_times_are_the_middle_one_and_those_of_the_slowest(metrics: Metrics) -> None:
    for seconds, count in ((0.2, 60), (0.7, 36), (20.0, 4)):
        metrics.request_seconds.observe(seconds, "t", count=count)
        metrics.journal_append_seconds.observe(seconds, count=count)
        metrics.ingest_seconds.observe(seconds / 10, count=count)
    found = told(metrics)

    assert found.traffic[1].quantiles_s == [0.25, 1, 30]
    assert found.traffic[0].quantiles_s == [None, None, None]
    assert (found.append_s, found.ingest_s) == (30, 2.5)


def test_reasons_are_the_destinations_own_the_most_frequent_first(metrics: Metrics) -> None:
    totals = Totals(
        received={},
        rejected={},
        accepted={},
        replayed={"t": 2},
        delivered={},
        skipped={("p", "limited"): 9, ("t", "no_consent"): 1, ("t", "duplicate"): 3},
        dead={("t", "expired"): 1, ("t", "invalid_event"): 5, ("t", "erased"): 0},
        value_delivered={},
    )
    other, found = told(metrics, totals).traffic

    assert list(found.skipped.items()) == [("duplicate", 3), ("no_consent", 1)]
    assert list(found.ended.items()) == [("invalid_event", 5), ("expired", 1)]
    assert (found.replayed, other.replayed) == (2, 0)
    assert (other.skipped, other.ended) == ({"limited": 9}, {})
