"""What a configured TikTok destination tells the dispatcher, and the request that it writes."""

import json
from typing import Any

import msgspec
import pytest

from relay.config import BaseUrl, Duration, TikTokConfig
from relay.conversion import App, Conversion
from relay.delivery import HttpResponse, Payload, Unusable
from relay.destinations.tiktok import CONFIG, TYPE, TikTok, build
from relay.event import ActionSource
from relay.identity import Identity

PIXEL = "C4K6A3Q2NE1S77JXXXXX"
DAY_S = 86_400


def test_discovery_finds_the_type_its_settings_and_its_maker() -> None:
    made = build("tiktok-main", config())
    assert TYPE == "tiktok"
    assert CONFIG is TikTokConfig
    assert (made.name, made.type, made.test) == ("tiktok-main", "tiktok", False)


def test_a_request_carries_the_events_in_order_under_one_envelope() -> None:
    destination = tiktok()
    request = destination.request([payload(destination, "a"), payload(destination, "b")], "s3cret")
    assert request.url == "https://business-api.tiktok.com/open_api/v1.3/event/track/"
    assert request.headers == {"Access-Token": "s3cret", "Content-Type": "application/json"}
    body = json.loads(request.body)
    assert (body["event_source"], body["event_source_id"]) == ("web", PIXEL)
    assert [event["event_id"] for event in body["data"]] == ["a", "b"]
    assert body.keys() == {"event_source", "event_source_id", "data"}


def test_a_test_code_stands_beside_the_events_never_inside() -> None:
    """Inside `data` TikTok ignores it, and the test would count as real."""
    destination = tiktok(test_event_code="TEST12345")
    body = json.loads(destination.request([payload(destination)], "s3cret").body)
    assert destination.test
    assert body["test_event_code"] == "TEST12345"
    assert "test_event_code" not in body["data"][0]


def test_ids_of_a_shop_cannot_break_out_of_the_envelope() -> None:
    destination = tiktok(pixel_code='X","data":[]}', test_event_code="\\")
    body = json.loads(destination.request([payload(destination)], "s3cret").body)
    assert (body["event_source_id"], body["test_event_code"]) == ('X","data":[]}', "\\")
    assert len(body["data"]) == 1


def test_event_sources_never_share_a_request() -> None:
    destination = tiktok(app_id="1", offline_event_set_id="2", crm_event_set_id="3")
    keys = {
        payload(destination, action_source="web").batch_key,
        payload(destination, action_source="app_ios", app=App("389801252")).batch_key,
        payload(destination, action_source="app_android", app=App("com.example")).batch_key,
        payload(destination, action_source="offline").batch_key,
        payload(destination, action_source="crm", lead_id="7").batch_key,
    }
    assert len(keys) == 4


def test_the_same_event_always_gives_the_same_bytes() -> None:
    assert payload(tiktok()) == payload(tiktok())


@pytest.mark.parametrize(
    ("max_batch", "rate", "events", "requests"),
    [(500, 50, 500, 50), (1000, 5, 1000, 5), (5000, 5000, 1000, 1000), (1, 0.5, 1, 0.5)],
)
def test_settings_move_within_what_tiktok_takes(
    max_batch: int, rate: float, events: int, requests: float
) -> None:
    limits = tiktok(max_batch=max_batch, rate=rate).limits
    assert (limits.max_events, limits.requests_per_s) == (events, requests)
    assert (limits.max_bytes, limits.deduplication_window_s) == (1_000_000, 48 * 3600)


def test_destinations_of_one_pixel_share_a_budget() -> None:
    other = build("tiktok-other", config(app_id="7"))
    assert tiktok().budget == other.budget
    assert tiktok().budget != tiktok(pixel_code="ANOTHER").budget
    assert tiktok().budget != tiktok(base_url=BaseUrl("http://127.0.0.1:9000")).budget
    assert tiktok(pixel_code=None, app_id="7").budget != tiktok(pixel_code=None).budget


@pytest.mark.parametrize(
    ("action_source", "days"),
    [("web", 7), ("app_ios", 7), ("app_android", 7), ("offline", 28), ("crm", 28)],
)
def test_the_age_wall_depends_on_the_event_source(action_source: ActionSource, days: int) -> None:
    conversion = changed(action_source=action_source)
    assert tiktok().max_age_s(conversion) == days * DAY_S
    assert tiktok(max_event_age=Duration("1h")).max_age_s(conversion) == 3600


def test_identifiers_go_by_the_keys_of_tiktok() -> None:
    identity = Identity(
        email_trimmed=("digest",), zip_compact="zip", city_plain="berlin", ip="8.8.8.8"
    )
    assert tiktok().identifiers(changed(identity=identity)) == {
        "email": ("digest",),
        "zip_code": "zip",
        "city": "berlin",
        "ip": "8.8.8.8",
    }


def test_every_named_identifier_is_a_key_of_tiktok() -> None:
    values = {
        field.name: ("digest",) if field.default == () else "digest"
        for field in msgspec.structs.fields(Identity)
        if field.name != "att_status"
    }
    identity = msgspec.structs.replace(Identity(), **values)
    web = tiktok().identifiers(changed(identity=identity)).keys()
    app = tiktok().identifiers(changed(identity=identity, action_source="app_android")).keys()
    assert set(tiktok().identifier_keys.values()) <= web | app


def test_half_of_a_surrogate_pair_makes_the_event_unusable() -> None:
    prepared = tiktok().prepare(changed(page_referrer="\ud800"))
    assert prepared == Unusable("invalid_event", "", "a text of this event is not valid Unicode")


@pytest.mark.parametrize(("characters", "kept"), [(1000, True), (1001, False)])
def test_a_click_id_is_sent_whole_or_not_at_all(characters: int, kept: bool) -> None:  # noqa: FBT001 - a table's column
    identity = Identity(email_trimmed=("digest",), ttclid="x" * characters)
    sent = tiktok().identifiers(changed(identity=identity))
    assert sent.get("ttclid") == ("x" * characters if kept else None)


def test_a_bottomless_answer_is_not_understood() -> None:
    depth = 100_000
    body = b'{"data":' + b"[" * depth + b"]" * depth + b',"code":0}'
    assert tiktok().answer(HttpResponse(200, {}, body), 1).kind == "transient"


def test_a_long_message_of_the_platform_is_cut() -> None:
    body = json.dumps({"code": 40105, "message": "x" * 5000}).encode()
    assert len(tiktok().answer(HttpResponse(200, {}, body), 1).message) == 1000


def config(**settings: Any) -> TikTokConfig:
    return TikTokConfig(**{"pixel_code": PIXEL, **settings})


def tiktok(**settings: Any) -> TikTok:
    return build("tiktok-main", config(**settings))


def changed(**changes: Any) -> Conversion:
    plain = Conversion(
        event="purchase",
        event_id="order-1",
        event_time=1_790_000_000,
        received_ms=1_790_000_001_000,
        action_source="web",
        identity=Identity(email_trimmed=("digest",)),
        page_url="https://shop.example/",
    )
    return msgspec.structs.replace(plain, **changes)


def payload(destination: TikTok, event_id: str = "order-1", **changes: Any) -> Payload:
    prepared = destination.prepare(changed(event_id=event_id, **changes))
    assert isinstance(prepared, Payload)
    return prepared
