"""A decoded event becomes the hashed one: what is copied, what is defaulted, what is refused."""

import hashlib
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from relay.conversion import App, Conversion, Item, Order
from relay.event import InboundEvent
from relay.identity.user import IdentityWarning
from relay.intake.convert import convert
from relay.intake.problem import Unusable
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import event


def converted(country: str | None = None, **changes: Any) -> Conversion:
    return both(country, **changes)[0]


def both(country: str | None, **changes: Any) -> tuple[Conversion, list[IdentityWarning]]:
    inbound = msgspec.convert(event(**changes), InboundEvent)
    return convert(inbound, source="http", now_s=NOW_S + 0.5, default_country=country)


def problem_of(**changes: Any) -> tuple[str, str]:
    with pytest.raises(Unusable) as caught:
        converted(**changes)
    return caught.value.problem.code, caught.value.problem.path


def test_a_small_event_gets_the_defaults() -> None:
    found = converted()

    assert (found.event, found.event_id, found.event_time) == ("purchase", "order-1", NOW_S)
    assert found.received_ms == NOW_S * 1000 + 500
    assert (found.action_source, found.source) == ("web", "http")
    assert found.identity.email_trimmed == (hashlib.sha256(b"jane@example.com").hexdigest(),)
    assert (found.order, found.page_url, found.app, found.lead_id) == (None, None, None, None)
    assert (found.advertising_consent, found.limited_data_use) == (None, False)


def test_everything_that_is_kept_is_kept() -> None:
    found = converted(
        event="Order Completed",
        action_source="app_ios",
        order={
            "value": "12.50",
            "currency": "eur",
            "order_id": 1001,
            "search_string": "lamp",
            "content_name": "Lamp",
            "content_category": "Lamps",
            "description": "a lamp",
            "num_items": 3,
            "predicted_ltv": -1,
            "items": [
                {"id": 7, "name": "Lamp", "category": "Lamps", "brand": "Lux", "quantity": 2},
                {"id": "b", "price": -1.5},
            ],
        },
        page={"url": "https://shop.example/?e=a@b.de", "referrer": "https://b.example/"},
        app={"id": 997122577, "name": "Shop", "version": "1.2"},
        lead={"id": 42},
        consent={"advertising": True, "limited_data_use": True},
        custom={"a": 1, "b": None},
    )

    assert found.event == "purchase"
    assert found.order == Order(
        Decimal("12.50"),
        "EUR",
        "1001",
        "lamp",
        "Lamp",
        "Lamps",
        "a lamp",
        3,
        Decimal(-1),
        (Item("7", "Lamp", "Lamps", "Lux", None, 2), Item("b", price=Decimal("-1.5"))),
    )
    assert (found.page_url, found.page_referrer) == (
        "https://shop.example/?e=",
        "https://b.example/",
    )
    assert found.app == App("997122577", "Shop", "1.2")
    assert (found.lead_id, found.advertising_consent, found.limited_data_use) == ("42", True, True)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        *(("jane@example.com", None), ("order of jane @ example.com", None), ("a%40b.de", None)),
        *(("mail: jane@example.com", "mail:"), ("lamp @home", "lamp @home"), (None, None)),
    ],
)
def test_an_address_that_somebody_typed_into_the_search_is_not_kept(
    sent: str | None, kept: str | None
) -> None:
    """The address of the page of results holds it as well, and loses it there."""
    found = converted(event="search", order={"search_string": sent, "description": sent}).order
    assert found is not None
    assert (found.search_string, found.description) == (kept, kept)


@pytest.mark.parametrize(
    ("sent", "kept"), [(" Order-1 ", " Order-1 "), (17, "17"), (-1, "-1"), (10**255, str(10**255))]
)
def test_an_event_id_is_its_text_never_trimmed(sent: str | int, kept: str) -> None:
    assert converted(event_id=sent).event_id == kept


def test_the_number_of_items_is_the_sum_of_quantities_unless_it_is_said() -> None:
    items = [{"id": "a", "quantity": 2}, {"id": "b"}, {"id": "c", "quantity": 0}]

    assert converted(order={"items": items}).order == Order(
        num_items=3, items=(Item("a", quantity=2), Item("b"), Item("c", quantity=0))
    )
    said = converted(order={"items": items, "num_items": 9}).order
    assert said is not None
    assert said.num_items == 9
    none = converted(order={"items": []}).order
    assert none is not None
    assert none.num_items is None


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"event_time": NOW_S + 100}, "future", "event_time"),
        ({"event_id": 10**256}, "out_of_range", "event_id"),
        ({"user": {}}, "no_identifier", "user"),
        ({"user": {"email": "no address", "gender": "f"}}, "no_identifier", "user"),
        ({"user": {"email": ["", None]}}, "no_identifier", "user"),
        ({"order": {"value": -1}}, "out_of_range", "order.value"),
        ({"order": {"value": "1"}}, "missing", "order.currency"),
        ({"order": {"value": 0.0}}, "missing", "order.currency"),
        ({"order": {"currency": "EURO"}}, "invalid_value", "order.currency"),
        ({"order": {"value": "12,50"}}, "invalid_value", "order.value"),
        ({"order": {"predicted_ltv": "NaN"}}, "invalid_value", "order.predicted_ltv"),
        (
            {"order": {"items": [{"id": "a"}, {"id": "b", "price": 1e15}]}},
            "out_of_range",
            "order.items[1].price",
        ),
        ({"action_source": "app_ios"}, "missing", "app"),
        ({"action_source": "app_android", "app": None}, "missing", "app"),
        ({"action_source": "crm"}, "missing", "lead.id"),
        ({"action_source": "crm", "lead": {}}, "missing", "lead.id"),
        ({"action_source": "crm", "lead": {"id": None}}, "missing", "lead.id"),
    ],
)
def test_what_the_shape_alone_does_not_show_is_checked(
    changes: dict[str, Any], code: str, path: str
) -> None:
    assert problem_of(**changes) == (code, path)


@pytest.mark.parametrize("lead", [{}, {"id": None}])
def test_only_an_event_of_a_crm_needs_its_lead(lead: dict[str, None]) -> None:
    assert converted(lead=lead).lead_id is None


def test_only_a_purchase_needs_the_currency_of_its_value() -> None:
    found = converted(event="add_to_cart", order={"value": "1"})

    assert found.order == Order(Decimal(1))


def test_a_national_number_takes_its_country_from_the_user_else_from_the_settings() -> None:
    user = {"phone": "(206) 555-0100"}
    expected = hashlib.sha256(b"+12065550100").hexdigest()

    assert converted(user=user).identity.phone_e164 == ()
    assert converted("US", user=user).identity.phone_e164 == (expected,)
    assert converted("DE", user=user | {"country": "US"}).identity.phone_e164 == (expected,)


def test_an_identifier_that_is_left_out_is_warned_about() -> None:
    _, warnings = both(None, user={"email": ["jane@example.com", "null"], "phone": "n/a"})

    assert {warning.path for warning in warnings} == {"user.email[1]", "user.phone"}


def test_nothing_raw_is_left() -> None:
    raw = {
        "email": "jane.canary@example.com",
        "phone": "+12065550100",
        "external_id": "canary-7",
        "first_name": "Canary",
        "last_name": "Canarydottir",
        "birth_date": "1990-12-31",
        "zip": "98101",
        "mobile_ad_id": "6d92078a-8246-4ba4-ae5b-76104861e7dc",
    }

    stored = msgspec.msgpack.encode(converted(user=raw)).decode(errors="replace").lower()

    assert not [value for value in raw.values() if value.lower() in stored]
