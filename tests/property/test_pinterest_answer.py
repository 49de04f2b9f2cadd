"""Whatever comes back from Pinterest's address, only a list that fits delivers anything."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.config import PinterestConfig
from relay.delivery import Answer, HttpResponse
from relay.destinations.pinterest import Pinterest
from relay.destinations.pinterest.answer_case import WARNINGS, warning_code
from tests.given.event.strategies import headers, json_values, texts

PINTEREST = Pinterest("pinterest-main", PinterestConfig(ad_account_id="549755885175"))
thorough = settings(max_examples=80)

messages = st.none() | texts
results = st.fixed_dictionaries(
    {"status": st.sampled_from(["processed", "failed", "queued"]) | json_values},
    optional={"error_message": messages | json_values, "warning_message": messages},
)
listings = st.fixed_dictionaries(
    {"events": st.lists(results, max_size=4) | json_values},
    optional={
        "num_events_received": st.integers(0, 4) | json_values,
        "num_events_processed": st.integers(0, 4) | json_values,
    },
)
errors = st.fixed_dictionaries(
    {"code": st.integers() | json_values},
    optional={"message": messages, "details": listings | json_values},
)
bodies = listings | errors | st.builds(dict[str, Any].__or__, errors, listings) | json_values
statuses = st.sampled_from([200, 207, 422]) | st.integers(100, 599)
counts = st.integers(1, 4)


@thorough
@given(statuses, headers, bodies, counts)
def test_an_event_is_delivered_only_if_its_own_line_says_processed(
    status: int, headers: dict[str, str], body: Any, count: int
) -> None:
    for at in delivered(answer_to(status, headers, body, count)):
        assert status in {200, 207, 422}
        assert any(said(part, at, count) for part in (body, details_of(body)))


def said(part: Any, at: int, count: int) -> bool:
    events = part.get("events") if isinstance(part, dict) else None
    return (
        isinstance(events, list) and len(events) == count and status_of(events[at]) == "processed"
    )


@thorough
@given(st.lists(st.sampled_from(["processed", "failed", "queued"]), min_size=1, max_size=6))
def test_each_event_gets_its_own_verdict_in_order(lines: list[str]) -> None:
    body = {
        "num_events_received": len(lines),
        "num_events_processed": lines.count("processed"),
        "events": [{"status": line} for line in lines],
    }
    outcomes = {"processed": "delivered", "failed": "invalid", "queued": "transient"}
    for said_in in (body, {"code": 4200, "details": body}):
        answer = answer_to(422, {}, said_in, len(lines))
        assert [verdict.outcome for verdict in answer.verdicts] == [
            outcomes[line] for line in lines
        ]


@thorough
@given(listings, counts)
def test_a_list_that_disagrees_with_its_counts_settles_nothing(body: Any, count: int) -> None:
    answer = answer_to(200, {}, {**body, "num_events_received": count + 1}, count)
    assert answer.kind in {"refused", "transient"}
    assert answer.kind == "transient" or count > 1


@thorough
@given(statuses, headers, bodies, counts)
def test_words_of_the_platform_are_bounded(
    status: int, headers: dict[str, str], body: Any, count: int
) -> None:
    answer = answer_to(status, headers, body, count)
    words = [answer.code, answer.message, answer.request_id]
    words += [text for verdict in answer.verdicts for text in (verdict.code, verdict.message)]
    assert max(map(len, words)) <= 1000


@thorough
@given(texts | st.sampled_from([part for part, _ in WARNINGS]).map("x {}; y".format))
def test_a_warning_is_one_of_a_few_codes(text: str) -> None:
    codes = {code for _, code in WARNINGS}
    assert warning_code(text) in codes | {"other", ""}
    assert bool(warning_code(text)) == bool(text.strip())


def answer_to(status: int, headers: dict[str, str], body: Any, count: int) -> Answer:
    return PINTEREST.answer(HttpResponse(status, headers, json.dumps(body).encode()), count)


def delivered(answer: Answer) -> set[int]:
    return {at for at, verdict in enumerate(answer.verdicts) if verdict.outcome == "delivered"}


def details_of(body: Any) -> Any:
    return body.get("details") if isinstance(body, dict) else None


def status_of(event: Any) -> Any:
    return event.get("status") if isinstance(event, dict) else None
