"""The account of a chaos run finds what it is there to find."""

import pytest
from msgspec.structs import replace

from relay.sandbox.answer import Fate, PlatformName
from tests.chaos.event import kind_of
from tests.chaos.record import Kill, Request
from tests.chaos.verdict import Account, judge

PURCHASE = "purchase-p0-1"


def request(
    platform: PlatformName,
    at: float = 100.0,
    fate: Fate = "accepted",
    event_id: str = PURCHASE,
    **more: str | bool | int,
) -> Request:
    return replace(
        Request(
            received_at=at,
            platform=platform,
            status=200,
            code="0",
            broken=False,
            events=[(event_id, fate)],
        ),
        **more,
    )


FINE = Account(
    acknowledged={PURCHASE},
    requests=[request("pinterest"), request("tiktok")],
    kills=[],
    letters={},
    dead={"pinterest": 0, "tiktok": 0},
    delivered={"pinterest": 1, "tiktok": 1},
)


ONE_DEAD = {
    "dead": {"pinterest": 0, "tiktok": 1},
    "delivered": {"pinterest": 1, "tiktok": 0},
}


def problems(**changes: object) -> list[str]:
    return judge(replace(FINE, **changes)).problems


def test_an_account_that_adds_up_has_no_problem() -> None:
    assert problems() == []


def test_an_event_that_never_arrived_is_lost() -> None:
    assert problems(requests=[request("tiktok")]) == [
        f"{PURCHASE} was acknowledged and never reached pinterest"
    ]


@pytest.mark.parametrize("event_id", ["no_consent-p0-1", "stale-p0-1", "malformed-p0-1", "x"])
def test_an_event_that_is_not_meant_for_a_platform_is_foreign_there(event_id: str) -> None:
    requests = [*FINE.requests, request("tiktok", event_id=event_id)]
    assert f"tiktok got {event_id}, which is not meant for it" in problems(requests=requests)


def test_a_duplicate_needs_a_kill_or_a_broken_connection() -> None:
    twice = [*FINE.requests, request("tiktok", 101.0)]
    assert f"tiktok took {PURCHASE} twice, and nothing had happened" in problems(requests=twice)
    assert problems(requests=twice, kills=[Kill(at=100.5)]) == []
    broken = [request("pinterest"), request("tiktok", broken=True), request("tiktok", 101.0)]
    assert problems(requests=broken) == []


def test_a_kill_long_after_a_request_explains_no_duplicate() -> None:
    twice = [*FINE.requests, request("tiktok", 200.0)]
    assert problems(requests=twice, kills=[Kill(at=199.0)]) != []


def test_what_a_killed_relay_had_sent_may_be_read_after_it() -> None:
    twice = [*FINE.requests, request("tiktok", 102.0)]
    assert problems(requests=twice, kills=[Kill(at=99.9, back_at=100.5)]) == []
    assert problems(requests=twice, kills=[Kill(at=99.0, back_at=99.5)]) != []


def test_there_are_no_more_duplicates_than_events_in_flight() -> None:
    verdict = judge(
        replace(
            FINE,
            requests=[*FINE.requests, request("tiktok", 101.0)],
            kills=[Kill(at=9.0, back_at=9.5)],
        )
    )
    assert (verdict.duplicates, verdict.in_flight) == (1, 0)
    assert "1 duplicates, but only 0 events were in flight" in verdict.problems


def test_a_dead_letter_needs_an_answer_that_justifies_it() -> None:
    letters = {("tiktok", PURCHASE): ("platform_rejected", "40002")}
    throttled = [request("pinterest"), request("tiktok", fate="turned_away", code="40100")]
    [problem] = problems(requests=throttled, letters=letters, **ONE_DEAD)
    assert problem.startswith(f"{PURCHASE} is dead at tiktok as platform_rejected")
    refused = [request("pinterest"), request("tiktok", fate="refused", code="40002")]
    assert problems(requests=refused, letters=letters, **ONE_DEAD) == []


def test_a_status_alone_justifies_a_dead_letter_only_if_it_speaks_of_the_event() -> None:
    letters = {("tiktok", PURCHASE): ("platform_rejected", "")}
    for status, is_fine in ((413, True), (503, False)):
        gateway = request("tiktok", fate="turned_away", code="", status=status)
        requests = [request("pinterest"), gateway]
        assert (not problems(requests=requests, letters=letters, **ONE_DEAD)) == is_fine


def test_what_counts_as_delivered_must_have_been() -> None:
    found = problems(delivered={"pinterest": 2, "tiktok": 1})
    assert found == ["2 events count as delivered to pinterest, but 1 should be"]


def test_a_stale_event_has_to_be_dead_as_expired() -> None:
    letters = {("tiktok", "stale-p0-2"): ("platform_rejected", "")}
    found = problems(acknowledged={PURCHASE, "stale-p0-2"}, letters=letters)
    assert "stale-p0-2 should be expired at tiktok, but is ('platform_rejected', '')" in found


def test_a_stale_event_counts_as_dead_with_and_without_a_letter() -> None:
    acknowledged = {PURCHASE, "stale-p0-2"}
    one_each = {"pinterest": 1, "tiktok": 1}
    letters = {("tiktok", "stale-p0-2"): ("expired", "")}
    assert problems(acknowledged=acknowledged, letters=letters, dead=one_each) == []
    assert problems(acknowledged=acknowledged, letters=letters) == [
        "0 events count as dead at pinterest, but 1 should be",
        "0 events count as dead at tiktok, but 1 should be",
    ]


def test_an_id_that_was_never_posted_has_no_kind() -> None:
    assert kind_of("order-1") is None
