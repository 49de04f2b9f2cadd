"""What a configured Pinterest destination tells the dispatcher, and the request that it writes."""

import json
from typing import Any

import pytest

from relay.config import PinterestConfig
from relay.conversion import Conversion, Item, Order
from relay.delivery import Payload, Unusable
from relay.destinations.pinterest import CONFIG, TYPE, Pinterest, build
from relay.event import ActionSource
from relay.identity import Identity

DIGEST = "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"
DAY_S = 86_400
ADDRESS = "https://api.pinterest.com/v5/ad_accounts/549755885175/events"


def test_discovery_finds_the_type_its_settings_and_its_maker() -> None:
    made = build("pinterest-main", config())
    assert TYPE == "pinterest"
    assert CONFIG is PinterestConfig
    assert (made.name, made.type, made.test) == ("pinterest-main", "pinterest", False)


def test_a_request_carries_the_events_in_order_and_nothing_else() -> None:
    request = pinterest().request([payload(event_id="a"), payload(event_id="b")], "pina_s3cret")
    assert request.url == ADDRESS
    assert request.headers == {
        "Authorization": "Bearer pina_s3cret",
        "Content-Type": "application/json",
    }
    body = json.loads(request.body)
    assert body.keys() == {"data"}
    assert [event["event_id"] for event in body["data"]] == ["a", "b"]


def test_test_mode_is_said_in_the_address() -> None:
    destination = pinterest(test=True)
    assert destination.test
    assert destination.request([payload()], "t").url == f"{ADDRESS}?test=true"


def test_an_account_id_cannot_break_out_of_its_place() -> None:
    destination = pinterest(ad_account_id="1/../2?test=true#")
    url = destination.request([payload()], "t").url
    assert url.endswith("/v5/ad_accounts/1%2F..%2F2%3Ftest%3Dtrue%23/events")


def test_a_base_url_may_end_in_a_slash() -> None:
    destination = pinterest(base_url="http://127.0.0.1:9000/")
    url = destination.request([payload()], "t").url
    assert url == "http://127.0.0.1:9000/v5/ad_accounts/549755885175/events"


def test_test_mode_takes_fewer_and_smaller_requests() -> None:
    """Of a longer test request Pinterest ignores the rest in silence."""
    limits = pinterest(test=True, max_batch=1000, rate=80.0).limits
    assert (limits.max_events, limits.requests_per_s) == (20, 10.0)


def test_limits_without_settings() -> None:
    limits = pinterest().limits
    assert (limits.max_events, limits.max_bytes) == (1000, 2_000_000)
    assert (limits.requests_per_s, limits.deduplication_window_s) == (80.0, 48 * 3600)


def test_test_and_real_traffic_of_an_account_share_a_budget() -> None:
    assert pinterest().budget == pinterest(test=True).budget
    assert pinterest().budget != pinterest(ad_account_id="549755885176").budget


@pytest.mark.parametrize(("setting", "age_s"), [(None, 7 * DAY_S), (3600.0, 3600), (1e6, 1e6)])
def test_the_age_wall_is_the_shops_to_move(setting: float | None, age_s: float) -> None:
    """Pinterest publishes none."""
    assert pinterest(max_event_age=setting).max_age_s(conversion()) == age_s


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("web", "online"),
        ("app_ios", "online"),
        ("app_android", "online"),
        ("offline", "offline"),
        ("crm", "offline"),
    ],
)
def test_offline_events_travel_apart(source: ActionSource, key: str) -> None:
    """They are never deduplicated, so a repeated request of theirs must stay small."""
    assert payload(action_source=source).batch_key == key


def test_a_payload_names_the_event_as_pinterest_does() -> None:
    assert payload().event == "checkout"


def test_identifiers_are_what_pinterest_gets_of_the_person() -> None:
    person = Identity(
        email_compact=(DIGEST,), phone_e164=(DIGEST,), zip_digits=DIGEST, locale="de-DE", ttp="x"
    )
    assert pinterest().identifiers(conversion(identity=person)) == {
        "em": (DIGEST,),
        "zp": (DIGEST,),
        "language": "de",
    }


def test_half_of_a_surrogate_pair_is_dead_on_arrival() -> None:
    broken = conversion(order=Order(order_id="\ud83d"))
    assert pinterest().prepare(broken) == Unusable(
        "invalid_event", "", "a text of this event is not valid Unicode"
    )


def test_a_huge_event_keeps_its_value_and_loses_its_items() -> None:
    """It would crowd a thousand others out of their request."""
    order = Order(
        order_id="1001",
        content_name="x" * 8000,
        num_items=200,
        items=tuple(Item(f"sku-{at}", "y" * 8000) for at in range(200)),
    )
    long_url = "https://shop.example/" + "z" * 8000
    huge = payload(order=order, page_url=long_url)
    sent = json.loads(huge.body)
    assert len(huge.body) < 1000
    assert sent["custom_data"] == {"num_items": 200, "order_id": "1001"}
    assert "event_source_url" not in sent


def test_a_long_order_is_no_huge_event() -> None:
    order = Order(items=tuple(Item(f"sku-{at}", "A reading lamp") for at in range(200)))
    assert len(json.loads(payload(order=order).body)["custom_data"]["contents"]) == 200


def config(**settings: Any) -> PinterestConfig:
    return PinterestConfig(
        **{"ad_account_id": "549755885175", "token": "env:PINTEREST_TOKEN", **settings}
    )


def pinterest(**settings: Any) -> Pinterest:
    return build("pinterest-main", config(**settings))


def payload(**fields: Any) -> Payload:
    prepared = pinterest().prepare(conversion(**fields))
    assert isinstance(prepared, Payload)
    return prepared


def conversion(**fields: Any) -> Conversion:
    return Conversion(
        **{
            "event": "purchase",
            "event_id": "order-1",
            "event_time": 1_790_000_000,
            "received_ms": 1_790_000_001_000,
            "action_source": "web",
            "identity": Identity(email_compact=(DIGEST,)),
            **fields,
        }
    )
