"""Whatever comes back from TikTok's address, nothing raises and nothing unsaid is delivered."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relay.config import TikTokConfig
from relay.delivery import Answer, HttpResponse
from relay.destinations.tiktok import TikTok
from tests.given.event.strategies import json_values, responses

TIKTOK = TikTok("tiktok-main", TikTokConfig(pixel_code="C4K6A3Q2NE1S77JXXXXX"))
TAKEN = {0, 20001, 40050}

codes = st.sampled_from([*TAKEN, 40002, 40100, 40105, 50000]) | st.integers() | json_values
failures = st.lists(
    st.fixed_dictionaries({"order_in_batch": st.integers(-1, 8), "error": json_values})
    | json_values,
    max_size=4,
)
replies = st.fixed_dictionaries(
    {},
    optional={
        "code": codes,
        "message": json_values | st.sampled_from(["data.0.x", "data.99.x", "event_source_id"]),
        "request_id": json_values,
        "data": json_values
        | st.fixed_dictionaries({}, optional={"failed_events": failures | json_values}),
    },
)
bodies = st.binary(max_size=200) | (replies | json_values).map(
    lambda body: json.dumps(body).encode()
)
answers = responses(bodies)


@given(answers, st.integers(1, 6))
def test_an_answer_fits_its_request_and_says_what_to_do(response: HttpResponse, count: int) -> None:
    answer = TIKTOK.answer(response, count)
    assert len(answer.verdicts) == (count if answer.kind == "settled" else 0)
    assert all(0 <= culprit < count for culprit in answer.culprits)
    assert answer.wait_s is None or 0 <= answer.wait_s <= 86_400
    assert answer.pause is not None or answer.kind != "misconfigured"
    assert answer.http_status == response.status


@given(answers, st.integers(1, 6))
def test_nothing_is_delivered_without_a_code_that_says_so(
    response: HttpResponse, count: int
) -> None:
    if delivered(TIKTOK.answer(response, count)):
        code = json.loads(response.body)["code"]
        assert type(code) is int
        assert code in TAKEN


@given(st.integers(1, 6), failures)
def test_an_event_listed_as_failed_is_never_delivered(count: int, listed: list[Any]) -> None:
    body = json.dumps({"code": 20001, "data": {"failed_events": listed}}).encode()
    answer = TIKTOK.answer(HttpResponse(200, {}, body), count)
    failed = {item.get("order_in_batch") for item in listed if isinstance(item, dict)}
    assert not delivered(answer) & {position for position in failed if type(position) is int}


def delivered(answer: Answer) -> set[int]:
    return {at for at, verdict in enumerate(answer.verdicts) if verdict.outcome == "delivered"}
