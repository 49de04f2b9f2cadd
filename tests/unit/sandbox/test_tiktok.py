"""TikTok's emulator is as strict as TikTok's documents, and tells what TikTok would not."""

from typing import Any

import pytest

from tests.unit.sandbox.sender import (
    DIGEST,
    NOW_S,
    PIXEL,
    Clock,
    answered,
    tiktok,
    tiktok_call,
    tiktok_event,
)

DAY_S = 86_400


def test_a_good_event_is_taken_with_code_0() -> None:
    answer = answered(tiktok(), tiktok_call(tiktok_event()))
    assert (answer.status, answer.body["code"], answer.body["message"]) == (200, 0, "OK")
    assert answer.body.keys() == {"code", "message", "request_id", "data"}
    assert (answer.fates, answer.notes) == (["accepted"], [[]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event_id": 1001}, "data.1.event_id: not a valid string."),
        ({"event_time": "now"}, "data.1.event_time: not a valid integer."),
        ({"event_time": None}, "data.1.event_time: missing data for required field."),
        ({"event": None}, "data.1.event: missing data for required field."),
        ({"event": ""}, "data.1.event: missing data for required field."),
        ({"user": {"email": 7}}, "data.1.user.email: not a valid string."),
        ({"user": {"email": [7]}}, "data.1.user.email.0: not a valid string."),
        ({"user": {"first_name": [DIGEST]}}, "data.1.user.first_name: not a valid string."),
        ({"user": {"att_status": "YES"}}, "data.1.user.att_status: not a valid choice."),
        ({"user": "jane"}, "data.1.user: not a valid object."),
        ({"properties": {"value": "72.39"}}, "data.1.properties.value: not a valid number."),
        ({"properties": {"content_ids": "a"}}, "data.1.properties.content_ids: not a valid list."),
        ({"properties": {"content_type": "sku"}}, "data.1.properties.content_type: not a valid c"),
        (
            {"properties": {"contents": [{"content_id": "1"}, {"content_id": 2}]}},
            "data.1.properties.contents.1.content_id: not a valid string.",
        ),
        (
            {"properties": {"contents": [{"price": "14.99"}]}},
            "data.1.properties.contents.0.price: not a valid number.",
        ),
        (
            {"properties": {"contents": [{"quantity": 1.5}]}},
            "data.1.properties.contents.0.quantity: not a valid integer.",
        ),
        ({"limited_data_use": "no"}, "data.1.limited_data_use: not a valid boolean."),
        ({"page": None}, "data.1.page.url: missing data for required field."),
        ({"page": {"referrer": "https://a.example"}}, "data.1.page.url: missing data"),
        ({"user": {"locale": "en-US"}}, "data.1.user: missing data for required field."),
        ({"limited_data_use": True}, "data.1.user.ip: a public IP address is required"),
    ],
)
def test_one_bad_event_sinks_the_request_and_is_named(
    changes: dict[str, Any], message: str
) -> None:
    call = tiktok_call(tiktok_event("good"), tiktok_event("bad", **changes), tiktok_event("b"))
    answer = answered(tiktok(), call)
    assert (answer.status, answer.body["code"]) == (200, 40002)
    assert answer.body["message"].startswith(f"Invalid value for {message}")
    assert answer.fates == ["turned_away", "refused", "turned_away"]


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("data", "Invalid value for data.1.event_id: not a valid string."),
        ("batch", "Batch.1.event_id: Not a valid string."),
        ("none", "Invalid value for event_id: not a valid string."),
    ],
)
def test_the_bad_event_is_named_in_each_way_that_is_known(style: str, message: str) -> None:
    call = tiktok_call(tiktok_event("good"), tiktok_event("bad", event_id=7))
    assert answered(tiktok(tiktok_index=style), call).body["message"] == message


def test_only_the_first_of_two_bad_events_is_named() -> None:
    call = tiktok_call(tiktok_event(event_id=1), tiktok_event(event_id=2))
    answer = answered(tiktok(), call)
    assert "data.0.event_id" in answer.body["message"]
    assert answer.fates == ["refused", "turned_away"]


def test_a_culprit_is_refused_like_any_bad_event() -> None:
    call = tiktok_call(tiktok_event("good"), tiktok_event("poison"))
    answer = answered(tiktok(), call, lambda event_id: event_id == "poison")
    assert answer.body["message"].startswith("Invalid value for data.1.event_id")
    assert (answer.fates, answer.paths) == (["turned_away", "refused"], ["", "event_id"])


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        ({"data": []}, "Invalid value for data: batch size must be >= 1."),
        ({"event_source_id": 1}, "Invalid value for event_source_id: not a valid string."),
        ({"event_source_id": ""}, "Invalid value for event_source_id"),
        ({"event_source": "WEB"}, "Invalid value for event_source: not a valid choice."),
        ({"test_event_code": 1}, "Invalid value for test_event_code: not a valid string."),
        ({"data": {}}, "Invalid value for data: not a valid list."),
    ],
)
def test_a_fault_beside_the_events_names_its_key(envelope: dict[str, Any], message: str) -> None:
    answer = answered(tiktok(), tiktok_call(tiktok_event(), envelope=envelope))
    assert answer.body["code"] == 40002
    assert answer.body["message"].startswith(message)
    assert "accepted" not in answer.fates


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"data":' + b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_a_parameter_error(body: bytes) -> None:
    answer = answered(tiktok(), tiktok_call(body=body or b" "))
    assert (answer.status, answer.body["code"]) == (200, 40002)


def test_a_request_takes_a_thousand_events_and_not_one_more() -> None:
    events = [tiktok_event(f"order-{number}") for number in range(1_001)]
    assert answered(tiktok(), tiktok_call(*events[:1_000])).body["code"] == 0
    too_many = answered(tiktok(), tiktok_call(*events))
    assert too_many.body["message"] == "Invalid value for data: batch size must be <= 1000."
    assert too_many.fates == ["refused"] * 1_001


@pytest.mark.parametrize(
    ("source", "changes", "path"),
    [
        ("app", {}, "app.app_id"),
        ("crm", {}, "lead.lead_id"),
        ("offline", {"event": "GiftWrapped"}, "event"),
        ("offline", {"user": {"ttclid": "E.C.P.abc"}}, "user"),
    ],
)
def test_each_source_has_something_that_it_needs(
    source: str, changes: dict[str, Any], path: str
) -> None:
    call = tiktok_call(tiktok_event(**changes), envelope={"event_source": source})
    answer = answered(tiktok(), call)
    assert (answer.body["code"], answer.paths) == (40002, [path])


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("app", {"app": {"app_id": "com.shop"}, "page": None}),
        ("crm", {"lead": {"lead_id": "7"}, "page": None, "event": "Qualified"}),
        ("offline", {"page": None}),
        ("web", {"limited_data_use": True, "user": {"ip": "203.0.113.7", "email": DIGEST}}),
    ],
)
def test_each_source_is_content_with_what_it_needs(source: str, changes: dict[str, Any]) -> None:
    call = tiktok_call(tiktok_event(**changes), envelope={"event_source": source})
    assert answered(tiktok(), call).fates == ["accepted"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"token": None}, 401, 40104),
        ({"token": ""}, 401, 40104),
        ({"token": "Bearer a1b2c3"}, 200, 40105),
        ({"token": "a1b2c3\n"}, 200, 40105),
        ({"token": "bad"}, 200, 40105),
        ({"token": "revoked-1"}, 200, 40105),
        ({"token": "expired-1"}, 200, 40102),
        ({"token": "forbidden"}, 200, 40001),
        ({"token": "unscoped"}, 200, 40125),
        ({"content_type": "text/plain"}, 200, 40000),
        ({"envelope": {"event_source_id": "UNKNOWN1"}}, 200, 40007),
    ],
)
def test_who_may_not_write_learns_it_from_the_code(
    changes: dict[str, Any], status: int, code: int
) -> None:
    answer = answered(tiktok(), tiktok_call(tiktok_event(), **changes))
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "accepted" not in answer.fates


@pytest.mark.parametrize(
    ("changes", "status"), [({"body": None}, 413), ({"content_encoding": "gzip"}, 415)]
)
def test_a_gateway_answers_in_html(changes: dict[str, Any], status: int) -> None:
    answer = answered(tiktok(), tiktok_call(**changes))
    assert answer.status == status
    assert answer.body.startswith("<html>")


def test_too_many_requests_are_40100_with_http_401_until_the_window_ends() -> None:
    clock = Clock()
    platform = tiktok(clock, tiktok_requests_per_s=1)
    codes = [answered(platform, tiktok_call(tiktok_event())).body["code"] for _ in range(2)]
    assert codes == [0, 40100]
    assert answered(platform, tiktok_call(tiktok_event())).status == 401
    clock.now_s += 1
    assert answered(platform, tiktok_call(tiktok_event())).body["code"] == 0


def test_request_ids_differ_and_begin_with_the_time() -> None:
    platform = tiktok()
    ids = [answered(platform, tiktok_call(tiktok_event())).body["request_id"] for _ in range(2)]
    assert ids[0] != ids[1]
    assert all(request_id.startswith("20260921") for request_id in ids)


def test_a_test_event_code_is_seen_beside_the_events_only() -> None:
    call = tiktok_call(tiktok_event(), envelope={"test_event_code": "TEST1"})
    assert tiktok().read(call).test
    inside = tiktok().read(tiktok_call(tiktok_event(test_event_code="TEST1")))
    assert not inside.test
    assert "test_event_code beside event_source" in inside.findings[0].notes[0]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"timestamp": "2026"}, "timestamp is not a key of this platform: ignored; use event_time"),
        ({"user": {"email": DIGEST, "ttclidX": "1"}}, "user.ttclidX is not a key"),
        ({"user": {"email": DIGEST, "phone_number": "1"}}, "user.phone_number is not a key of"),
        ({"page": {"url": "https://a.example", "title": "x"}}, "page.title is not a key"),
        ({"properties": {"value": 1, "currency": "EUR", "sku": 1}}, "properties.sku is not a key"),
        ({"properties": {"contents": [{"sku": "1"}]}}, "properties.contents.0.sku is not a key"),
        ({"user": {"email": "jane@example.com"}}, "user.email is not hashed"),
        ({"user": {"phone": [DIGEST, "+1"]}}, "user.phone is not hashed"),
        ({"user": {"external_id": "42"}}, "user.external_id is not hashed"),
        ({"user": {"email": DIGEST, "last_name": "Doe"}}, "user.last_name is not hashed"),
        ({"user": {"email": DIGEST.upper()}}, "user.email is a digest in upper case"),
        (
            {"user": {"email": "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"}},
            "user.email is the digest of the word null",
        ),
        ({"user": {"email": DIGEST, "city": DIGEST}}, "user.city is hashed; TikTok reads it plain"),
        ({"user": {"ip": "10.0.0.7", "user_agent": "x"}}, "user.ip is not public"),
        ({"user": {"ip": "home", "user_agent": "x"}}, "user.ip is no IP address"),
        ({"user": {"ip": "203.0.113.7"}}, "user.ip has no user_agent"),
        ({"user": {"ttclid": "x" * 1_001}}, "user.ttclid is longer"),
        ({"event": "purchase"}, "event is spelt Purchase"),
        ({"event": "CompletePayment"}, "renamed to Purchase"),
        ({"event": "Pageview"}, "custom name"),
        ({"event_time": NOW_S * 1_000}, "event_time is in milliseconds"),
        ({"event_time": NOW_S + 61}, "event_time is in the future"),
        ({"event_time": NOW_S - 7 * DAY_S - 1}, "event_time is older than 7 days"),
        ({"event_id": None}, "event_id is missing"),
        ({"properties": None}, "properties.value is missing on a purchase"),
        ({"properties": {"value": 1}}, "properties.value has no currency"),
        ({"properties": {"value": 1, "currency": "AZN"}}, "not on TikTok's list"),
        (
            {"properties": {"value": 1, "currency": "EUR", "contents": [{"content_id": "a"}]}},
            "contents without content_ids",
        ),
    ],
)
def test_a_mistake_that_tiktok_takes_with_code_0_is_noted(
    changes: dict[str, Any], note: str
) -> None:
    answer = answered(tiktok(), tiktok_call(tiktok_event(**changes)))
    assert answer.body["code"] == 0
    assert any(note in text for text in answer.notes[0]), answer.notes
    assert not any("jane@example.com" in text for text in answer.notes[0])


def test_limited_data_use_is_noted_where_it_does_not_belong() -> None:
    event = tiktok_event(limited_data_use=True, event_time=NOW_S - 20 * DAY_S)
    answer = answered(tiktok(), tiktok_call(event, envelope={"event_source": "offline"}))
    assert answer.notes == [["limited_data_use is for web and app events"]]


@pytest.mark.parametrize(
    ("envelope", "note"),
    [
        ({"pixel_code": PIXEL}, "pixel_code is not a key of this platform: ignored; use event_s"),
        ({"partner_name": "Relay"}, "partner_name is for TikTok's partners"),
        ({"event_source_id": "7000000000000000001"}, "the pixel code is needed"),
    ],
)
def test_oddities_of_a_request_are_noted(envelope: dict[str, Any], note: str) -> None:
    reading = tiktok().read(tiktok_call(tiktok_event(), envelope=envelope))
    assert any(note in text for text in reading.notes)


def test_travel_and_vehicle_properties_are_known() -> None:
    properties = {"value": 1, "currency": "EUR", "checkin_date": "20261224", "vin": "1"}
    answer = answered(tiktok(), tiktok_call(tiktok_event(properties=properties)))
    assert answer.notes == [[]]
