"""The structs of a TikTok Events API 2.0 request, one per object, encoded once per event.

TikTok accepts a misspelled key with code 0 and ignores it, so these structs are the only place that
names keys. Absent values are left out; amounts are JSON numbers, ids are strings. The only rule
here is the size of an event. Source: business-api.tiktok.com, Events API 2.0, "Parameters", and
"Report App, Web, Offline, or CRM Events" (both 2026).
"""

from decimal import Decimal
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields, replace

from relay.event import AttStatus, CustomerType

MAX_EVENT_BYTES: Final = 64 * 1024
"""An event longer than this would crowd others out of its batch; see `encode`."""
LONG_TEXT: Final = 256
"""Length in characters beyond which optional texts are dropped from an event that is too long."""

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 as 64 lower-case hexadecimal digits."""


class User(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The person. E-mail, phone, names, zip, external and advertising ids are SHA-256 digests."""

    email: tuple[Digest, ...] = ()
    phone: tuple[Digest, ...] = ()
    external_id: tuple[Digest, ...] = ()
    first_name: Digest | None = None
    last_name: Digest | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    zip_code: Digest | None = None
    idfa: Digest | None = None
    gaid: Digest | None = None
    ttclid: str | None = None
    ttp: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    att_status: AttStatus | None = None


class Content(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of an order; `price` is per unit."""

    content_id: str
    content_name: str | None = None
    content_category: str | None = None
    brand: str | None = None
    price: Decimal | None = None
    quantity: int | None = None


class Properties(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was bought or looked at."""

    value: Decimal | None = None
    currency: str | None = None
    order_id: str | None = None
    search_string: str | None = None
    description: str | None = None
    num_items: int | None = None
    predicted_ltv: Decimal | None = None
    customer_type: CustomerType | None = None
    content_type: Literal["product"] | None = None
    content_ids: tuple[str, ...] = ()
    contents: tuple[Content, ...] = ()


class Page(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The web page on which it happened. TikTok reads a click id from the query of the URL, too."""

    url: str
    referrer: str | None = None


class App(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The app in which it happened: the App Store's numeric id, or the Android package name."""

    app_id: str
    app_name: str | None = None
    app_version: str | None = None


class Lead(msgspec.Struct, frozen=True, gc=False):
    """The lead that a CRM event is about, by TikTok's id."""

    lead_id: str


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One element of `data`. `event_time` is in Unix seconds."""

    event: str
    event_time: int
    event_id: str
    user: User
    properties: Properties | None = None
    page: Page | None = None
    app: App | None = None
    lead: Lead | None = None
    limited_data_use: bool = False


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """The fields sent once per request, before `data`. A test code is never inside `data`."""

    event_source: str
    event_source_id: str
    test_event_code: str | None = None


_Part = TypeVar("_Part", bound=msgspec.Struct)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_BUFFER: Final = bytearray()
"""Reused by all calls, which come from one event loop: growing it once is cheaper than growing a
new buffer for each event."""


def encode(event: Event | Envelope) -> bytes:
    """Return the JSON of `event`.

    An event of more than `MAX_EVENT_BYTES` is sent without its long optional texts and, if that is
    not enough, without its items: its value still counts, and its batch stays small.

    Raises:
        UnicodeEncodeError: A text contains half of a surrogate pair.
    """
    _ENCODER.encode_into(event, _BUFFER)
    if len(_BUFFER) <= MAX_EVENT_BYTES or isinstance(event, Envelope):
        return bytes(_BUFFER)
    event = _without_long_texts(event)
    body = _ENCODER.encode(event)
    return body if len(body) <= MAX_EVENT_BYTES else _ENCODER.encode(_without_items(event))


def _without_long_texts(event: Event) -> Event:
    properties = event.properties and replace(
        _shortened(event.properties),
        contents=tuple(_shortened(content) for content in event.properties.contents),
    )
    return replace(
        event,
        user=_shortened(event.user),
        properties=properties,
        page=event.page and _shortened(event.page),
        app=event.app and _shortened(event.app),
    )


def _without_items(event: Event) -> Event:
    properties = event.properties and replace(
        event.properties, content_type=None, content_ids=(), contents=()
    )
    return replace(event, properties=properties)


def _shortened(part: _Part) -> _Part:
    """Drop all long optional texts; what TikTok requires stays."""
    return replace(part, **{field.name: None for field in fields(part) if _is_long(part, field)})


def _is_long(part: msgspec.Struct, field: FieldInfo) -> bool:
    value = getattr(part, field.name)
    return not field.required and isinstance(value, str) and len(value) > LONG_TEXT
