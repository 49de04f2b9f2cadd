"""Notes on mistakes that TikTok accepts with `code` 0, and that cost a shop conversions.

TikTok ignores unknown keys silently, accepts raw PII in place of a digest, and treats an event name
in the wrong case as a custom event. Sources: the parameters, supported-events and deduplication
pages of TikTok's Business API documentation (v1.3, 2026). A note never quotes a value.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from relay.sandbox import hygiene
from relay.sandbox.tiktok.check import APP_NAMES, OLD_NAMES, WEB_NAMES
from relay.sandbox.tiktok.schema import (
    App,
    Content,
    Event,
    Lead,
    Page,
    Properties,
    Source,
    Track,
    User,
)

DAY_S: Final = 86_400
MAX_AGE_S: Final = {"web": 7 * DAY_S, "app": 7 * DAY_S, "offline": 28 * DAY_S, "crm": 28 * DAY_S}
"""By event source; TikTok accepts older events, but does not use them."""

_FUTURE_S = 60
_MILLISECONDS = 10**11
_MAX_TTCLID = 1_000

_CURRENCY_CODES: Final = (
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD "
    "HNL HUF IDR ILS INR ISK JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN "
    "PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR"
)
_CURRENCIES: Final = frozenset(_CURRENCY_CODES.split())
_VERTICAL: Final = (
    "city region country checkin_date checkout_date num_adults num_children num_infants "
    "suggested_hotels departing_departure_date returning_departure_date "
    "departing_arrival_date returning_arrival_date origin_airport destination_airport "
    "destination_ids travel_class user_score preferred_num_stops travel_start travel_end "
    "suggested_destinations postal_code make model year state_of_vehicle mileage "
    "exterior_color transmission body_style fuel_type drivetrain preferred_price_range trim "
    "vin interior_color condition_of_vehicle viewcontent_type search_type registration_type"
)
"""Properties for travel and vehicle shops."""
_VERTICAL_KEYS: Final = frozenset(_VERTICAL.split())

_MEANT: Final = {
    "phone_number": "phone",
    "ip_address": "ip",
    "client_ip_address": "ip",
    "client_user_agent": "user_agent",
    "contents_ids": "content_ids",
    "timestamp": "event_time",
    "pixel_code": "event_source_id",
    "context": "user",
    "test_event_code": "test_event_code beside event_source",
}
"""What senders usually mean by a key that TikTok does not know."""


def _fields(struct: type[msgspec.Struct], *more: str) -> frozenset[str]:
    return frozenset((*struct.__struct_fields__, *more))


_TOP_KEYS = _fields(Track)
_EVENT_KEYS = _fields(Event)
_PART_KEYS: Final = (
    ("user", _fields(User)),
    ("properties", _fields(Properties) | _VERTICAL_KEYS),
    ("page", _fields(Page)),
    ("app", _fields(App)),
    ("lead", _fields(Lead)),
)
_CONTENT_KEYS = _fields(Content)
_CANONICAL: Final = {name.lower(): name for name in (*APP_NAMES, *WEB_NAMES)}


def request_notes(document: Mapping[str, Any], track: Track) -> Iterator[str]:
    """Yield notes on the request outside `data`."""
    yield from _ignored("", document.keys() - _TOP_KEYS)
    if track.partner_name:
        yield "partner_name is for TikTok's partners; leave it out"
    if track.event_source == "web" and track.event_source_id.isdecimal():
        yield "event_source_id is a number: the pixel code is needed, not the pixel id"


def event_notes(
    event: Event, document: Mapping[str, Any], source: Source, now: float
) -> Iterator[str]:
    """Yield notes on an event that TikTok accepts; `document` is the event as it came."""
    yield from _key_notes(document)
    yield from _name_notes(event.event, source)
    yield from _time_notes(event.event_time, source, now)
    yield from _user_notes(event.user)
    yield from _order_notes(event)
    if not event.event_id and source != "app":
        yield "event_id is missing: a repeat, or the pixel's copy, counts twice"
    if event.limited_data_use and source in {"offline", "crm"}:
        yield "limited_data_use is for web and app events"


def _key_notes(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _ignored("", document.keys() - _EVENT_KEYS)
    for name, known in _PART_KEYS:
        yield from _ignored(f"{name}.", document.get(name, {}).keys() - known)
    for position, content in enumerate(document.get("properties", {}).get("contents", ())):
        yield from _ignored(f"properties.contents.{position}.", content.keys() - _CONTENT_KEYS)


def _ignored(path: str, keys: Iterable[str]) -> Iterator[str]:
    for key in sorted(keys):
        if meant := _MEANT.get(key):
            yield f"{path}{key} is not a key of this platform: ignored; use {meant}"
        else:
            yield from hygiene.unknown_key_note(path, (key,))


def _name_notes(name: str, source: Source) -> Iterator[str]:
    if name in (APP_NAMES if source == "app" else WEB_NAMES):
        return
    if old := OLD_NAMES.get(name):
        yield f"event {name} is {old}"
    elif (canonical := _CANONICAL.get(name.lower())) and canonical != name:
        yield f"event is spelt {canonical}; in another case it is a custom event"
    else:
        yield "event is a custom name: no campaign can be optimised for it"


def _time_notes(event_time: int, source: Source, now: float) -> Iterator[str]:
    if event_time >= _MILLISECONDS:
        yield "event_time is in milliseconds; TikTok reads seconds"
    elif event_time > now + _FUTURE_S:
        yield "event_time is in the future"
    elif event_time < now - MAX_AGE_S[source]:
        yield f"event_time is older than {MAX_AGE_S[source] // DAY_S} days"


def _user_notes(user: User) -> Iterator[str]:
    for path, value in _hashed(user):
        if note := hygiene.digest_note(path, value):
            yield note
    for name, plain in (("city", user.city), ("state", user.state), ("country", user.country)):
        if hygiene.is_any_digest(plain):
            yield f"user.{name} is hashed; TikTok reads it plain"
    if user.ip and (note := hygiene.address_note("user.ip", user.ip)):
        yield note
    if user.ip and not user.user_agent:
        yield "user.ip has no user_agent beside it"
    if len(user.ttclid) > _MAX_TTCLID:
        yield f"user.ttclid is longer than {_MAX_TTCLID} characters"


def _hashed(user: User) -> Iterator[tuple[str, str]]:
    """Yield every value that TikTok wants hashed, with its path."""
    for name, texts in (
        ("user.email", user.email),
        ("user.phone", user.phone),
        ("user.external_id", user.external_id),
    ):
        for text in (texts,) if isinstance(texts, str) else texts:
            yield name, text
    for name, text in (
        ("user.first_name", user.first_name),
        ("user.last_name", user.last_name),
        ("user.zip_code", user.zip_code),
    ):
        if text:
            yield name, text


def _order_notes(event: Event) -> Iterator[str]:
    order = event.properties
    has_value = order.value is not None
    yield from hygiene.money_notes("properties.", order.currency, has_value=has_value)
    if order.currency and order.currency not in _CURRENCIES and order.currency.isupper():
        yield "properties.currency is not on TikTok's list"
    if event.event in {"Purchase", "CompletePayment"} and not has_value:
        yield "properties.value is missing on a purchase: no return can be reported"
    if order.contents and not (order.content_ids and order.content_type):
        yield "contents without content_ids and content_type: shopping ads cannot use them"
