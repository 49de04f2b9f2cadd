"""What Shopify's webhooks become; the payloads follow its public description."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.event import MAX_ITEMS
from relay.sources.shopify.order import TOPICS, event_of
from tests.given.event.shopify_payload import CHECKOUT, CUSTOMER, DOMAIN, ORDER

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def purchase(**changes: Any) -> dict[str, Any]:
    found = event_of("orders/paid", {**ORDER, **changes}, DOMAIN)
    assert found is not None
    return found


def test_an_order_created_and_paid_is_one_purchase() -> None:
    assert purchase() == event_of("orders/create", ORDER, DOMAIN)
    assert (purchase()["event"], purchase()["event_id"]) == ("purchase", "820982911946154508")


def test_its_value_is_what_is_left_before_tax_and_shipping() -> None:
    assert purchase()["order"]["value"] == "398.00"
    assert purchase()["order"]["currency"] == "USD"
    refunded = purchase(current_subtotal_price="199.00", order_id="#9999")["order"]
    assert (refunded["value"], refunded["order_id"]) == ("199.00", "820982911946154508")
    old = purchase(current_subtotal_price=None, subtotal_price="597.00")
    assert old["order"]["value"] == "597.00"


def test_it_happened_when_it_was_processed_else_made() -> None:
    assert purchase()["event_time"] == "2026-01-31T06:58:00-05:00"
    assert purchase(processed_at=None)["event_time"] == "2026-01-31T06:59:00-05:00"


def test_a_line_is_its_product_with_what_is_left_of_it() -> None:
    whole = {"id": "632910392", "name": "Lamp", "brand": "Glow", "price": "199.00", "quantity": 2}
    assert purchase()["order"]["items"] == [whole]
    [line] = ORDER["line_items"]
    partly = [
        {**line, "product_id": None, "title": None, "name": "Lamp - red", "current_quantity": 1},
        {"sku": "LAMP-1", "quantity": 3},
        {"sku": "LAMP-2", "quantity": 2, "current_quantity": None},
    ]
    assert purchase(line_items=partly)["order"]["items"] == [
        {**whole, "id": "808950810", "name": "Lamp - red", "quantity": 1},
        {"id": "LAMP-1", "quantity": 3},
        {"id": "LAMP-2", "quantity": 2},
    ]


@pytest.mark.parametrize(
    "line",
    [
        {"product_id": 9, "current_quantity": 0, "price": "1.00"},
        {"product_id": None, "variant_id": None, "sku": "", "current_quantity": 1},
    ],
    ids=["taken off", "made up by hand"],
)
def test_lines_that_were_taken_off_or_have_no_id_are_left_out(line: dict[str, Any]) -> None:
    lines = [*ORDER["line_items"], line]
    assert [item["id"] for item in purchase(line_items=lines)["order"]["items"]] == ["632910392"]


def test_the_person_the_browser_and_the_clicks_come_from_the_order() -> None:
    assert purchase()["user"] == {
        "email": "jon@example.com",
        "phone": "+15142546011",
        "external_id": "115310627314723954",
        "first_name": "John",
        "last_name": "Smith",
        "city": "Chicago",
        "state": "IL",
        "zip": "60601",
        "country": "US",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0 (Macintosh)",
        "locale": "en-US",
        "ttclid": "tt-1",
        "epik": "dj0yJnU9",
    }


@pytest.mark.parametrize("topic", ["orders/paid", "checkouts/create"])
def test_an_order_of_more_lines_than_an_event_takes_loses_no_more_than_lines(topic: str) -> None:
    [line] = ORDER["line_items"]
    lines = [{**line, "product_id": number} for number in range(1, 502)]
    found = event_of(topic, {**ORDER, "line_items": lines}, DOMAIN)
    assert found is not None
    assert len(found["order"]["items"]) == MAX_ITEMS
    assert found["order"]["num_items"] == 2 * 501


WITHOUT: dict[str, Any] = dict.fromkeys(
    (
        *("email", "phone", "customer", "billing_address", "browser_ip", "client_details"),
        *("customer_locale", "landing_site", "note_attributes"),
    )
)
"""What an order says of the person, left out."""


@pytest.mark.parametrize(
    ("said", "user"),
    [
        ({"contact_email": "a"}, {"email": "a"}),
        ({"customer": {"email": "a", "phone": "b"}}, {"email": "a", "phone": "b"}),
        ({"shipping_address": {"phone": "b", "zip": "c"}}, {"phone": "b", "zip": "c"}),
        ({"customer": {"default_address": {"city": "d"}}}, {"city": "d"}),
        ({"billing_address": {"first_name": "e"}}, {"first_name": "e"}),
        ({"billing_address": {"last_name": "f"}}, {"last_name": "f"}),
        ({"billing_address": {"province": "g", "country": "h"}}, {"state": "g", "country": "h"}),
        ({"client_details": {"browser_ip": "i"}}, {"ip": "i"}),
        (
            {"billing_address": {}, "shipping_address": {"city": "j"}, "customer": {"id": 7}},
            {"city": "j", "external_id": "7"},
        ),
    ],
)
def test_what_an_order_leaves_open_is_looked_for_elsewhere_in_it(
    said: dict[str, Any], user: dict[str, Any]
) -> None:
    assert purchase(**WITHOUT | said)["user"] == user


def test_of_several_addresses_that_of_the_bill_counts() -> None:
    customer = {"customer": {"first_name": "k", "default_address": {"city": "l"}}}
    addresses = {"billing_address": {"city": "m"}, "shipping_address": {"city": "n"}}
    user = purchase(**WITHOUT | addresses | customer)["user"]
    assert user == {"first_name": "k", "city": "m"}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("epik", "epik"),
        ("_epik", "epik"),
        ("ttclid", "ttclid"),
        ("ttp", "ttp"),
        ("_ttp", "ttp"),
    ],
)
def test_click_ids_are_in_the_landing_page_or_in_what_the_theme_noted(
    name: str, field: str
) -> None:
    noted = purchase(**WITHOUT | {"note_attributes": [{"name": name, "value": "noted"}]})
    assert noted["user"] == {field: "noted"}
    landed = purchase(**WITHOUT | {"landing_site": f"/?{name}=landed"})
    assert landed["user"] == {field: "landed"}


def test_what_the_theme_noted_is_newer_than_the_landing_page() -> None:
    noted = [{"name": "ttclid", "value": "noted"}, {"name": "gift", "value": "yes"}, {"name": "x"}]
    changes = {"landing_site": "/?ttclid=landed", "note_attributes": noted}
    assert purchase(**WITHOUT | changes)["user"] == {"ttclid": "noted"}


def test_an_email_address_in_the_place_of_a_click_id_is_none() -> None:
    user = purchase(landing_site="/?ttclid=jane@example.com&_ttp=cookie")["user"]
    assert "ttclid" not in user
    assert user["ttp"] == "cookie"


def test_the_page_is_where_the_visit_began_and_never_the_status_page_with_its_key() -> None:
    assert purchase()["page"] == {
        "url": f"https://{DOMAIN}/products/lamp?ttclid=tt-1",
        "referrer": "https://www.tiktok.com/",
    }
    assert purchase(landing_site=None)["page"]["url"] == f"https://{DOMAIN}/"
    assert purchase(landing_site="lamp")["page"]["url"] == f"https://{DOMAIN}/lamp"
    for whole in ("http://www.example.com?source=abc", "https://www.example.com/lamp"):
        assert purchase(landing_site=whole)["page"]["url"] == whole
    assert "k3y" not in msgspec.json.encode(purchase()).decode()


def test_a_sale_at_the_till_is_offline() -> None:
    assert purchase(source_name="pos")["action_source"] == "offline"
    assert "action_source" not in purchase()


def test_a_new_customer_is_a_signup() -> None:
    found = event_of("customers/create", CUSTOMER, DOMAIN)
    assert found is not None
    assert (found["event"], found["event_id"]) == ("signup", "customer-706405506930370000")
    assert found["user"]["email"] == "bob@example.com"
    assert found["user"]["external_id"] == "706405506930370000"


def test_a_checkout_is_a_checkout_that_was_begun() -> None:
    found = event_of("checkouts/create", CHECKOUT, DOMAIN)
    assert found is not None
    assert (found["event"], found["event_id"]) == ("initiate_checkout", "checkout-981820079255243")
    assert found["order"]["value"] == "398.00"
    assert found["order"]["currency"] == "USD"
    assert [item["id"] for item in found["order"]["items"]] == ["632910392"]
    assert "t0k3n" not in msgspec.json.encode(found).decode()
    abroad = {**CHECKOUT, "currency": None, "presentment_currency": "EUR"}
    found = event_of("checkouts/create", abroad, DOMAIN)
    assert found is not None
    assert found["order"]["currency"] == "EUR"


@pytest.mark.parametrize("topic", ["customers/create", "checkouts/create"])
def test_what_has_no_id_is_given_none(topic: str) -> None:
    """Else all of them would be one event."""
    found = event_of(topic, {**CHECKOUT, "id": None}, DOMAIN)
    assert found is not None
    assert "event_id" not in found


@pytest.mark.parametrize(
    ("topic", "changes"),
    [("orders/updated", {}), ("products/create", {}), ("", {}), ("orders/paid", {"test": True})],
)
def test_other_topics_and_test_orders_are_passed_over(topic: str, changes: dict[str, Any]) -> None:
    assert event_of(topic, {**ORDER, **changes}, DOMAIN) is None


@given(
    st.sampled_from(sorted(TOPICS)),
    st.dictionaries(st.sampled_from(sorted(ORDER)), JSON, max_size=6),
)
def test_nothing_in_a_payload_breaks_the_translation(topic: str, odd: dict[str, Any]) -> None:
    found = event_of(topic, {**ORDER, **odd}, DOMAIN)
    if found is not None:
        msgspec.json.encode(found)
