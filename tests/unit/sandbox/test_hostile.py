"""Whatever is sent, the emulator answers: it never raises, and its answer can be read."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relay.sandbox.platform import Platform
from tests.unit.sandbox.sender import (
    answered,
    pinterest,
    pinterest_call,
    pinterest_event,
    tiktok,
    tiktok_call,
    tiktok_event,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["10.0.0.7", "::", "1_0", "1e999", "٣", "nan", "a" * 64])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@st.composite
def spoilt(draw: st.DrawFn, event: dict[str, Any]) -> Any:
    """Draw an event with one value, at any depth, replaced by anything."""
    document = json.loads(json.dumps(event))
    place = document
    while True:
        key = draw(st.sampled_from(sorted(place)) | st.text(max_size=8))
        if not isinstance(place.get(key), dict) or draw(st.booleans()):
            place[key] = draw(values)
            return document
        place = place[key]


@given(st.binary(min_size=1, max_size=200))
def test_a_body_of_any_bytes_is_answered(body: bytes) -> None:
    assert answered(pinterest(), pinterest_call(body=body)).status == 400
    assert answered(tiktok(), tiktok_call(body=body)).body["code"] == 40002


@given(spoilt(pinterest_event()))
def test_pinterest_answers_any_event(event: Any) -> None:
    check_answer(pinterest(), pinterest_call(event, pinterest_event("good")))


@given(spoilt(tiktok_event()), st.sampled_from(["web", "app", "offline", "crm"]))
def test_tiktok_answers_any_event(event: Any, source: str) -> None:
    envelope = {"event_source": source}
    check_answer(tiktok(), tiktok_call(event, tiktok_event("good"), envelope=envelope))


@given(values)
def test_any_list_of_events_is_answered(data: Any) -> None:
    body = json.dumps({"data": data}).encode()
    check_answer(pinterest(), pinterest_call(body=body), count=None)
    envelope = {"event_source": "web", "event_source_id": "C", "data": data}
    check_answer(tiktok(), tiktok_call(body=json.dumps(envelope).encode()), count=None)


def check_answer(platform: Platform, call: Any, count: int | None = 2) -> None:
    answer = answered(platform, call)
    assert isinstance(answer.body, dict)
    assert count is None or len(answer.fates) == count
    if "accepted" in answer.fates:
        assert answer.status in {200, 422}
