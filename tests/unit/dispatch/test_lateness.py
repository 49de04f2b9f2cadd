import math
from collections.abc import Sequence
from typing import Final

import pytest

from relay.delivery import LateCode, Limits
from relay.dispatch.batch import Batch
from relay.dispatch.lateness import late_codes
from relay.event import ActionSource
from relay.journal.entry import Pending
from tests.given.event.builders import NOW_S, payload, pending

HOUR_S: Final = 3600.0
LIMITS: Final = Limits(
    max_events=1000,
    max_bytes=10**6,
    requests_per_s=10.0,
    deduplication_window_s=48 * HOUR_S,
    undeduplicated=frozenset({"offline"}),
    online_wall_s=HOUR_S,
)


def event(source: ActionSource = "web", *, age_s: float = 0.0, attempts: int = 0) -> Pending:
    """Return an event that was received as soon as it happened."""
    found = pending(retry=attempts > 0)
    found.attempts = attempts
    found.entry.action_source = source
    found.entry.event_time = int(NOW_S - age_s)
    found.entry.received_ms = int((NOW_S - age_s) * 1000)
    return found


def codes(*events: Pending, unknown_s: float = -math.inf, limits: Limits = LIMITS) -> Sequence[str]:
    """Return what may happen to events sent now, first in vain `unknown_s` ago."""
    batch = Batch(list(events), [payload() for _ in events])
    return late_codes(batch, batch.pendings, limits, NOW_S, NOW_S - unknown_s)


def test_what_comes_in_time_is_nothing_to_tell() -> None:
    assert codes(event(), event(age_s=HOUR_S), event("offline", age_s=1)) == []


@pytest.mark.parametrize("source", ["web", "app_ios"])
def test_an_hour_old_event_may_be_filed_as_offline(source: ActionSource) -> None:
    assert codes(event(source, age_s=HOUR_S + 1)) == ["may_be_offline"]


def test_what_is_offline_already_has_no_wall() -> None:
    assert codes(event("offline", age_s=72 * HOUR_S), event("crm", age_s=72 * HOUR_S)) == []


def test_a_platform_without_the_wall_files_nothing_as_offline() -> None:
    limits = Limits(max_events=1, max_bytes=1, requests_per_s=1.0, deduplication_window_s=HOUR_S)
    assert codes(event("app_ios", age_s=72 * HOUR_S), limits=limits) == []


def test_a_web_event_outlives_the_comparison_with_its_browser_twin() -> None:
    """The pixel reported it when it happened; two days later nobody compares the two."""
    late: list[LateCode] = ["may_count_twice", "may_be_offline"]
    assert codes(event(age_s=48 * HOUR_S + 1)) == late
    assert codes(event(age_s=48 * HOUR_S)) == ["may_be_offline"]


def test_an_earlier_try_of_unknown_outcome_counts_once_the_window_is_over() -> None:
    assert codes(event("crm", age_s=72 * HOUR_S), unknown_s=48 * HOUR_S) == []
    assert codes(event("crm", age_s=72 * HOUR_S), unknown_s=49 * HOUR_S) == ["may_count_twice"]


def test_what_is_never_compared_counts_at_once_after_an_unknown_outcome() -> None:
    assert codes(event("offline", age_s=60), unknown_s=10) == ["may_count_twice"]


def test_an_event_with_a_row_of_its_own_was_tried_since_it_came() -> None:
    """Its row outlives a restart, its batch does not: so the earliest moment is assumed."""
    tried = event("crm", age_s=49 * HOUR_S, attempts=2)
    assert codes(tried, event(age_s=72 * HOUR_S))[0] == "may_count_twice"
    assert codes(event("crm", age_s=47 * HOUR_S, attempts=2)) == []
