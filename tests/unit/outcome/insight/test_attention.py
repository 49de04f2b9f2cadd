"""What needs attention: told once, with since when, how many, how much, the fix, and who."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from relay.delivery import DeadReason
from relay.journal.letter import DeadGroup, DeadLetter
from relay.journal.space.room import AT_LIMIT, GONE
from relay.outcome.health import MESSAGES, UNREACHED
from relay.outcome.insight.attention import Arrivals, Task, tasks, unread
from relay.outcome.insight.situation import Situation
from relay.outcome.views.api import DestinationView
from relay.outcome.views.source import KafkaSourceView, State
from tests.unit.outcome.insight.page_view import ROOMY, situation, view

SINCE_MS = 1_767_225_600_000
ARRIVED = Arrivals(received=95, rejected=5)


def waiting(found: DestinationView, **changes: Any) -> Situation:
    return situation(found, **({"since_ms": SINCE_MS, "purchases": 3} | changes))


def group(reason: DeadReason = "platform_rejected", code: str = "") -> DeadGroup:
    letter = DeadLetter(
        id="1",
        event_id="order-1",
        event="purchase",
        event_time=1,
        destination="p",
        reason=reason,
        code=code,
        message="as it said",
        dead_at_ms=SINCE_MS,
        note="",
        replayable=True,
    )
    return DeadGroup(
        destination="p",
        reason=reason,
        code=code,
        count=5,
        purchases=2,
        value={"USD": Decimal(7)},
        valued=1,
        since_ms=SINCE_MS,
        until_ms=SINCE_MS,
        latest=letter,
    )


def kafka(state: State) -> KafkaSourceView:
    return KafkaSourceView(
        state=state,
        message="The cluster refuses `sasl_plain_password`.",
        since=datetime.fromtimestamp(SINCE_MS / 1000, UTC),
        group_id="relay",
        topics=["conversions"],
        missing_topics=[],
        assignment=[],
        last_commit=None,
        tombstones=0,
    )


def told(found: list[Situation], groups: list[DeadGroup]) -> Sequence[Task]:
    return tasks(ROOMY, ARRIVED, found, groups)


def only(found: list[Situation], groups: list[DeadGroup]) -> Task:
    (task,) = told(found, groups)
    return task


def test_nothing_is_told_where_nothing_is_wrong() -> None:
    assert told([waiting(view())], []) == []


def test_a_pause_tells_what_waits_and_the_platforms_own_fix() -> None:
    """All that waits, whatever the range: the money and the moment are those of all of it."""
    paused = view(
        state="paused",
        reason="token_expired",
        pending=2,
        oldest_pending_seconds=1.0,
        money_at_risk={"USD": "8912.00"},
    )

    task = only([waiting(paused, waiting=9, fixes={"token_expired": "Make a new one."})], [])

    assert (task.tone, task.kind, task.who) == ("bad", "paused", "marketing")
    assert task.sentence == "The access token has expired."
    assert task.fix == "Make a new one."
    assert (task.count, task.purchases, task.since_ms) == (9, 3, SINCE_MS)
    assert task.value == {"USD": Decimal("8912.00")}


def test_a_pause_by_hand_is_no_alarm() -> None:
    assert only([waiting(view(state="paused", reason="paused_by_operator"))], []).tone == "warn"


def test_what_mends_itself_is_told_only_once_it_takes_long() -> None:
    assert told([waiting(view(state="degraded", oldest_pending_seconds=300.0))], []) == []
    late = only([waiting(view(state="degraded", oldest_pending_seconds=301.0))], [])
    behind = only([waiting(view(oldest_pending_seconds=301.0))], [])

    assert (late.tone, late.who) == ("warn", "nobody")
    assert behind.sentence.startswith("Sending is behind")


def test_what_lies_before_a_platform_is_for_the_engineer_to_mend() -> None:
    found = view(state="degraded", oldest_pending_seconds=301.0, message=MESSAGES["tls"])
    late = only([waiting(found)], [])

    assert (late.who, late.sentence) == ("engineer", UNREACHED["tls"].sentence)
    assert "SSL_CERT_FILE" in late.fix


def test_a_code_that_is_known_is_told_in_its_own_words() -> None:
    known = only([waiting(view(type="tiktok"))], [group(code="40002")])
    unknown = only([waiting(view(type="tiktok"))], [group(code="4711")])

    assert known.sentence == "A field of the event is not as TikTok wants it."
    assert unknown.sentence == "The platform refused this event."
    assert (known.count, known.purchases, known.valued) == (5, 2, 1)
    assert known.words == "as it said"


def test_what_somebody_has_settled_is_left_alone() -> None:
    assert told([], [group("dropped_by_operator"), group("erased")]) == []


def test_the_most_pressing_comes_first() -> None:
    full = replace(ROOMY, unavailable="the disk is full")
    paused = waiting(view(name="t", state="paused", reason="token_missing"))
    found = tasks(full, Arrivals(1, 1), [paused], [group("expired")])

    assert [each.kind for each in found] == ["refusing", "paused", "refused", "dead"]
    assert found[0].words == "the disk is full"


def test_a_journal_at_its_limit_needs_a_higher_one_and_any_other_what_its_reason_says() -> None:
    limit, gone, other = (
        tasks(replace(ROOMY, unavailable=reason), ARRIVED, [], [])[0]
        for reason in (AT_LIMIT, GONE, "no worker process runs")
    )

    assert limit.fix.startswith("Raise `max_size` of the journal")
    assert gone.fix.startswith("Put the file back")
    assert "is safe" not in gone.fix  # it ends with the process
    assert other.fix.startswith("See to the reason")


def test_a_journal_that_fills_is_told_before_it_is_full() -> None:
    filling = replace(ROOMY, used_bytes=900, left_bytes=100, hours_to_full=4.6)
    (task,) = tasks(filling, ARRIVED, [], [])

    assert (task.kind, task.tone, task.who) == ("filling", "warn", "engineer")
    assert task.sentence == (
        "The relay's journal is 90 % full, and full in about 5 hours if this goes on."
    )
    (later,) = tasks(replace(filling, hours_to_full=9_842.0), ARRIVED, [], [])
    assert later.sentence.endswith(", and full in about 410 days if this goes on.")
    (soon,) = tasks(replace(filling, hours_to_full=0.4), ARRIVED, [], [])
    assert soon.sentence.endswith(", and full in less than an hour if this goes on.")
    (first,) = tasks(replace(filling, used_bytes=800, left_bytes=200), ARRIVED, [], [])
    assert "is 80 % full" in first.sentence
    (last,) = tasks(replace(filling, used_bytes=999, left_bytes=1), ARRIVED, [], [])
    assert "is 99 % full" in last.sentence
    assert tasks(replace(filling, used_bytes=799, left_bytes=201), ARRIVED, [], []) == []


def test_more_than_one_of_twenty_refused_on_arrival_is_for_whoever_builds_the_shop() -> None:
    (task,) = tasks(ROOMY, Arrivals(received=1_894, rejected=106), [], [])

    assert (task.kind, task.tone, task.who) == ("refused", "warn", "shop")
    assert task.sentence == "106 of 2,000 events were refused on arrival."
    (task,) = tasks(ROOMY, Arrivals(received=2, rejected=1), [], [])
    assert task.sentence == "1 of 3 events was refused on arrival."


@pytest.mark.parametrize("state", ["unreachable", "stopped", "connecting"])
def test_kafka_that_is_long_not_read_needs_an_engineer(state: State) -> None:
    (task,) = unread(kafka(state), SINCE_MS / 1000 + 300)

    assert (task.kind, task.tone, task.who, task.since_ms) == (
        *("unread", "bad", "engineer", SINCE_MS),
    )
    assert task.words == "The cluster refuses sasl_plain_password."
    assert tasks(ROOMY, ARRIVED, [], [group()], [task])[0] == task


def test_kafka_that_is_read_or_soon_again_needs_nobody() -> None:
    """That the journal takes no more is a task already."""
    late_s = SINCE_MS / 1000 + 86_400

    assert not unread(None, late_s)
    assert not unread(kafka("active"), late_s)
    assert not unread(kafka("held"), late_s)
    assert not unread(kafka("unreachable"), SINCE_MS / 1000 + 299)
