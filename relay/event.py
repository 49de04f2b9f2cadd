"""The inbound event: what a shop posts or publishes, one struct a level, decoded strictly.

These structs are the contract with producers; `schemas/event.schema.json` is generated from them.
An unknown key, a wrong type or a value out of bounds is an error that names its path. Raw PII
lives in these objects only, and only until `relay.intake` has hashed it: they are never stored,
logged or printed (their `repr` shows no value).
"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_ITEMS = 200
MAX_IDENTIFIERS = 10
MAX_TEXT = 8192
"""Characters of any free text. A longer one is an error, code `out_of_range`."""

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
EventName = Annotated[str, Meta(min_length=1, max_length=100)]
EventId = Annotated[str, Meta(min_length=1, max_length=256)]
Identifier = Annotated[list[Text | None], Meta(max_length=MAX_IDENTIFIERS)]
ExternalIds = Annotated[list[Text | int | None], Meta(max_length=MAX_IDENTIFIERS)]
Count = Annotated[int, Meta(ge=0, le=2**53)]

ActionSource = Literal["web", "app_android", "app_ios", "offline", "crm"]
AttStatus = Literal["AUTHORIZED", "DENIED", "NOT_DETERMINED", "RESTRICTED", "NOT_APPLICABLE"]
CustomerType = Literal["new", "returning"]


class _Inbound(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What all levels share: strict keys, and a `repr` without values."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class User(_Inbound):
    """Who did it. At least one identifier must be usable after normalisation.

    The identifiers are raw, or already SHA-256 as 64 hexadecimal digits of any case.
    """

    email: Text | Identifier | None = None
    phone: Text | Identifier | None = None
    external_id: Text | int | ExternalIds | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    gender: Text | None = None
    birth_date: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    country: Text | None = None
    mobile_ad_id: Text | None = None
    ip: Text | None = None
    user_agent: Text | None = None
    locale: Text | None = None
    epik: Text | None = None
    ttclid: Text | None = None
    ttp: Text | None = None
    att_status: AttStatus | None = None
    customer_type: CustomerType | None = None


class Item(_Inbound):
    """One line of an order; `price` is per unit."""

    id: Text | int
    name: Text | None = None
    category: Text | None = None
    brand: Text | None = None
    price: Decimal | None = None
    quantity: Count | None = None


class Order(_Inbound):
    """What was bought or looked at; `value` is the total before tax and shipping."""

    value: Decimal | None = None
    currency: Text | None = None
    order_id: Text | int | None = None
    search_string: Text | None = None
    content_name: Text | None = None
    content_category: Text | None = None
    description: Text | None = None
    num_items: Count | None = None
    predicted_ltv: Decimal | None = None
    items: Annotated[list[Item], Meta(max_length=MAX_ITEMS)] | None = None


class Page(_Inbound):
    """Where it happened on the web; e-mail addresses in a query are cut out."""

    url: Text | None = None
    referrer: Text | None = None


class App(_Inbound):
    """The app it happened in: the App Store's numeric id, or the Android package name."""

    id: Text | int
    name: Text | None = None
    version: Text | None = None


class Lead(_Inbound):
    """The platform's id of the lead, for `crm` events."""

    id: Text | int


class Consent(_Inbound):
    """What the person allowed; absent means that the shop did not say."""

    advertising: bool | None = None
    limited_data_use: bool | None = None


class InboundEvent(_Inbound):
    """One conversion as a producer sends it."""

    event: EventName
    event_id: EventId | int
    event_time: Text | int | float
    user: User
    action_source: ActionSource | None = None
    order: Order | None = None
    page: Page | None = None
    app: App | None = None
    lead: Lead | None = None
    consent: Consent | None = None
    destinations: Annotated[list[Text], Meta(max_length=100)] | None = None
    custom: dict[str, str | int | float | bool | None] | None = None
