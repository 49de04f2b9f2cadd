"""What Shopify's webhooks become; the payloads follow its public description."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    whole = "http://www.example.com?source=abc"
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
    assert "t0k3n" not in msgspec.json.encode(found).decode()


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
