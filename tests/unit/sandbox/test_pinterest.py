"""Pinterest's emulator is as strict as Pinterest's documents."""

from typing import Any

import msgspec
import pytest

from relay.sandbox.platform import Call
from tests.unit.sandbox.sender import (
    ADDRESS,
    DIGEST,
    NOW_S,
    Clock,
    answered,
    pinterest,
    pinterest_call,
    pinterest_event,
)

DAY_S = 86_400


def test_a_good_event_is_processed_without_a_word() -> None:
    answer = answered(pinterest(), pinterest_call(pinterest_event()))
    assert (answer.status, answer.fates) == (200, ["accepted"])
    assert answer.body == {
        "num_events_received": 1,
        "num_events_processed": 1,
        "events": [{"status": "processed", "error_message": "", "warning_message": ""}],
    }
    assert answer.notes == [[]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"foo": 1}, "Additional properties are not allowed ('foo' was unexpected)"),
        ({"event_id": 1001}, "1001 is not of type 'string'"),
        ({"event_time": "now"}, "'now' is not of type 'integer'"),
        ({"event_time": 1.5}, "1.5 is not of type 'integer'"),
        ({"opt_out": "no"}, "'no' is not of type 'boolean'"),
        ({"user_data": {"em": DIGEST}}, f"'{DIGEST}' is not of type 'array'"),
        ({"user_data": {"em": [1]}}, "1 is not of type 'string'"),
        ({"custom_data": {"value": 72.39}}, "72.39 is not of type 'string'"),
        ({"custom_data": {"predicted_ltv": 9}}, "9 is not of type 'string'"),
        ({"custom_data": {"num_items": "3"}}, "'3' is not of type 'integer'"),
        ({"custom_data": {"content_ids": [7]}}, "7 is not of type 'string'"),
        ({"custom_data": {"contents": [{"item_price": 3}]}}, "3 is not of type 'string'"),
        (
            {"custom_data": {"contents": [{"sku": "a"}]}},
            "Additional properties are not allowed ('sku' was unexpected)",
        ),
        (
            {"custom_data": {"category_name": "lamps"}},
            "Additional properties are not allowed ('category_name' was unexpected)",
        ),
        (
            {"app_info": {"app_idd": "1"}},
            "Additional properties are not allowed ('app_idd' was unexpected)",
        ),
        ({"app_info": {"app_id": "a" * 201}}, "is out of range: 'app_id' must be <= 200"),
        ({"device_info": {"battery_level": 101}}, "101 is out of range: 'battery_level' must be"),
        ({"device_info": {"os_family": "Windows"}}, "'Windows' is not one of the allowed values"),
    ],
)
def test_a_wrong_shape_anywhere_refuses_the_whole_request_without_an_index(
    changes: dict[str, Any], message: str
) -> None:
    call = pinterest_call(pinterest_event("good"), pinterest_event("bad", **changes))
    answer = answered(pinterest(), call)
    assert (answer.status, answer.body["code"]) == (400, 4196)
    assert answer.body["message"].startswith("Invalid request: ")
    assert message in answer.body["message"]
    assert answer.body.keys() == {"code", "message"}
    assert answer.fates == ["turned_away", "refused"]


@pytest.mark.parametrize(
    "key", ["event_name", "action_source", "event_time", "event_id", "user_data"]
)
def test_a_required_key_that_is_missing_refuses_the_request(key: str) -> None:
    answer = answered(pinterest(), pinterest_call(pinterest_event(**{key: None})))
    assert answer.status == 400
    assert answer.body["message"] == f"Invalid request: '{key}' is a required property"


@pytest.mark.parametrize(
    "event",
    [
        pinterest_event() | {"opt_out": None},
        pinterest_event() | {"event_id": None},
        pinterest_event(user_data={"em": None}),
        pinterest_event(user_data={"em": [DIGEST], "client_user_agent": None}),
        pinterest_event(custom_data={"num_items": None}),
        pinterest_event(custom_data={"content_ids": None}),
    ],
)
def test_null_is_refused_where_the_schema_does_not_allow_it(event: dict[str, Any]) -> None:
    assert answered(pinterest(), pinterest_call(event)).status == 400


def test_null_is_taken_where_the_schema_allows_it() -> None:
    event = pinterest_event(custom_data={"value": None, "currency": None}) | {"language": None}
    assert answered(pinterest(), pinterest_call(event)).fates == ["accepted"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"data":[]}', "'data' must be >= 1"),
        (b"{}", "'data' is a required property"),
        (b'{"data":[{}],"test_event_code":"x"}', "('test_event_code' was unexpected)"),
        (b"[]", "[] is not of type 'object'"),
        (b'{"data":[', "the body is not valid JSON"),
        (b"\xff", "the body is not valid JSON"),
        (b'{"data":' + b"[" * 100_000, "the body is not valid JSON"),
    ],
)
def test_a_body_that_is_no_list_of_events_is_refused(body: bytes, message: str) -> None:
    answer = answered(pinterest(), pinterest_call(body=body))
    assert answer.status == 400
    assert message in answer.body["message"]


def test_a_request_takes_a_thousand_events_and_not_one_more() -> None:
    events = [pinterest_event(f"order-{number}") for number in range(1_001)]
    assert answered(pinterest(), pinterest_call(*events[:1_000])).status == 200
    too_many = answered(pinterest(), pinterest_call(*events))
    assert too_many.status == 400
    assert too_many.fates == ["refused"] * 1_001


@pytest.mark.parametrize(
    ("changes", "message", "path"),
    [
        (
            {"user_data": {"em": ["jane@example.com"]}},
            "'em' is not in sha256 hashed format.",
            "user_data.em",
        ),
        (
            {"user_data": {"em": [DIGEST.upper()]}},
            "'em' is not in sha256 hashed format.",
            "user_data.em",
        ),
        (
            {"user_data": {"em": [DIGEST], "ph": [""]}},
            "'ph' is not in sha256 hashed format.",
            "user_data.ph",
        ),
        ({"user_data": {"ph": [DIGEST]}}, "user_data needs em", "user_data"),
        ({"user_data": {"em": []}}, "user_data needs em", "user_data"),
        ({"user_data": {"client_ip_address": "203.0.113.7"}}, "user_data needs em", "user_data"),
        (
            {"user_data": ADDRESS | {"client_ip_address": "0.0.0.0"}},  # noqa: S104 - refused
            "Invalid client_ip_address",
            "user_data.client_ip_address",
        ),
        ({"event_time": NOW_S + 1}, "event_time is in the future", "event_time"),
        ({"event_time": NOW_S * 1_000}, "event_time is in the future", "event_time"),
        ({"event_time": NOW_S - 7 * DAY_S - 1}, "older than 7 days", "event_time"),
        ({"action_source": "website"}, "Invalid action_source: website", "action_source"),
        ({"event_name": "Order Completed"}, "Invalid event_name: Order Completed", "event_name"),
        ({"event_name": "x" * 101}, "Invalid event_name", "event_name"),
        ({"event_id": ""}, "event_id must not be empty", "event_id"),
        ({"custom_data": {"value": "12,50"}}, "Invalid value", "custom_data.value"),
        ({"custom_data": {"value": "NaN"}}, "Invalid value", "custom_data.value"),
        ({"custom_data": {"value": "9" * 200_000 + "x"}}, "Invalid value", "custom_data.value"),
        ({"custom_data": {"predicted_ltv": "much"}}, "Invalid pred", "custom_data.predicted_ltv"),
        (
            {"custom_data": {"contents": [{"item_price": "1"}, {"item_price": "€1"}]}},
            "Invalid item_price",
            "custom_data.contents.1.item_price",
        ),
    ],
)
def test_an_event_of_the_right_shape_is_refused_alone(
    changes: dict[str, Any], message: str, path: str
) -> None:
    call = pinterest_call(pinterest_event("bad", **changes), pinterest_event("good"))
    answer = answered(pinterest(), call)
    assert answer.body["events"][0]["status"] == "failed"
    assert message in answer.body["events"][0]["error_message"]
    assert answer.body["events"][1]["status"] == "processed"
    assert (answer.fates, answer.paths[0]) == (["refused", "accepted"], path)


@pytest.mark.parametrize(
    "user_data",
    [{"em": [DIGEST]}, {"hashed_maids": [DIGEST]}, ADDRESS, {"em": [DIGEST], "anything": {"a": 1}}],
)
def test_each_minimum_of_identifiers_is_enough(user_data: dict[str, Any]) -> None:
    answer = answered(pinterest(), pinterest_call(pinterest_event(user_data=user_data)))
    assert answer.fates == ["accepted"]


def test_the_oldest_and_the_newest_event_that_pinterest_takes() -> None:
    events = [pinterest_event(event_time=NOW_S), pinterest_event(event_time=NOW_S - 7 * DAY_S)]
    assert answered(pinterest(), pinterest_call(*events)).fates == ["accepted", "accepted"]


def test_missing_match_keys_are_a_warning_not_a_refusal() -> None:
    event = pinterest_event(user_data={"em": [DIGEST]})
    result = answered(pinterest(), pinterest_call(event)).body["events"][0]
    assert result["status"] == "processed"
    assert result["warning_message"] == "external_id is missing; click_id is missing"


def test_an_unknown_event_name_is_processed_with_a_warning() -> None:
    call = pinterest_call(pinterest_event(event_name="gift_wrapped"))
    answer = answered(pinterest(), call)
    assert answer.fates == ["accepted"]
    assert "labelled 'Unknown'" in answer.body["events"][0]["warning_message"]


@pytest.mark.parametrize(
    ("style", "status", "where"),
    [
        ({"pinterest_mixed": 200}, 200, "top"),
        ({"pinterest_mixed": 422, "pinterest_place": "top"}, 422, "top"),
        ({"pinterest_mixed": 422, "pinterest_place": "details"}, 422, "details"),
    ],
)
def test_a_mixed_batch_comes_back_in_each_style_that_is_known(
    style: dict[str, Any], status: int, where: str
) -> None:
    call = pinterest_call(pinterest_event("bad"), pinterest_event("good"))
    answer = answered(pinterest(**style), call, lambda event_id: event_id == "bad")
    results = answer.body["details"] if where == "details" else answer.body
    assert answer.status == status
    assert (results["num_events_received"], results["num_events_processed"]) == (2, 1)
    assert [result["status"] for result in results["events"]] == ["failed", "processed"]
    assert ("code" in answer.body) == (status == 422)


@pytest.mark.parametrize("status", [200, 422])
def test_a_batch_of_which_nothing_was_taken_can_be_200_or_422(status: int) -> None:
    platform = pinterest(pinterest_failed=status)
    answer = answered(platform, pinterest_call(pinterest_event()), lambda _: True)
    assert (answer.status, answer.fates) == (status, ["refused"])


@pytest.mark.parametrize(
    ("blank", "expected"),
    [
        ("empty", {"status": "processed", "error_message": "", "warning_message": ""}),
        ("null", {"status": "processed", "error_message": None, "warning_message": None}),
        ("absent", {"status": "processed"}),
    ],
)
def test_texts_that_are_not_there_come_in_three_ways(blank: str, expected: object) -> None:
    answer = answered(pinterest(pinterest_blank=blank), pinterest_call(pinterest_event()))
    assert answer.body["events"] == [expected]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"token": None}, 401, 2),
        ({"token": "pina_token"}, 401, 2),
        ({"token": "Bearer "}, 401, 2),
        ({"token": "Bearer pina_tok\nen"}, 401, 2),
        ({"token": "Bearer pina_bad"}, 401, 2),
        ({"token": "Bearer pina_expired"}, 401, 2),
        ({"token": "Bearer pina_unscoped"}, 401, 3),
        ({"token": "Bearer pina_forbidden"}, 403, 29),
        ({"account": "404000000000"}, 404, 2),
        ({"account": "my-shop"}, 400, 4196),
        ({"account": "1" * 19}, 400, 4196),
        ({"body": None}, 413, 0),
        ({"content_encoding": "gzip"}, 415, 0),
        ({"content_type": "text/plain"}, 400, 4196),
    ],
)
def test_who_may_not_write_is_told_so_before_any_event_is_looked_at(
    changes: dict[str, Any], status: int, code: int
) -> None:
    answer = answered(pinterest(), pinterest_call(pinterest_event(foo=1), **changes))
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "accepted" not in answer.fates


def test_every_answer_says_how_much_of_the_rate_is_left() -> None:
    answer = answered(pinterest(), pinterest_call(pinterest_event()))
    assert answer.headers["X-RateLimit-Limit"].startswith("5000, 5000;w=60;name=")
    assert answer.headers["X-RateLimit-Remaining"] == "4999"
    assert answer.headers["X-RateLimit-Reset"] == "60"


def test_the_rate_is_counted_per_account_and_window() -> None:
    clock = Clock()
    platform = pinterest(clock, pinterest_requests_per_minute=1)
    assert answered(platform, pinterest_call(pinterest_event())).status == 200
    clock.now_s += 20
    throttled = answered(platform, pinterest_call(pinterest_event()))
    assert (throttled.status, throttled.body["code"]) == (429, 8)
    assert throttled.headers["X-RateLimit-Remaining"] == "0"
    assert throttled.headers["X-RateLimit-Reset"] == "40"
    assert throttled.fates == ["turned_away"]
    other = pinterest_call(pinterest_event(), account="549755885176")
    assert answered(platform, other).status == 200
    clock.now_s += 40
    assert answered(platform, pinterest_call(pinterest_event())).status == 200


def test_test_mode_processes_twenty_events_and_passes_over_the_rest() -> None:
    events = [pinterest_event(f"order-{number}") for number in range(21)]
    answer = answered(pinterest(), in_test_mode(pinterest_call(*events)))
    assert (answer.body["num_events_received"], answer.body["num_events_processed"]) == (21, 20)
    assert len(answer.body["events"]) == 20
    assert answer.fates == ["accepted"] * 20 + ["turned_away"]


def test_test_mode_takes_ten_requests_a_second() -> None:
    platform = pinterest()
    call = in_test_mode(pinterest_call(pinterest_event()))
    assert [answered(platform, call).status for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"user_data": {"em": [DIGEST], "phone": "1"}}, "user_data.phone is not a key"),
        ({"user_data": {"em": ["jane@example.com"]}}, "user_data.em is not hashed"),
        ({"user_data": {"em": [DIGEST.upper()]}}, "user_data.em is a digest in upper case"),
        (
            {
                "user_data": {
                    "em": ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
                }
            },
            "user_data.em is the digest of an empty text",
        ),
        ({"user_data": ADDRESS | {"client_ip_address": "10.0.0.7"}}, "is not public"),
        ({"user_data": ADDRESS | {"client_ip_address": "::ffff:127.0.0.1"}}, "is not public"),
        ({"user_data": {"em": [DIGEST], "customer_type": "old"}}, "neither new nor returning"),
        ({"custom_data": {"value": "1"}}, "custom_data.value has no currency"),
        ({"custom_data": {"value": "1", "currency": "eur"}}, "not an upper-case ISO 4217 code"),
        ({"custom_data": {"value": "0", "currency": "EUR"}}, "custom_data.value is not above zero"),
        ({"event_id": "e" * 257}, "event_id is longer than 256"),
        ({"language": "en-US"}, "language is not a two-letter"),
        ({"partner_name": "Relay"}, "partner_name is neither"),
        ({"opt_out": True}, "opt_out is true"),
    ],
)
def test_what_pinterest_takes_in_silence_is_noted(changes: dict[str, Any], note: str) -> None:
    answer = answered(pinterest(), pinterest_call(pinterest_event(**changes)))
    assert any(note in text for text in answer.notes[0]), answer.notes
    assert not any("jane@example.com" in text for text in answer.notes[0])


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"token": "Bearer other_token"}, "pina_"),
        ({"query": {"is_test": "TRUE"}}, "?test=true"),
        ({"query": {"access_token": "pina_secret"}}, "ends up in logs"),
    ],
)
def test_oddities_of_a_request_are_noted(changes: dict[str, Any], note: str) -> None:
    notes = pinterest().read(pinterest_call(pinterest_event(), **changes)).notes
    assert any(note in text for text in notes)
    assert "secret" not in "".join(notes)


def in_test_mode(call: Call) -> Call:
    return msgspec.structs.replace(call, query={"test": "true"})
