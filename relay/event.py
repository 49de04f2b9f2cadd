"""The inbound event that a shop posts or publishes: one struct per level, decoded strictly.

These structs are the contract with producers; `schemas/event.schema.json` is generated from them.
An unknown key, a wrong type or a value out of bounds is an error that names its path. These objects
are the only ones with raw PII, and only until `relay.intake` has hashed it: they are never stored,
logged or printed (their `repr` shows no value).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_ITEMS = 200
MAX_IDENTIFIERS = 10
MAX_DESTINATIONS = 100
MAX_TEXT = 8192
"""The most characters of any free text. A longer one is an error, code `out_of_range`."""
MAX_EVENT_ID = 256
"""The most characters of an event id; of an integer, its decimal text counts."""
MAX_AMOUNT = 10**15
RFC_3339 = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
"""The form of a time with its offset, for the schema; `relay.intake.moment` parses it."""

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
EventName = Annotated[str, Meta(min_length=1, max_length=100)]
EventId = Annotated[str, Meta(min_length=1, max_length=MAX_EVENT_ID)]
Identifier = Annotated[list[Text | None], Meta(max_length=MAX_IDENTIFIERS)]
ExternalIds = Annotated[list[Text | int | None], Meta(max_length=MAX_IDENTIFIERS)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Written = str | int | float
"""A number, or a decimal string: `relay.intake.money` parses both and checks their bounds."""
Amount = Annotated[
    Written,
    Meta(
        extra_json_schema={
            "format": "decimal",
            "minimum": 0,
            "exclusiveMaximum": MAX_AMOUNT,
            "pattern": r"^[0-9]{1,15}(\.[0-9]{1,20})?$",
        }
    ),
]
SignedAmount = Annotated[
    Written,
    Meta(
        extra_json_schema={
            "format": "decimal",
            "exclusiveMinimum": -MAX_AMOUNT,
            "exclusiveMaximum": MAX_AMOUNT,
            "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,20})?$",
        }
    ),
]

ActionSource = Literal["web", "app_android", "app_ios", "offline", "crm"]
APP_SOURCES = frozenset({"app_android", "app_ios"})
AttStatus = Literal["AUTHORIZED", "DENIED", "NOT_DETERMINED", "RESTRICTED", "NOT_APPLICABLE"]
CustomerType = Literal["new", "returning"]


class _Inbound(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The base of all levels: unknown keys are errors, and `repr` shows no values."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class User(_Inbound):
    """The person. At least one identifier must be usable after normalisation.

    Identifiers are sent raw, or already as SHA-256 in 64 hexadecimal digits of either case.
    """

    email: Annotated[Text | Identifier | None, Meta(description="Address, or several.")] = None
    phone: Annotated[
        Text | Identifier | None,
        Meta(
            description="Phone number, or several; a national one takes its country from "
            "`country`, else from the settings."
        ),
    ] = None
    external_id: Annotated[
        Text | int | ExternalIds | None,
        Meta(description="The shop's own id of the person, or several."),
    ] = None
    first_name: Annotated[Text | None, Meta(description="Given name.")] = None
    last_name: Annotated[Text | None, Meta(description="Family name.")] = None
    gender: Annotated[Text | None, Meta(description="`f`, `m` or `n`, or the English word.")] = None
    birth_date: Annotated[Text | None, Meta(description="ISO 8601, such as `1990-12-31`.")] = None
    city: Annotated[Text | None, Meta(description="Hashed, it goes to Pinterest only.")] = None
    state: Annotated[
        Text | None, Meta(description="State or region; a hashed one goes to Pinterest only.")
    ] = None
    zip: Annotated[Text | None, Meta(description="Postal code.")] = None
    country: Annotated[
        Text | None, Meta(description="ISO 3166-1 code; a hashed one goes to Pinterest only.")
    ] = None
    mobile_ad_id: Annotated[
        Text | None, Meta(description="IDFA or GAID; stored and sent hashed.")
    ] = None
    ip: Annotated[
        Text | None, Meta(description="The visitor's own public address, sent as it is.")
    ] = None
    user_agent: Annotated[
        Text | None, Meta(description="The visitor's browser, sent as it is.")
    ] = None
    locale: Annotated[Text | None, Meta(description="BCP 47, such as `de-DE`.")] = None
    epik: Annotated[
        Text | None,
        Meta(description="Pinterest's click id, from its cookie; if absent, that of `page.url`."),
    ] = None
    ttclid: Annotated[
        Text | None, Meta(description="TikTok's click id; if absent, that of `page.url`.")
    ] = None
    ttp: Annotated[Text | None, Meta(description="TikTok's cookie id.")] = None
    att_status: Annotated[
        Text | None,
        Meta(description="iOS: App Tracking Transparency's answer, such as `AUTHORIZED`."),
    ] = None
    customer_type: Annotated[
        CustomerType | None, Meta(description="Whether the person bought before.")
    ] = None


class Item(_Inbound):
    """One line of an order; `price` is per unit."""

    id: Annotated[Text | int, Meta(description="The id in the shop's product catalogue.")]
    name: Annotated[Text | None, Meta(description="What it is called.")] = None
    category: Annotated[Text | None, Meta(description="Where it belongs in the shop.")] = None
    brand: Annotated[Text | None, Meta(description="Who makes it.")] = None
    price: Annotated[SignedAmount | None, Meta(description="Price of one unit.")] = None
    quantity: Annotated[Count | None, Meta(description="How many; 1 if absent.")] = None


class Order(_Inbound):
    """What was bought or looked at; `value` is the total before tax and shipping."""

    value: Annotated[Amount | None, Meta(description="Total before tax and shipping.")] = None
    currency: Annotated[
        Text | None,
        Meta(
            description="ISO 4217, any case; a purchase with `value` needs it.",
            extra_json_schema={"pattern": "^[A-Za-z]{3}$"},
        ),
    ] = None
    order_id: Annotated[Text | int | None, Meta(description="The shop's number of the order.")] = (
        None
    )
    search_string: Annotated[
        Text | None, Meta(description="What was searched for; e-mail addresses are cut out.")
    ] = None
    content_name: Annotated[Text | None, Meta(description="Name of the page or product.")] = None
    content_category: Annotated[
        Text | None, Meta(description="Category of the page or product.")
    ] = None
    description: Annotated[
        Text | None, Meta(description="Free text, for TikTok; e-mail addresses are cut out.")
    ] = None
    num_items: Annotated[
        Count | None,
        Meta(description="How many units; if absent, the sum of the items' quantities."),
    ] = None
    predicted_ltv: Annotated[
        SignedAmount | None, Meta(description="What the person is expected to spend in all.")
    ] = None
    items: Annotated[
        Annotated[list[Item], Meta(max_length=MAX_ITEMS)] | None,
        Meta(description="The lines of the order."),
    ] = None


class Page(_Inbound):
    """The web page on which it happened; e-mail addresses are cut out of its URLs."""

    url: Annotated[
        Text | None, Meta(description="Address of the page; TikTok needs it for `web` events.")
    ] = None
    referrer: Annotated[Text | None, Meta(description="Address of the page before.")] = None


class App(_Inbound):
    """The app in which it happened, by the App Store's numeric id or the Android package name."""

    id: Annotated[Text | int, Meta(description="Its id in the store.")]
    name: Annotated[Text | None, Meta(description="What it is called.")] = None
    version: Annotated[Text | None, Meta(description="Its version.")] = None


class Lead(_Inbound):
    """The platform's id of the lead, for `crm` events."""

    id: Annotated[
        Text | int | None,
        Meta(description="The id that the platform gave the lead; `crm` events need it."),
    ] = None


class Consent(_Inbound):
    """What the person allowed; an absent value means that the shop did not say."""

    advertising: Annotated[
        bool | None, Meta(description="False keeps the event from every platform.")
    ] = None
    limited_data_use: Annotated[
        bool | None, Meta(description="Has the platforms limit what they do with the event.")
    ] = None


class InboundEvent(_Inbound):
    """One conversion as a producer sends it."""

    event: Annotated[
        EventName, Meta(description="A standard name, an alias of one, or a custom name.")
    ]
    event_id: Annotated[
        EventId | int,
        Meta(
            description="The deduplication id, never changed; the shop's browser pixel must send "
            "the same one."
        ),
    ]
    event_time: Annotated[
        Text | int | float,
        Meta(
            description="RFC 3339, or Unix seconds; a number from 10^11 on is milliseconds. At "
            "most 60 s ahead of the relay's clock.",
            extra_json_schema={"format": "date-time", "pattern": RFC_3339, "minimum": 0},
        ),
    ]
    user: Annotated[User, Meta(description="Who did it.")]
    action_source: Annotated[
        ActionSource | None, Meta(description="Where it happened; `web` if absent.")
    ] = None
    order: Annotated[Order | None, Meta(description="What was bought or looked at.")] = None
    page: Annotated[Page | None, Meta(description="Where it happened on the web.")] = None
    app: Annotated[App | None, Meta(description="The app it happened in.")] = None
    lead: Annotated[Lead | None, Meta(description="The lead it is about.")] = None
    consent: Annotated[Consent | None, Meta(description="What the person allowed.")] = None
    destinations: Annotated[
        Annotated[list[Text], Meta(max_length=MAX_DESTINATIONS)] | None,
        Meta(description="Deliver only to these configured destinations."),
    ] = None
    custom: Annotated[
        dict[str, str | int | float | bool | None] | None,
        Meta(
            description="The shop's own remarks: checked, then forgotten, neither stored nor sent."
        ),
    ] = None
