"""What needs attention: told once, with since when, how many, how much, the fix, and who."""

from decimal import Decimal
from typing import Any

from relay.delivery import DeadReason
from relay.journal.letter import DeadGroup, DeadLetter
from relay.outcome.insight.attention import Task, Waiting, tasks
from relay.outcome.view import DestinationView
from tests.page_view import view

SINCE_MS = 1_767_225_600_000


def waiting(found: DestinationView, **changes: Any) -> Waiting:
    plain: dict[str, Any] = {"view": found, "fixes": {}, "since_ms": SINCE_MS, "purchases": 3}
    return Waiting(**(plain | changes))


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


def only(found: list[Waiting], groups: list[DeadGroup]) -> Task:
    (task,) = tasks(None, found, groups)
    return task


def test_nothing_is_told_where_nothing_is_wrong() -> None:
    assert tasks(None, [waiting(view())], []) == []


def test_a_pause_tells_what_waits_and_the_platforms_own_fix() -> None:
    paused = view(
        state="paused",
        reason="token_expired",
        pending=9,
        oldest_pending_seconds=1.0,
        money_at_risk={"USD": "8912.00"},
    )

    task = only([waiting(paused, fixes={"token_expired": "Make a new one in Ads Manager."})], [])

    assert (task.tone, task.kind, task.who) == ("bad", "paused", "marketing")
    assert task.sentence == "The access token has expired."
    assert task.fix == "Make a new one in Ads Manager."
    assert (task.count, task.purchases, task.since_ms) == (9, 3, SINCE_MS)
    assert task.value == {"USD": Decimal("8912.00")}


def test_a_pause_by_hand_is_no_alarm() -> None:
    assert only([waiting(view(state="paused", reason="paused_by_operator"))], []).tone == "warn"


def test_what_mends_itself_is_told_only_once_it_takes_long() -> None:
    assert tasks(None, [waiting(view(state="degraded", oldest_pending_seconds=300.0))], []) == []
    late = only([waiting(view(state="degraded", oldest_pending_seconds=301.0))], [])
    behind = only([waiting(view(oldest_pending_seconds=301.0))], [])

    assert (late.tone, late.who) == ("warn", "nobody")
    assert behind.sentence.startswith("Sending is behind")


def test_a_code_that_is_known_is_told_in_its_own_words() -> None:
    known = only([waiting(view(type="tiktok"))], [group(code="40002")])
    unknown = only([waiting(view(type="tiktok"))], [group(code="4711")])

    assert known.sentence == "A field of the event is not as TikTok wants it."
    assert unknown.sentence == "The platform refused this event."
    assert (known.count, known.purchases, known.valued) == (5, 2, 1)
    assert known.words == "as it said"


def test_what_somebody_has_settled_is_left_alone() -> None:
    assert tasks(None, [], [group("dropped_by_operator"), group("erased")]) == []


def test_the_most_pressing_comes_first() -> None:
    paused = waiting(view(name="t", state="paused", reason="token_missing"))
    found = tasks("the disk is full", [paused], [group("expired")])

    assert [each.kind for each in found] == ["refusing", "paused", "dead"]
    assert found[0].words == "the disk is full"
