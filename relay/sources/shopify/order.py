"""Translates a Shopify webhook into an event, or nothing if its topic is no conversion.

Pure. Fields follow Shopify's public description of its webhooks ("Webhooks: topics", "Order",
"Customer", "Checkout", shopify.dev, 2026). An order is one purchase, whether created or paid, since
both carry its id. `order_status_url` and tokens are never used: they open the order to anybody.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from relay.intake.page import query_of
from relay.sources.unchecked_json import Json, amount, lines, present, rows, table, text, whole

CLICK_IDS: Final = {
    "epik": "epik",
    "_epik": "epik",
    "ttclid": "ttclid",
    "ttp": "ttp",
    "_ttp": "ttp",
}
"""Names in addresses and note attributes → our fields."""
POINT_OF_SALE: Final = "pos"
WHOLE: Final = ("https://", "http://")
"""Prefixes of a landing page that includes its host, as in Shopify's own sample order."""

Translation = Callable[[Json, str], dict[str, Any] | None]


def event_of(topic: str, payload: Json, domain: str) -> dict[str, Any] | None:
    """Return the event as a producer would have posted it, or None if it is no conversion."""
    translate = TOPICS.get(topic)
    if translate is None or payload.get("test") is True:
        return None
    return translate(payload, domain)


def _order(order: Json, domain: str) -> dict[str, Any] | None:
    at_the_till = order.get("source_name") == POINT_OF_SALE
    return _event(
        "purchase",
        text(order.get("id")),
        order,
        domain,
        action_source="offline" if at_the_till else None,
        order=present(
            value=amount(order.get("current_subtotal_price"), order.get("subtotal_price")),
            currency=text(order.get("currency")),
            order_id=text(order.get("id")),
            **lines(_items(order)),
        ),
    )


def _checkout(checkout: Json, domain: str) -> dict[str, Any] | None:
    return _event(
        "initiate_checkout",
        _prefixed("checkout", checkout),
        checkout,
        domain,
        order=present(
            value=amount(checkout.get("subtotal_price")),
            currency=text(checkout.get("currency"), checkout.get("presentment_currency")),
            **lines(_items(checkout)),
        ),
    )


def _customer(customer: Json, domain: str) -> dict[str, Any] | None:
    payload = {**customer, "customer": customer}
    return _event("signup", _prefixed("customer", customer), payload, domain)


def _event(
    name: str, event_id: str | None, payload: Json, domain: str, **more: object
) -> dict[str, Any]:
    return {
        **present(
            event=name,
            event_id=event_id,
            event_time=text(payload.get("processed_at"), payload.get("created_at")),
            page=present(url=_page(payload, domain), referrer=text(payload.get("referring_site"))),
            **more,
        ),
        "user": _user(payload),
    }


def _prefixed(kind: str, payload: Json) -> str | None:
    identity = text(payload.get("id"))
    return None if identity is None else f"{kind}-{identity}"


def _page(payload: Json, domain: str) -> str:
    landing = text(payload.get("landing_site")) or "/"
    return landing if landing.startswith(WHOLE) else f"https://{domain}{_rooted(landing)}"


def _rooted(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _user(payload: Json) -> dict[str, Any]:
    customer, client = table(payload.get("customer")), table(payload.get("client_details"))
    address = (
        table(payload.get("billing_address"))
        or table(payload.get("shipping_address"))
        or table(customer.get("default_address"))
    )
    return present(
        email=text(payload.get("email"), payload.get("contact_email"), customer.get("email")),
        phone=text(payload.get("phone"), customer.get("phone"), address.get("phone")),
        external_id=text(customer.get("id")),
        first_name=text(customer.get("first_name"), address.get("first_name")),
        last_name=text(customer.get("last_name"), address.get("last_name")),
        city=text(address.get("city")),
        state=text(address.get("province_code"), address.get("province")),
        zip=text(address.get("zip")),
        country=text(address.get("country_code"), address.get("country")),
        ip=text(payload.get("browser_ip"), client.get("browser_ip")),
        user_agent=text(client.get("user_agent")),
        locale=text(payload.get("customer_locale")),
        **_click_ids(payload),
    )


def _click_ids(payload: Json) -> dict[str, str]:
    """Return click ids from the landing page, and from note attributes that a theme has set."""
    noted = {
        str(each.get("name")): value
        for each in rows(payload.get("note_attributes"))
        if (value := text(each.get("value")))
    }
    found = {**query_of(text(payload.get("landing_site"))), **noted}
    return {field: found[name] for name, field in CLICK_IDS.items() if name in found}


def _items(payload: Json) -> list[dict[str, Any]]:
    return [item for line in rows(payload.get("line_items")) if (item := _item(line))]


def _item(line: Json) -> dict[str, Any] | None:
    """Return a line as an item, or None if it has no id or nothing is left after refunds."""
    identity = text(line.get("product_id"), line.get("variant_id"), line.get("sku"))
    current = whole(line.get("current_quantity"))
    quantity = whole(line.get("quantity")) if current is None else current
    if identity is None or quantity == 0:
        return None
    return present(
        id=identity,
        name=text(line.get("title"), line.get("name")),
        brand=text(line.get("vendor")),
        price=amount(line.get("price")),
        quantity=quantity,
    )


TOPICS: Final[Mapping[str, Translation]] = {
    "orders/create": _order,
    "orders/paid": _order,
    "customers/create": _customer,
    "checkouts/create": _checkout,
}
