"""A scrape that does not add up is noticed."""

from tests.chaos.sampler import counts_of, problems

GOOD = """\
# TYPE relay_events_accepted_total counter
relay_events_accepted_total{destination="t"} 10.0
# TYPE relay_events_replayed_total counter
relay_events_replayed_total{destination="t"} 0.0
# TYPE relay_events_delivered_total counter
relay_events_delivered_total{destination="t",event="purchase"} 3.0
relay_events_delivered_total{destination="t",event="lead"} 2.0
# TYPE relay_events_skipped_total counter
relay_events_skipped_total{destination="t",reason="duplicate"} 1.0
# TYPE relay_events_dead_total counter
relay_events_dead_total{destination="t",reason="expired"} 1.0
# TYPE relay_events_pending gauge
relay_events_pending{destination="t"} 3.0
"""


def test_sums_that_hold_are_no_problem() -> None:
    counts = counts_of(GOOD)
    assert counts["delivered", "t"] == 5
    assert problems({}, counts) == []


def test_one_event_too_few_is_noticed() -> None:
    short = counts_of(GOOD.replace('"purchase"} 3.0', '"purchase"} 2.0'))
    [found] = problems({}, short)
    assert "do not add up" in found


def test_a_lifetime_count_never_falls() -> None:
    before = {**counts_of(GOOD), ("delivered", "t"): 6.0}
    assert problems(before, counts_of(GOOD)) == ["delivered of t fell from 6 to 5"]
