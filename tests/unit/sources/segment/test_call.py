"""What a call of Segment's API becomes: names, money, ids, people, moments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.event import MAX_ITEMS
from relay.sources.segment.call import event_of, read_time
from relay.sources.unchecked_json import MAX_ROWS, decoded

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
    assert taken(messageId=None, message_id="m-2")["event_id"] == "m-2"


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("order_id", "4711", "order_id"),
        ("orderId", 4711, "order_id"),
        ("query", "lamps", "search_string"),
        ("category", "light", "content_category"),
    ],
)
def test_an_order_keeps_what_a_platform_can_use(name: str, value: object, field: str) -> None:
    assert properties(**{name: value})["order"] == {field: str(value)}


def test_a_product_event_holds_its_one_product() -> None:
    viewed = taken(event="Product Viewed", properties={"sku": "s-1", "name": "Lamp", "price": 5})
    assert viewed["event"] == "view_content"
    assert viewed["order"]["items"] == [{"id": "s-1", "name": "Lamp", "price": 5}]
    assert viewed["order"]["content_name"] == "Lamp"


@pytest.mark.parametrize(("count", "units"), [(MAX_ITEMS, None), (MAX_ITEMS + 1, MAX_ITEMS + 3)])
def test_an_order_of_more_lines_than_an_event_takes_loses_no_more_than_lines(
    count: int, units: int | None
) -> None:
    products = [{"sku": f"s-{number}"} for number in range(count)]
    order = properties(products=[*products[:-1], {**products[-1], "quantity": 3}])["order"]
    assert [item["id"] for item in order["items"]] == [f"s-{at}" for at in range(MAX_ITEMS)]
    assert order.get("num_items") == units


def test_of_a_body_full_of_lines_no_more_are_read_than_take_a_moment() -> None:
    order = properties(products=[{"sku": "s"}] * (MAX_ROWS + 5))["order"]
    assert order["num_items"] == MAX_ROWS


def test_an_order_with_lines_is_no_line_of_its_own() -> None:
    order = properties(sku="s-1", products=[{"productId": "p-1", "category": "light"}])["order"]
    assert order["items"] == [{"id": "p-1", "category": "light"}]
    assert "items" not in properties(products=[{"name": "Lamp"}], currency="EUR")["order"]


@pytest.mark.parametrize("products", [["p-1", None, {"sku": "s-1"}, [{"sku": "s-2"}]], "p-1", {}])
def test_what_is_no_line_is_left_out(products: object) -> None:
    items = properties(products=products, sku="s-1")["order"]["items"]
    assert items == [{"id": "s-1"}]


def test_only_the_name_of_a_page_or_product_is_one() -> None:
    """That of an order's properties may be anything, such as a coupon's."""
    assert taken(type="page", properties={"name": "Home"})["order"]["content_name"] == "Home"
    assert "order" not in properties(name="Autumn sale")


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


def user_of(place: str, name: str) -> dict[str, Any]:
    """Return the user of a call that says a single thing of the person, in one of its places."""
    said: dict[str, Any] = {name: "said"}
    for part in reversed(place.split(".")):
        said = {part: said}
    user: dict[str, Any] = taken(**said["call"])["user"]
    return user


@pytest.mark.parametrize(
    ("field", "place", "names"),
    [
        ("external_id", "call", ("userId", "user_id")),
        ("email", "call.context.traits", ("email",)),
        ("email", "call.properties", ("email",)),
        ("phone", "call.context.traits", ("phone",)),
        ("phone", "call.properties", ("phone",)),
        ("first_name", "call.context.traits", ("firstName", "first_name", "firstname")),
        ("last_name", "call.context.traits", ("lastName", "last_name", "lastname")),
        ("gender", "call.context.traits", ("gender",)),
        ("birth_date", "call.context.traits", ("birthday", "dateOfBirth")),
        ("city", "call.context.traits", ("city",)),
        ("city", "call.context.traits.address", ("city",)),
        ("state", "call.context.traits", ("state",)),
        ("state", "call.context.traits.address", ("state",)),
        ("zip", "call.context.traits", ("zip",)),
        ("zip", "call.context.traits.address", ("postalCode", "postal_code", "zip")),
        ("country", "call.context.traits", ("country",)),
        ("country", "call.context.traits.address", ("country",)),
        ("ip", "call.context", ("ip",)),
        ("user_agent", "call.context", ("userAgent", "user_agent")),
        ("locale", "call.context", ("locale",)),
        ("mobile_ad_id", "call.context.device", ("advertisingId", "advertising_id")),
        ("epik", "call.properties", ("epik", "_epik")),
        ("ttclid", "call.properties", ("ttclid",)),
        ("ttp", "call.properties", ("ttp", "_ttp")),
    ],
)
def test_each_client_names_what_it_says_of_the_person_in_its_own_way(
    field: str, place: str, names: tuple[str, ...]
) -> None:
    for name in names:
        assert user_of(place, name) == {field: "said"}


def test_what_a_shop_reads_from_its_cookies_goes_before_the_address() -> None:
    context = {"page": {"url": "https://shop.example/thanks?epik=old&ttclid=old"}}
    found = taken(context=context, properties={"epik": "e1", "ttclid": "t1"})
    assert found["user"] == {"epik": "e1", "ttclid": "t1"}


def test_click_ids_are_read_from_the_address_of_the_page() -> None:
    address = "https://shop.example/thanks?epik=e1&ttclid=t1"
    found = taken(context={"page": {"url": address, "referrer": "https://a.example/"}})
    assert found["user"] == {"epik": "e1", "ttclid": "t1"}
    assert found["page"] == {"url": address, "referrer": "https://a.example/"}


def test_the_page_is_what_the_call_says_else_its_context() -> None:
    one, other = "https://shop.example/a", "https://shop.example/b"
    both = {"url": other, "referrer": other}
    assert taken(properties={"url": one, "referrer": one}, context={"page": both})["page"] == {
        "url": one,
        "referrer": one,
    }
    assert taken(context={"page": both})["page"] == both
    assert taken(context={"page_url": one})["page"] == {"url": one}


def test_an_email_address_in_the_place_of_a_click_id_is_none() -> None:
    address = "https://shop.example/thanks?epik=jane%40example.com&ttclid=t1"
    assert taken(context={"page": {"url": address}})["user"] == {"ttclid": "t1"}


def test_an_event_of_an_app_says_which() -> None:
    context = {
        "app": {"namespace": "com.example.shop", "version": "2.1"},
        "device": {"type": "android", "advertisingId": "ad-1"},
    }
    found = taken(context=context)
    assert found["action_source"] == "app_android"
    assert found["app"] == {"id": "com.example.shop", "version": "2.1"}
    assert found["user"]["mobile_ad_id"] == "ad-1"
    context["device"]["adTrackingEnabled"] = False  # type: ignore[assignment]  # JSON
    assert "mobile_ad_id" not in taken(context=context)["user"]


def test_an_app_is_known_by_its_device_or_its_system() -> None:
    app = {"namespace": "com.example.shop", "name": "Lamp shop"}
    found = taken(context={"app": app, "os": {"name": "iOS"}})
    assert (found["action_source"], found["app"]["name"]) == ("app_ios", "Lamp shop")
    assert "action_source" not in taken(context={"app": app, "os": {"name": "Windows"}})


def test_a_browser_on_a_phone_is_no_app() -> None:
    """Clients in browsers name the system, too."""
    found = taken(context={"os": {"name": "iOS"}, "app": {"version": "2.1"}})
    assert not {"action_source", "app"} & found.keys()


def test_consent_that_was_refused_for_advertising_is_refused_here() -> None:
    for answer in (True, False):
        preferences = {"Advertising": answer, "Functional": True}
        found = taken(context={"consent": {"categoryPreferences": preferences}})
        assert found["consent"] == {"advertising": answer}
    assert "consent" not in taken()


@pytest.mark.parametrize("category", ["Advertising", "MARKETING", "targeting", "C0004"])
def test_a_single_refusal_outweighs_every_other_answer(category: str) -> None:
    preferences = {"advertising": True, "Functional": True, category: False}
    found = taken(context={"consent": {"categoryPreferences": preferences}})
    assert found["consent"] == {"advertising": False}


@pytest.mark.parametrize("preferences", [{"Functional": False}, {"Advertising": "yes"}, {}, None])
def test_what_is_no_answer_about_advertising_is_none(preferences: object) -> None:
    assert "consent" not in taken(context={"consent": {"categoryPreferences": preferences}})


def test_a_clock_that_is_wrong_is_corrected_by_the_moment_of_sending() -> None:
    sent_at = NOW + timedelta(hours=2)
    found = taken(sent_at=sent_at, timestamp="2026-01-31T13:59:00+00:00")
    assert found["event_time"] == "2026-01-31T11:59:00+00:00"
    assert taken(sent_at=NOW - timedelta(seconds=5))["event_time"] == "2026-01-31T11:59:00+00:00"


def test_without_a_moment_of_sending_nothing_lies_ahead_of_us() -> None:
    """Intake would refuse it, and the client not send it again."""
    assert taken(timestamp="2026-01-31T13:59:00Z")["event_time"] == "2026-01-31T12:00:01+00:00"
    assert taken(timestamp="2026-01-31T12:00:00.5Z")["event_time"] == (
        "2026-01-31T12:00:00.500000+00:00"
    )


@pytest.mark.parametrize("said", ["", "soon", 1769860740, None])
def test_a_moment_that_cannot_be_read_is_that_of_the_call_else_ours(said: object) -> None:
    found = taken(timestamp=said, originalTimestamp="2026-01-31T11:58:00")
    assert found["event_time"] == "2026-01-31T11:58:00+00:00"
    assert taken(timestamp=said)["event_time"] == NOW.isoformat()


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
