"""A hashed event in Pinterest's words, or the reason why Pinterest does not get it.

Pure. Pinterest never says which event spoilt a request, so what it would refuse is left out here:
an amount that is no plain decimal, a text over its limit, a digest that is none. Called once per
event, so the structs are filled by position: msgspec takes keywords at five times the price.
"""

from decimal import Decimal
from typing import Final

import msgspec

from relay.conversion import App, Conversion, Item, Order
from relay.delivery import Skip, Unusable
from relay.destinations.pinterest.payload import (
    AppInfo,
    Content,
    CustomData,
    Digests,
    Event,
    PinterestSource,
    UserData,
)
from relay.event import ActionSource
from relay.event_name import STANDARD_NAMES
from relay.identity import Identity

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

APP_SOURCES: Final = frozenset({"app_android", "app_ios"})

NO_TRACKING: Final = frozenset({"DENIED", "RESTRICTED"})
"""Answers to Apple's tracking question that Pinterest knows as limited ad tracking."""

IDENTIFIER_KEYS: Final = {
    "email": "em",
    "phone": "ph",
    "gender": "ge",
    "birth_date": "db",
    "last_name": "ln",
    "first_name": "fn",
    "city": "ct",
    "state": "st",
    "zip": "zp",
    "country": "country",
    "external_id": "external_id",
    "mobile_ad_id": "hashed_maids",
    "ip": "client_ip_address",
    "user_agent": "client_user_agent",
    "epik": "click_id",
    "customer_type": "customer_type",
    "locale": "language",
}
"""Inbound field of `user` → key in `user_data`, but for `language`, which stands beside it."""

HASHED_KEYS: Final = (
    *("em", "ph", "ge", "db", "ln", "fn", "ct", "st", "zp", "country"),
    *("external_id", "hashed_maids"),
)

NEVER_SENT: Final = frozenset(
    {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # the empty string
        "dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91",  # None
        "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b",  # null
        "eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c",  # undefined
        "9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0",  # nan
        "12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8",  # the all-zero UUID
    }
)
"""Digests of nothing: one of them would tie all its senders' visitors together."""

DIGEST_DIGITS: Final = 64
MAX_APP_TEXT: Final = 200
MAX_APP_VERSION: Final = 100
MAX_AMOUNT_DIGITS: Final = 15
"""Digits before the point; Pinterest reads a double, which holds no more."""

NO_IDENTIFIER: Final = Unusable(
    "no_identifier",
    "user",
    "Pinterest needs an e-mail address, a mobile ad id, or IP address and user agent together",
)
NOT_MAPPED: Final = Skip("not_mapped")


def event_name(name: str, *, custom_events: bool) -> str | None:
    """Return Pinterest's name for a canonical one, or None if Pinterest is not to get it."""
    known = EVENT_NAMES.get(name)
    if known is None and custom_events and name not in STANDARD_NAMES:
        return CUSTOM_NAME
    return known


def event_of(conversion: Conversion, *, custom_events: bool) -> Event | Skip | Unusable:
    """Return the event in Pinterest's shape."""
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
        conversion.action_source == "app_ios" and identity.att_status in NO_TRACKING,
        custom_data(conversion.order, limited=conversion.limited_data_use),
        language(identity.locale),
        app_info(conversion.app) if conversion.action_source in APP_SOURCES else None,
    )


def user_of(identity: Identity) -> UserData:
    """Return what Pinterest gets of the person; whatever is no digest is left out."""
    user = UserData(
        identity.email_compact,
        identity.phone_digits,
        (identity.gender,) if identity.gender else (),
        (identity.birth_date,) if identity.birth_date else (),
        (identity.last_name,) if identity.last_name else (),
        (identity.first_name,) if identity.first_name else (),
        (identity.city,) if identity.city else (),
        (identity.state,) if identity.state else (),
        (identity.zip_digits,) if identity.zip_digits else (),
        (identity.country,) if identity.country else (),
        identity.external_id,
        (identity.mobile_ad_id_lower,) if identity.mobile_ad_id_lower else (),
        identity.ip or None,
        identity.user_agent or None,
        identity.epik or None,
        identity.customer_type,
    )
    return user if _all_digests(_hashed(user)) else _without_impostors(user)


def identifies(user: UserData) -> bool:
    """Return whether this is enough of a person for Pinterest.

    Phone, external id and click id alone are not (OpenAPI 5.23.0, `ConversionEventsUserData`).
    """
    return bool(user.em or user.hashed_maids or (user.client_ip_address and user.client_user_agent))


def custom_data(order: Order | None, *, limited: bool) -> CustomData | None:
    """Return what Pinterest gets of the order; None if that is nothing.

    `limited` is Pinterest's limited data processing, which needs no order.
    """
    if order is None:
        return CustomData(opt_out_type="LDP") if limited else None
    items = order.items
    data = CustomData(
        order.currency or None,
        amount(order.value),
        amount(order.predicted_ltv),
        _quantity(order),
        order.order_id or None,
        order.search_string or None,
        [item.id for item in items] if items else None,
        order.content_name or None,
        order.content_category or None,
        [_content(item) for item in items] if items else None,
        "LDP" if limited else None,
    )
    return data if data != _NOTHING else None


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

    None for what Pinterest could not read: negative, not a number, 10^15 and more.
    """
    if value is None:
        return None
    text = str(value)
    if len(text) <= MAX_AMOUNT_DIGITS and text[0] in "0123456789" and "E" not in text:
        return text
    return _rewritten(value)


def language(locale: str | None) -> str | None:
    """Return the two-letter language of a locale such as `de-AT`; None if it has none."""
    if not locale:
        return None
    code = locale[:2].lower()
    if len(code) == len("de") and code.isascii() and code.isalpha() and locale[2:3] in "-_":
        return code
    return None


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


def _quantity(order: Order) -> int | None:
    if order.num_items is not None or not order.items:
        return order.num_items
    return sum([item.quantity for item in order.items])


def _rewritten(value: Decimal) -> str | None:
    if not value.is_finite() or value < 0 or value.adjusted() >= MAX_AMOUNT_DIGITS:
        return None
    text = f"{value.copy_abs():.12f}"
    return text.rstrip("0").rstrip(".")


def _at_most(text: str | None, max_length: int) -> str | None:
    return text if text and len(text) <= max_length else None


def _hashed(user: UserData) -> Digests:
    return (
        *user.em,
        *user.ph,
        *user.ge,
        *user.db,
        *user.ln,
        *user.fn,
        *user.ct,
        *user.st,
        *user.zp,
        *user.country,
        *user.external_id,
        *user.hashed_maids,
    )


def _all_digests(values: Digests) -> bool:
    """Tell whether each is 64 lower-case hexadecimal digits, and the digest of something.

    One round trip through bytes checks all of them at a third of a regular expression's price:
    `hex` puts a blank after every 32 bytes, and the length leaves no room for a blank elsewhere.
    """
    joined = " ".join(values)
    if len(joined) != max(len(values) * (DIGEST_DIGITS + 1) - 1, 0):
        return False
    try:
        return bytes.fromhex(joined).hex(" ", 32) == joined and NEVER_SENT.isdisjoint(values)
    except ValueError:
        return False


def _without_impostors(user: UserData) -> UserData:
    genuine = {
        key: tuple(value for value in getattr(user, key) if _all_digests((value,)))
        for key in HASHED_KEYS
    }
    return msgspec.structs.replace(user, **genuine)
