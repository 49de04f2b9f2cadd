"""What Pinterest checks in an event beyond its shape, and the mistakes that it leaves unmentioned.

For a fault, the platform refuses the event alone. A warning is the platform's own advice on an
event that it accepts. A note is about a mistake that the platform accepts silently.
Sources: Pinterest's OpenAPI description 5.23.0, its help pages on the Conversions API and on
event types (2026), and the warnings its test mode gives (September 2026).
"""

import math
import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Final

import msgspec

from relay.sandbox import hygiene
from relay.sandbox.pinterest.schema import CustomData, Event, UserData

MAX_AGE_S: Final = 7 * 86_400
ACTION_SOURCES: Final = frozenset({"web", "app_android", "app_ios", "offline"})
EVENT_NAMES: Final = frozenset(
    {
        *("add_payment_info", "add_to_cart", "add_to_wishlist", "app_install", "app_open"),
        *("checkout", "contact", "custom", "customize_product", "find_location"),
        *("initiate_checkout", "lead", "page_visit", "schedule", "search", "signup"),
        *("start_trial", "submit_application", "subscribe", "view_category", "view_content"),
        "watch_video",
    }
)
HASHED: Final = (
    *("em", "ph", "ge", "db", "ln", "fn", "ct", "st", "zp", "country"),
    *("external_id", "hashed_maids"),
)

_hashed_values = attrgetter(*HASHED)
_EVENT_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_PARTNER = re.compile(r"ss-[a-z0-9-]+|direct")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_MAX_EVENT_ID = 256

Fault = tuple[str, str]
"""The path of the fault, and its description in the platform's words."""


class _OpenKeys(msgspec.Struct, gc=False):
    user_data: dict[str, msgspec.Raw]


_OPEN_KEYS = msgspec.json.Decoder(_OpenKeys)
_KNOWN_USER_KEYS = frozenset(UserData.__struct_fields__)


def fault_of(event: Event, now: float) -> Fault | None:
    """Return why Pinterest refuses a well-shaped event, None if it accepts it."""
    return (
        _name_fault(event)
        or _time_fault(event.event_time, now)
        or _hash_fault(event.user_data)
        or _identifier_fault(event.user_data)
        or _amount_fault(event.custom_data)
    )


def warning_of(event: Event) -> str:
    """Return the platform's own advice on an event that it accepts, '' if it has none."""
    user = event.user_data
    advice = [] if user.external_id else ["external_id is missing"]
    advice += [] if user.click_id else ["click_id is missing"]
    if event.event_name.lower() not in EVENT_NAMES:
        advice.append(f"event_name '{event.event_name}' will be labelled 'Unknown'")
    return "; ".join(advice)


def notes_of(event: Event, payload: bytes) -> Iterator[str]:
    """Yield notes on the mistakes in an event that the platform accepts silently."""
    yield from _user_notes(event.user_data, payload)
    order = event.custom_data
    yield from hygiene.money_notes("custom_data.", order.currency, has_value=bool(order.value))
    if order.value and (_amount(order.value) or 0) <= 0:
        yield "custom_data.value is not above zero"
    if len(event.event_id) > _MAX_EVENT_ID:
        yield f"event_id is longer than {_MAX_EVENT_ID} characters"
    if event.language and not _LANGUAGE.fullmatch(event.language):
        yield "language is not a two-letter ISO 639-1 code"
    if event.partner_name and not _PARTNER.fullmatch(event.partner_name):
        yield "partner_name is neither ss-NAME nor direct"
    if event.opt_out:
        yield "opt_out is true: the event is not used for targeting"


def _user_notes(user: UserData, payload: bytes) -> Iterator[str]:
    unknown = _OPEN_KEYS.decode(payload).user_data.keys() - _KNOWN_USER_KEYS
    yield from hygiene.unknown_key_note("user_data.", unknown)
    for name, values in zip(HASHED, _hashed_values(user), strict=True):
        for value in values:
            if note := hygiene.digest_note(f"user_data.{name}", value):
                yield note
    ip = user.client_ip_address
    if ip and (note := hygiene.address_note("user_data.client_ip_address", ip)):
        yield note
    if user.customer_type not in {"", "new", "returning"}:
        yield "user_data.customer_type is neither new nor returning"


def _name_fault(event: Event) -> Fault | None:
    if not event.event_id:
        return "event_id", "event_id must not be empty"
    if not _EVENT_NAME.fullmatch(event.event_name):
        return "event_name", f"Invalid event_name: {event.event_name[:100]}"
    if event.action_source not in ACTION_SOURCES:
        return "action_source", f"Invalid action_source: {event.action_source[:100]}"
    return None


def _time_fault(event_time: int, now: float) -> Fault | None:
    if event_time > now:
        return "event_time", "event_time is in the future"
    if event_time < now - MAX_AGE_S:
        return "event_time", "event_time is older than 7 days"
    return None


def _hash_fault(user: UserData) -> Fault | None:
    for name, values in zip(HASHED, _hashed_values(user), strict=True):
        for value in values:
            if not hygiene.is_digest(value):
                return f"user_data.{name}", f"'{name}' is not in sha256 hashed format."
    return None


def _identifier_fault(user: UserData) -> Fault | None:
    if user.client_ip_address and hygiene.address_kind(user.client_ip_address) == "invalid":
        return "user_data.client_ip_address", "Invalid client_ip_address"
    if user.em or user.hashed_maids or (user.client_ip_address and user.client_user_agent):
        return None
    return (
        "user_data",
        "user_data needs em, hashed_maids, or client_ip_address with client_user_agent",
    )


def _amount_fault(order: CustomData) -> Fault | None:
    if _amount(order.value) is None:
        return "custom_data.value", "Invalid value: not a number"
    if _amount(order.predicted_ltv) is None:
        return "custom_data.predicted_ltv", "Invalid predicted_ltv: not a number"
    for position, content in enumerate(order.contents):
        if _amount(content.item_price) is None:
            path = f"custom_data.contents.{position}.item_price"
            return path, "Invalid item_price: not a number"
    return None


def _amount(text: str | None) -> float | None:
    """Return an amount; 0 if the text is absent, None if it is not a finite number."""
    if not text:
        return 0
    amount = float(text) if _NUMBER.fullmatch(text) else math.inf
    return amount if math.isfinite(amount) else None
