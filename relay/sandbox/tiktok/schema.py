"""The shape of a request to TikTok's Events API 2.0, as its parameters page describes it.

The page is "Report App, Web, Offline, or CRM Events" of TikTok's Business API documentation (v1.3,
2026). TikTok checks the types of the keys that it knows and ignores other keys, so these structs
allow them; `relay.sandbox.tiktok.notes` lists them. It deliberately shares nothing with the relay's
own structs: two readings of one document check one another.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Source = Literal["web", "app", "offline", "crm"]
Texts = str | tuple[str, ...]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
AttStatus = Literal["", "AUTHORIZED", "DENIED", "NOT_DETERMINED", "RESTRICTED", "NOT_APPLICABLE"]


class User(msgspec.Struct, gc=False):
    """The person."""

    email: Texts = ()
    phone: Texts = ()
    external_id: Texts = ()
    first_name: str = ""
    last_name: str = ""
    zip_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    ttclid: str = ""
    ttp: str = ""
    ip: str = ""
    user_agent: str = ""
    locale: str = ""
    idfa: str = ""
    gaid: str = ""
    idfv: str = ""
    att_status: AttStatus = ""


class Content(msgspec.Struct, gc=False):
    """One line of an order; `price` is per unit."""

    content_id: str = ""
    price: float = 0
    quantity: int = 0
    content_name: str = ""
    content_category: str = ""
    brand: str = ""
    content_type: str = ""


class Properties(msgspec.Struct, gc=False):
    """What was bought or viewed."""

    value: float | None = None
    currency: str = ""
    contents: tuple[Content, ...] = ()
    content_type: Literal["", "product", "product_group"] = ""
    content_ids: tuple[str, ...] = ()
    num_items: int = 0
    search_string: str = ""
    query: str = ""
    description: str = ""
    order_id: str = ""
    shop_id: str = ""
    customer_type: Literal["", "new", "returning"] = ""
    status: str = ""
    event_channel: str = ""
    delivery_category: Literal["", "in_store", "curbside", "home_delivery"] = ""
    predicted_ltv: float = 0


class Page(msgspec.Struct, gc=False):
    """The web page it happened on."""

    url: str = ""
    referrer: str = ""


class App(msgspec.Struct, gc=False):
    """The app it happened in."""

    app_id: str = ""
    app_name: str = ""
    app_version: str = ""


class Lead(msgspec.Struct, gc=False):
    """The lead it belongs to."""

    lead_id: str = ""
    lead_event_source: str = ""


class Event(msgspec.Struct, gc=False):
    """One conversion."""

    event: str
    event_time: Int64
    event_id: str = ""
    user: User = msgspec.field(default_factory=User)
    properties: Properties = msgspec.field(default_factory=Properties)
    page: Page = msgspec.field(default_factory=Page)
    app: App = msgspec.field(default_factory=App)
    lead: Lead = msgspec.field(default_factory=Lead)
    ad: dict[str, Any] = msgspec.field(default_factory=dict)
    limited_data_use: bool = False


class Track(msgspec.Struct):
    """The body: one event source, and at most 1,000 events, each still undecoded."""

    event_source: Source
    event_source_id: Annotated[str, Meta(min_length=1)]
    data: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=1_000)]
    test_event_code: str = ""
    partner_name: str = ""


class FailedEvent(msgspec.Struct):
    """A refused event of a partial success; documented for older endpoints only."""

    order_in_batch: int
    error: str


class Data(msgspec.Struct, omit_defaults=True):
    """The `data` of an answer; empty except for a partial success."""

    failed_events: list[FailedEvent] | msgspec.UnsetType = msgspec.UNSET


class Envelope(msgspec.Struct):
    """What every answer of TikTok's own looks like."""

    code: int
    message: str
    request_id: str
    data: Data = msgspec.field(default_factory=Data)
