"""Maps a hashed event to Pinterest's format, or returns the reason why it is not sent.

Pure. Pinterest never says which event made it refuse a request, so values that it would refuse are
left out here: an amount that is not a plain decimal, a text over its limit. It runs once per event,
so the structs are filled by position: with keywords, msgspec takes five times as long.
"""

from decimal import Decimal
from typing import Final

from relay.conversion import App, Conversion, Item, Order
from relay.delivery import Skip, Unusable
from relay.destinations.pinterest.payload import (
    AppInfo,
    Content,
    CustomData,
    Event,
    PinterestSource,
)
from relay.destinations.pinterest.person import identifies, language, user_of
from relay.event import APP_SOURCES, ActionSource
from relay.event_name import STANDARD_NAMES

EVENT_NAMES: Final = {
    "purchase": "checkout",
    "signup": "signup",
    "lead": "lead",
    "page_view": "page_visit",
    "view_content": "page_visit",
    "view_category": "view_category",
    "search": "search",
    "add_to_cart": "add_to_cart",
    "add_to_wishlist": "add_to_wishlist",
    "add_payment_info": "add_payment_info",
    "initiate_checkout": "initiate_checkout",
    "subscribe": "subscribe",
    "start_trial": "start_trial",
    "contact": "contact",
    "schedule": "schedule",
    "find_location": "find_location",
    "customize_product": "customize_product",
    "submit_application": "submit_application",
    "watch_video": "watch_video",
    "app_install": "app_install",
    "app_open": "app_open",
}
"""Standard name → Pinterest's; one that is missing here has no counterpart.

A product view is a `page_visit` with `content_ids`, as Pinterest's own tag for Google Tag Manager
sends it (https://github.com/pinterest/ss-gtm-template): that form counts for audiences and reports.
"""

CUSTOM_NAME: Final = "custom"

ACTION_SOURCES: Final[dict[ActionSource, PinterestSource]] = {
    "web": "web",
    "app_android": "app_android",
    "app_ios": "app_ios",
    "offline": "offline",
    "crm": "offline",
}

MAX_APP_TEXT: Final = 200
MAX_APP_VERSION: Final = 100
MAX_AMOUNT_DIGITS: Final = 15
"""The most digits before the point; Pinterest parses a double, which holds no more."""

NO_IDENTIFIER: Final = Unusable(
    "no_identifier",
    "user",
    "Pinterest needs an e-mail address, a mobile ad id, or IP address and user agent together",
)
NOT_MAPPED: Final = Skip("not_mapped")


def event_name(name: str, *, custom_events: bool) -> str | None:
    """Return Pinterest's name for a canonical one, or None if the event is not sent."""
    known = EVENT_NAMES.get(name)
    if known is None and custom_events and name not in STANDARD_NAMES:
        return CUSTOM_NAME
    return known


def event_of(conversion: Conversion, *, custom_events: bool) -> Event | Skip | Unusable:
    """Return the event in Pinterest's format, or why it is not sent."""
    name = event_name(conversion.event, custom_events=custom_events)
    if name is None:
        return NOT_MAPPED
    identity = conversion.identity
    user = user_of(identity)
    if not identifies(user):
        return NO_IDENTIFIER
    return Event(
        name,
        ACTION_SOURCES[conversion.action_source],
        conversion.event_time,
        conversion.event_id,
        user,
        conversion.page_url or None,
        custom_data(conversion.order, limited=conversion.limited_data_use),
        language(identity.locale) if identity.locale else None,
        app_info(conversion.app) if conversion.action_source in APP_SOURCES else None,
    )


def custom_data(order: Order | None, *, limited: bool) -> CustomData | None:
    """Return the order in Pinterest's format; None if nothing is left of it.

    `limited` requests Pinterest's limited data processing, which needs no order. An item without an
    id is in no catalogue: it is counted, but not listed.
    """
    if order is None:
        return CustomData(opt_out_type="LDP") if limited else None
    items = order.items
    known = [item for item in items if item.id]
    data = CustomData(
        order.currency or None,
        amount(order.value),
        amount(order.predicted_ltv),
        order.num_items,
        order.order_id or None,
        order.search_string or None,
        [item.id for item in known] if known else None,
        order.content_name or None,
        order.content_category or None,
        [_content(item) for item in known] if known else None,
        "LDP" if limited else None,
    )
    return data if items or data != _NOTHING else None


def app_info(app: App | None) -> AppInfo | None:
    """Return the app, without texts that are longer than Pinterest takes (200, version 100)."""
    if app is None:
        return None
    info = AppInfo(
        _at_most(app.id, MAX_APP_TEXT),
        _at_most(app.name, MAX_APP_TEXT),
        _at_most(app.version, MAX_APP_VERSION),
    )
    return info if info != AppInfo() else None


def amount(value: Decimal | None) -> str | None:
    """Return an amount as plain decimal text, without exponent, sign or grouping.

    Returns None if Pinterest could not read it: negative, not a number, 10^15 and more.
    """
    if value is None:
        return None
    text = str(value)
    if len(text) <= MAX_AMOUNT_DIGITS and text[0] in "0123456789" and "E" not in text:
        return text
    return _rewritten(value)


_NOTHING: Final = CustomData()


def _content(item: Item) -> Content:
    return Content(
        item.id,
        item.name or None,
        item.category or None,
        item.brand or None,
        amount(item.price),
        item.quantity,
    )


def _rewritten(value: Decimal) -> str | None:
    if not value.is_finite() or value < 0 or value.adjusted() >= MAX_AMOUNT_DIGITS:
        return None
    text = f"{value.copy_abs():.12f}"
    return text.rstrip("0").rstrip(".")


def _at_most(text: str | None, max_length: int) -> str | None:
    return text if text and len(text) <= max_length else None
