"""Translates a call of Segment's tracking API into an event, or nothing if it is no conversion.

It is pure and remembers nothing between calls: an `identify` is not joined with a later `track`.
Names and fields follow Segment's public specification ("Spec: V2 Ecommerce Events", "Spec:
Common", segment.com/docs, 2026), which RudderStack's clients share.
"""

from collections import ChainMap
from datetime import UTC, datetime, timedelta
from decimal import Context
from typing import Any, Final

from relay.event_name import STANDARD_NAMES, canonical_name
from relay.intake.page import query_of
from relay.sources.unchecked_json import (
    Json,
    amount,
    decimal,
    lines,
    present,
    rows,
    table,
    text,
    whole,
)

SKEW_S: Final = 60.0
"""If a client's clock is off by more than this, times are corrected by its time of sending."""
MOBILE: Final = {"ios": "app_ios", "android": "app_android"}
NAMED: Final = frozenset({"page_view", "view_content"})
"""Events of a single page or product, of which `name` in the properties is the name."""
ADVERTISING: Final = frozenset({"advertising", "marketing", "targeting", "c0004"})
"""Consent categories that mean advertising, in any case."""
_ENDLESS: Final = Context(traps=[])
"""Overflows to infinity without raising; intake then refuses it as no amount."""


def event_of(
    call: Json, sent_at: datetime | None, now: datetime, shared: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return the event as a producer would have posted it, or None if it is no conversion.

    `shared` is the context of a batch, used for whatever a call does not say itself.
    """
    name = _name(call)
    if name is None:
        return None
    context, properties = _context(call, shared), table(call.get("properties"))
    address = text(
        properties.get("url"), table(context.get("page")).get("url"), context.get("page_url")
    )
    event = present(
        event=name,
        event_id=text(properties.get("event_id"), call.get("messageId"), call.get("message_id")),
        event_time=_moment(call, sent_at, now),
        action_source=_source(context),
        order=_order(properties, name),
        page=present(
            url=address,
            referrer=text(properties.get("referrer"), table(context.get("page")).get("referrer")),
        ),
        app=_app(context),
        consent=_consent(context),
    )
    return {**event, "user": _user(call, context, properties, address)}


def _context(call: Json, shared: dict[str, Any] | None) -> Json:
    """Return the call's context over the shared one, without the cost of a copy for each call."""
    own = table(call.get("context"))
    return ChainMap(own, shared) if shared else own


def _name(call: Json) -> str | None:
    kind = call.get("type")
    if kind == "page":
        return "page_view"
    event = text(call.get("event"))
    if kind != "track" or event is None:
        return None
    name = canonical_name(event)
    return name if name in STANDARD_NAMES else None


def _moment(call: Json, sent_at: datetime | None, now: datetime) -> str:
    """Return when it happened, corrected by our clock if the client's is wrong."""
    happened = read_time(call.get("timestamp")) or read_time(call.get("originalTimestamp")) or now
    if sent_at is not None and abs((now - sent_at).total_seconds()) > SKEW_S:
        happened = _shifted(happened, now - sent_at) or now
    return min(happened, now + timedelta(seconds=1)).isoformat()


def _shifted(moment: datetime, by: timedelta) -> datetime | None:
    """Return the shifted moment, or None if it is out of the calendar's range."""
    try:
        return moment + by
    except OverflowError:
        return None


def read_time(value: object) -> datetime | None:
    """Return the moment of an ISO 8601 text, in UTC if it has no offset; None if it is not one."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _source(context: Json) -> str | None:
    """Return the action source of an app, or None unless the call names its app."""
    device, system = table(context.get("device")), table(context.get("os"))
    kind = text(device.get("type"), system.get("name")) or ""
    return MOBILE.get(kind.lower()) if _app(context) else None


def _app(context: Json) -> dict[str, Any]:
    app = table(context.get("app"))
    identity = text(app.get("namespace"))
    if identity is None:
        return {}
    return present(id=identity, name=text(app.get("name")), version=text(app.get("version")))


def _user(call: Json, context: Json, properties: Json, address: str | None) -> dict[str, Any]:
    traits, device = table(context.get("traits")), table(context.get("device"))
    clicks = query_of(address)
    return present(
        **_person(traits),
        external_id=text(call.get("userId"), call.get("user_id")),
        email=text(traits.get("email"), properties.get("email")),
        phone=text(traits.get("phone"), properties.get("phone")),
        ip=text(context.get("ip")),
        user_agent=text(context.get("userAgent"), context.get("user_agent")),
        locale=text(context.get("locale")),
        mobile_ad_id=_advertising_id(device),
        epik=text(properties.get("epik"), properties.get("_epik"), clicks.get("epik")),
        ttclid=text(properties.get("ttclid"), clicks.get("ttclid")),
        ttp=text(properties.get("ttp"), properties.get("_ttp")),
    )


def _person(traits: Json) -> dict[str, Any]:
    address = table(traits.get("address"))
    return present(
        first_name=text(traits.get("firstName"), traits.get("first_name"), traits.get("firstname")),
        last_name=text(traits.get("lastName"), traits.get("last_name"), traits.get("lastname")),
        gender=text(traits.get("gender")),
        birth_date=text(traits.get("birthday"), traits.get("dateOfBirth")),
        city=text(address.get("city"), traits.get("city")),
        state=text(address.get("state"), traits.get("state")),
        zip=text(
            address.get("postalCode"),
            address.get("postal_code"),
            address.get("zip"),
            traits.get("zip"),
        ),
        country=text(address.get("country"), traits.get("country")),
    )


def _advertising_id(device: Json) -> str | None:
    """Return the id for advertising, unless the person has switched tracking off."""
    if device.get("adTrackingEnabled") is False:
        return None
    return text(device.get("advertisingId"), device.get("advertising_id"))


def _order(properties: Json, name: str) -> dict[str, Any]:
    products = rows(properties.get("products"))
    if not products and _item_id(properties) is not None:
        products = [properties]
    return present(
        value=_value(properties),
        currency=text(properties.get("currency")),
        order_id=text(properties.get("order_id"), properties.get("orderId")),
        search_string=text(properties.get("query")),
        content_name=text(properties.get("name")) if name in NAMED else None,
        content_category=text(properties.get("category")),
        **lines([item for product in products if (item := _item(product))]),
    )


def _value(properties: Json) -> object:
    """Return `revenue`, else `subtotal` less `discount`, else `value`; `total` has tax in it."""
    revenue = amount(properties.get("revenue"))
    if revenue is not None:
        return revenue
    subtotal = decimal(properties.get("subtotal"))
    if subtotal is None:
        return amount(properties.get("value"))
    left = _ENDLESS.subtract(subtotal, decimal(properties.get("discount")) or 0)
    return str(max(0, left))


def _item(product: Json) -> dict[str, Any] | None:
    identity = _item_id(product)
    if identity is None:
        return None
    return present(
        id=identity,
        name=text(product.get("name")),
        category=text(product.get("category")),
        brand=text(product.get("brand")),
        price=amount(product.get("price")),
        quantity=whole(product.get("quantity")),
    )


def _item_id(product: Json) -> str | None:
    return text(product.get("product_id"), product.get("productId"), product.get("sku"))


def _consent(context: Json) -> dict[str, Any]:
    """Return what Segment's consent management says about advertising, or nothing."""
    preferences = table(table(context.get("consent")).get("categoryPreferences"))
    said = [
        answer
        for category, answer in preferences.items()
        if category.lower() in ADVERTISING and isinstance(answer, bool)
    ]
    return {"advertising": all(said)} if said else {}
