"""The structs of a Pinterest Conversions API request, one per level, in documented order.

Source: Pinterest's OpenAPI description v5, 5.23.0 (https://github.com/pinterest/api-description,
2025-12-11), schema `ConversionEvents`. An unknown key anywhere but in `user_data` makes the whole
request fail, and so does a null or a number in place of a string. So absent values are left out,
and amounts are strings. Only keys that the relay sends are declared here; the only rule is the size
of an event.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from relay.event import CustomerType

MAX_EVENT_BYTES: Final = 64 * 1024
"""An event longer than this would crowd others out of its batch; see `encode`."""
LONG_TEXT: Final = 1024
"""Length in characters beyond which optional texts are dropped from an event that is too long."""

Digests = tuple[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")], ...]
"""SHA-256 digests, each 64 lower-case hexadecimal digits."""

PinterestSource = Literal["web", "app_android", "app_ios", "offline"]


class UserData(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The person; the only level that accepts unknown keys."""

    em: Digests = ()
    ph: Digests = ()
    ge: Digests = ()
    db: Digests = ()
    ln: Digests = ()
    fn: Digests = ()
    ct: Digests = ()
    st: Digests = ()
    zp: Digests = ()
    country: Digests = ()
    external_id: Digests = ()
    hashed_maids: Digests = ()
    client_ip_address: str | None = None
    client_user_agent: str | None = None
    click_id: str | None = None
    customer_type: CustomerType | None = None
    """Newer than 5.23.0; harmless before that, since this level accepts unknown keys."""


class Content(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of an order; `item_price` is per unit."""

    id: str
    item_name: str | None = None
    item_category: str | None = None
    item_brand: str | None = None
    item_price: str | None = None
    quantity: int | None = None


class CustomData(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was bought or looked at; `value` is the total before tax and shipping."""

    currency: str | None = None
    value: str | None = None
    predicted_ltv: str | None = None
    num_items: int | None = None
    order_id: str | None = None
    search_string: str | None = None
    content_ids: list[str] | None = None
    content_name: str | None = None
    content_category: str | None = None
    contents: list[Content] | None = None
    opt_out_type: Literal["LDP"] | None = None


class AppInfo(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The app in which it happened; since 5.16.0 in place of flat keys."""

    app_id: str | None = None
    app_name: str | None = None
    app_version: str | None = None


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One element of `data`; `event_time` is in Unix seconds."""

    event_name: str
    action_source: PinterestSource
    event_time: int
    event_id: str
    user_data: UserData
    event_source_url: str | None = None
    custom_data: CustomData | None = None
    language: str | None = None
    app_info: AppInfo | None = None


_ENCODER: Final = msgspec.json.Encoder()
_BUFFER: Final = bytearray()
"""Reused by all calls, which come from one event loop: growing it once is cheaper than growing a
new buffer for each event."""


def encode(event: Event) -> bytes:
    """Return the JSON of `event`.

    An event of more than `MAX_EVENT_BYTES` is sent without its items and long texts: its value
    still counts, and its batch stays small.

    Raises:
        UnicodeEncodeError: A text contains half of a surrogate pair.
    """
    _ENCODER.encode_into(event, _BUFFER)
    return bytes(_BUFFER) if len(_BUFFER) <= MAX_EVENT_BYTES else _ENCODER.encode(_slimmed(event))


def _slimmed(event: Event) -> Event:
    data = event.custom_data or CustomData()
    return replace(
        event,
        event_source_url=_unless_long(event.event_source_url),
        custom_data=replace(
            data,
            order_id=_unless_long(data.order_id),
            search_string=_unless_long(data.search_string),
            content_ids=None,
            content_name=_unless_long(data.content_name),
            content_category=_unless_long(data.content_category),
            contents=None,
        ),
    )


def _unless_long(text: str | None) -> str | None:
    return text if text is not None and len(text) <= LONG_TEXT else None
