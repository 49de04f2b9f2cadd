"""What a call of Segment's API becomes: names, money, ids, people, moments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.sources.segment.call import event_of, read_time
from relay.sources.unchecked_json import decoded

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ("type", "event", "properties", "context", "timestamp", "messageId", "userId")


def call(event: str = "Order Completed", **changes: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": event,
        "messageId": "m-1",
        "timestamp": "2026-01-31T11:59:00Z",
        **changes,
    }


def taken(sent_at: datetime | None = None, **changes: Any) -> dict[str, Any]:
    found = event_of(call(**changes), sent_at, NOW)
    assert found is not None
    return found


def properties(**given: Any) -> dict[str, Any]:
    return taken(properties=given)


def test_an_order_becomes_a_purchase_with_its_items() -> None:
    order = properties(
        order_id="4711",
        revenue=99.5,
        total=119.9,
        currency="EUR",
        products=[
            {"product_id": "p-1", "sku": "s-1", "name": "Lamp", "price": "49.75", "quantity": "2"},
            {"sku": "s-2", "brand": "Glow"},
            {"name": "without an id"},
        ],
    )
    assert order["event"] == "purchase"
    assert order["order"] == {
        "value": 99.5,
        "currency": "EUR",
        "order_id": "4711",
        "items": [
            {"id": "p-1", "name": "Lamp", "price": "49.75", "quantity": 2},
            {"id": "s-2", "brand": "Glow"},
        ],
    }


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"revenue": 10, "subtotal": 20, "value": 30, "total": 40}, 10),
        ({"revenue": 0, "subtotal": 20}, 0),
        ({"subtotal": "20.10", "discount": 0.1, "value": 30}, "20.00"),
        ({"subtotal": 20, "value": 30}, "20"),
        ({"subtotal": 5, "discount": 9}, "0"),
        ({"value": 30, "total": 40}, 30),
        ({"total": 40}, None),
        ({"subtotal": "many", "value": 3}, 3),
        ({"subtotal": "1e1000000", "value": 3}, "Infinity"),
        ({"subtotal": 5, "discount": "1e1000000"}, "0"),
    ],
)
def test_the_value_is_before_tax_and_shipping(given: dict[str, Any], value: object) -> None:
    assert properties(**given).get("order", {}).get("value") == value


def test_the_id_is_the_shops_own_if_it_gives_one_else_the_messages() -> None:
    assert properties(event_id="order-1")["event_id"] == "order-1"
    assert taken()["event_id"] == "m-1"


def test_a_product_event_holds_its_one_product() -> None:
    viewed = taken(event="Product Viewed", properties={"sku": "s-1", "name": "Lamp", "price": 5})
    assert viewed["event"] == "view_content"
    assert viewed["order"]["items"] == [{"id": "s-1", "name": "Lamp", "price": 5}]
    assert viewed["order"]["content_name"] == "Lamp"


def test_the_person_comes_from_the_user_id_and_the_traits() -> None:
    user = taken(
        userId=77,
        context={
            "ip": "203.0.113.7",
            "userAgent": "Mozilla/5.0",
            "locale": "de-DE",
            "traits": {
                "email": "jane@example.com",
                "phone": "+4930123456",
                "firstName": "Jane",
                "last_name": "Doe",
                "birthday": "1990-12-31",
                "address": {"city": "Berlin", "postalCode": "10115", "country": "DE"},
            },
        },
    )["user"]
    assert user == {
        "external_id": "77",
        "email": "jane@example.com",
        "phone": "+4930123456",
        "first_name": "Jane",
        "last_name": "Doe",
        "birth_date": "1990-12-31",
        "city": "Berlin",
        "zip": "10115",
        "country": "DE",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "locale": "de-DE",
    }


def test_click_ids_are_read_from_the_address_of_the_page() -> None:
    address = "https://shop.example/thanks?epik=e1&ttclid=t1"
    found = taken(context={"page": {"url": address, "referrer": "https://a.example/"}})
    assert found["user"] == {"epik": "e1", "ttclid": "t1"}
    assert found["page"] == {"url": address, "referrer": "https://a.example/"}


def test_an_email_address_in_the_place_of_a_click_id_is_none() -> None:
    address = "https://shop.example/thanks?epik=jane%40example.com&ttclid=t1"
    assert taken(context={"page": {"url": address}})["user"] == {"ttclid": "t1"}


def test_an_event_of_an_app_says_which() -> None:
    context = {
        "app": {"namespace": "com.example.shop", "version": "2.1"},
        "device": {"type": "android", "advertisingId": "ad-1"},
    }
    found = taken(context=context)
    assert (found["action_source"], found["app"]["id"]) == ("app_android", "com.example.shop")
    assert found["user"]["mobile_ad_id"] == "ad-1"
    context["device"]["adTrackingEnabled"] = False  # type: ignore[assignment]  # JSON
    assert "mobile_ad_id" not in taken(context=context)["user"]


def test_consent_that_was_refused_for_advertising_is_refused_here() -> None:
    for answer in (True, False):
        preferences = {"Advertising": answer, "Functional": True}
        found = taken(context={"consent": {"categoryPreferences": preferences}})
        assert found["consent"] == {"advertising": answer}
    assert "consent" not in taken()


def test_a_clock_that_is_wrong_is_corrected_by_the_moment_of_sending() -> None:
    sent_at = NOW + timedelta(hours=2)
    found = taken(sent_at=sent_at, timestamp="2026-01-31T13:59:00+00:00")
    assert found["event_time"] == "2026-01-31T11:59:00+00:00"
    assert taken(sent_at=NOW - timedelta(seconds=5))["event_time"] == "2026-01-31T11:59:00+00:00"


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_clock_beyond_the_calendar_is_no_clock(year: str) -> None:
    """The clients repeat what is answered 5xx for ever."""
    for sent_at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        found = taken(sent_at=sent_at, timestamp=f"{year}-01-01T00:00:00Z")
        assert read_time(found["event_time"]) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "identify"},
        {"type": "group"},
        {"type": "alias"},
        {"type": "screen"},
        {"type": 5},
        {"event": "Button Clicked"},
        {"event": "Order Refunded"},
        {"event": None},
    ],
)
def test_what_is_no_conversion_is_passed_over(changes: dict[str, Any]) -> None:
    assert event_of({**call(), **changes}, None, NOW) is None


def test_a_page_call_is_a_page_view() -> None:
    assert taken(type="page", event=None)["event"] == "page_view"


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)),
    st.sampled_from(FIELDS),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_nothing_that_a_client_sends_breaks_the_translation(
    given_call: dict[str, Any], spared: str, sent_at: datetime | None
) -> None:
    odd = {**call(), **given_call, spared: call().get(spared)}
    found = event_of(odd, sent_at, NOW)
    if found is not None:
        msgspec.json.encode(found)


def test_a_byte_order_mark_before_a_body_is_ignored() -> None:
    assert decoded(b'\xef\xbb\xbf{"type":"track"}') == {"type": "track"}


def test_what_a_batch_says_of_all_its_calls_fills_in_what_a_call_does_not_say() -> None:
    shared = {"ip": "203.0.113.7", "locale": "de-DE"}
    found = event_of(call(context={"locale": "fr-FR"}), None, NOW, shared)
    assert found is not None
    assert found["user"] == {"ip": "203.0.113.7", "locale": "fr-FR"}
