"""What came is kept, within bounds, and counted without any."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.sandbox.catalogue import ANSWERS
from relay.sandbox.credential import Gate
from relay.sandbox.exchange import Exchange
from relay.sandbox.inbox import MAX_EVENTS, MAX_PAYLOAD, Counts, Inbox
from relay.sandbox.platform import Ending, Finding, Reading, Reply
from relay.sandbox.scripts import parse
from relay.sandbox.style import Style
from tests.unit.sandbox.sender import (
    NOW_S,
    Clock,
    pinterest_call,
    pinterest_event,
    tiktok_call,
    tiktok_event,
)


def test_an_event_is_kept_with_its_verdict_and_where_it_went_wrong() -> None:
    made = exchange()
    made.handle("tiktok", tiktok_call(tiktok_event("good"), tiktok_event("bad", page=None)))
    good, bad = made.inbox.events
    assert (good.event_id, good.verdict, good.code, good.path) == (
        *("good", "turned_away", "40002"),
        "",
    )
    assert (bad.event_id, bad.verdict, bad.path) == ("bad", "refused", "page.url")
    assert (bad.event, bad.event_time, bad.received_at) == ("Purchase", NOW_S - 60, NOW_S)
    assert msgspec.json.decode(bad.payload) == tiktok_event("bad", page=None)


def test_a_request_is_kept_with_its_answer() -> None:
    made = exchange()
    made.handle("pinterest", pinterest_call(pinterest_event(), token="Bearer bad"))
    (request,) = made.inbox.requests
    assert (request.number, request.platform, request.account) == (1, "pinterest", "549755885175")
    assert (request.status, request.code, request.event_count) == (401, "2", 1)
    assert request.notes == ("the token does not begin with pina_, as Pinterest's tokens do",)


def test_no_token_is_kept_anywhere() -> None:
    made = exchange()
    made.handle("pinterest", pinterest_call(pinterest_event(), token="Bearer pina_c4n4ry"))
    made.handle("tiktok", tiktok_call(tiktok_event(), token="c4n4ry"))
    kept = msgspec.json.encode([list(made.inbox.requests), list(made.inbox.events)])
    assert b"c4n4ry" not in kept
    assert "c4n4ry" not in repr(pinterest_call(token="c4n4ry"))


def test_the_same_event_accepted_again_is_a_duplicate_of_its_account_and_name() -> None:
    made = exchange()
    for event in (tiktok_event(), tiktok_event(), tiktok_event(event="Lead")):
        made.handle("tiktok", tiktok_call(event))
    made.handle("tiktok", tiktok_call(tiktok_event(), envelope={"event_source_id": "OTHER"}))
    counts = made.inbox.counts["tiktok"]
    assert (counts.accepted, counts.distinct_accepted, counts.duplicates) == (4, 3, 1)
    assert [event.repeated for event in made.inbox.events] == [False, True, False, False]
    assert [(seen.account[:5], seen.event, seen.count) for seen in made.inbox.ids("tiktok")] == [
        ("C4K6A", "Purchase", 2),
        ("C4K6A", "Lead", 1),
        ("OTHER", "Purchase", 1),
    ]
    assert list(made.inbox.ids("pinterest")) == []
    assert len(list(made.inbox.ids(None))) == 3


def test_only_accepted_events_count_as_distinct() -> None:
    made = exchange('[{"times": 1, "action": {"answer": "pinterest-503"}}]')
    for _ in range(2):
        made.handle("pinterest", pinterest_call(pinterest_event()))
    assert counted(made.inbox.counts["pinterest"]) == {
        "requests": 2,
        "events": 2,
        "accepted": 1,
        "turned_away": 1,
        "distinct_accepted": 1,
        "ids_complete": True,
    }


def test_a_broken_answer_leaves_the_sender_without_a_verdict() -> None:
    made = exchange('[{"action": {"connection": "reset"}}]')
    made.handle("pinterest", pinterest_call(pinterest_event()))
    assert made.inbox.requests[0].status is None
    assert [event.verdict for event in made.inbox.events] == ["unanswered"]


def test_a_platform_may_have_taken_what_a_broken_answer_was_about() -> None:
    made = exchange('[{"action": {"connection": "reset", "recorded": true}}]')
    made.handle("pinterest", pinterest_call(pinterest_event()))
    assert made.inbox.requests[0].status is None
    assert [event.verdict for event in made.inbox.events] == ["accepted"]


def test_a_slow_answer_is_whole() -> None:
    made = exchange('[{"action": {"connection": "slow_body"}}]')
    made.handle("pinterest", pinterest_call(pinterest_event()))
    assert made.inbox.requests[0].status == 200


def test_an_event_without_an_id_repeats_nothing() -> None:
    made = exchange()
    for _ in range(2):
        made.handle("tiktok", tiktok_call(tiktok_event(event_id=None)))
    assert made.inbox.counts["tiktok"].distinct_accepted == 2
    assert list(made.inbox.ids(None)) == []


def test_the_latest_events_are_kept_and_all_are_counted() -> None:
    inbox = Inbox()
    for first in range(0, MAX_EVENTS + 1_000, 1_000):
        record(inbox, [f"order-{first + number}" for number in range(1_000)])
    assert len(inbox.events) == MAX_EVENTS
    assert inbox.events[0].event_id == "order-1000"
    assert inbox.counts["pinterest"].events == MAX_EVENTS + 1_000


def test_beyond_the_bound_ids_are_counted_but_no_longer_kept() -> None:
    inbox = Inbox(max_ids=2)
    record(inbox, ["a", "b", "c", "a"])
    counts = inbox.counts["pinterest"]
    assert not counts.ids_complete
    assert (counts.accepted, counts.distinct_accepted, counts.duplicates) == (4, 3, 1)
    assert [(seen.event_id, seen.count) for seen in inbox.ids(None)] == [("a", 2), ("b", 1)]


def test_a_payload_that_is_too_big_is_not_kept() -> None:
    inbox = Inbox()
    record(inbox, ["a"], payload=b"1" * (MAX_PAYLOAD + 1))
    assert bytes(inbox.events[0].payload) == b"null"


def test_clearing_forgets_the_counts_but_goes_on_numbering() -> None:
    inbox = Inbox()
    record(inbox, ["a"])
    inbox.clear()
    assert (inbox.counts["pinterest"], len(inbox.requests), len(inbox.events)) == (Counts(), 0, 0)
    record(inbox, ["a"])
    assert inbox.requests[0].number == 2
    assert not inbox.events[0].repeated


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, *ANSWERS]), st.lists(st.sampled_from("abc"), max_size=4)),
        max_size=20,
    )
)
def test_every_event_has_exactly_one_verdict(requests: list[tuple[str | None, list[str]]]) -> None:
    """However a request is answered, the four verdicts add up to the events received."""
    made = exchange()
    for answer, ids in requests:
        step: dict[str, object] = {"action": {"answer": answer} if answer else {}}
        made.run_script(parse(msgspec.json.encode([step])))
        made.handle("pinterest", pinterest_call(*map(pinterest_event, ids)))
        made.handle("tiktok", tiktok_call(*map(tiktok_event, ids)))
    for counts in made.inbox.counts.values():
        verdicts = counts.accepted + counts.refused + counts.turned_away + counts.unanswered
        assert counts.events == verdicts == sum(len(ids) for _, ids in requests)
        assert counts.accepted == counts.distinct_accepted + counts.duplicates


def exchange(script: str = "[]") -> Exchange:
    made = Exchange(gate=Gate(), style=Style(), clock=Clock(), dice=random.Random(1))
    made.run_script(parse(script.encode()))
    return made


def record(inbox: Inbox, ids: list[str], payload: bytes = b"{}") -> None:
    """Put one accepted request with these events into an inbox."""
    findings = [Finding(event="checkout", event_id=event_id, payload=payload) for event_id in ids]
    inbox.record(
        "pinterest",
        Reading(account="1", findings=findings),
        Ending(reply=Reply(200, b"", {}), fates=["accepted"] * len(ids), code=""),
        received_at=NOW_S,
        step=None,
        broken=False,
    )


def counted(counts: Counts) -> dict[str, int]:
    """Return the counts that are not zero."""
    named: dict[str, int] = msgspec.to_builtins(counts)
    return {name: value for name, value in named.items() if value}
