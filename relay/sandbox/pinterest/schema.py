"""The shape of a request to Pinterest's Conversions API, as strict as its published schema.

It follows the OpenAPI description 5.23.0 of December 2025 (github.com/pinterest/api-description,
`ConversionEvents`): unknown keys are allowed in `user_data` only, amounts and ids are strings, and
only the fields marked as nullable may be null. It deliberately shares nothing with the relay's own
structs: two readings of one document check one another.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Strings = tuple[str, ...]
Text35 = Annotated[str, Meta(max_length=35)]
Text40 = Annotated[str, Meta(max_length=40)]
Text100 = Annotated[str, Meta(max_length=100)]
Text200 = Annotated[str, Meta(max_length=200)]
Pixels = Annotated[int, Meta(ge=0, le=30_720)]
Gigabytes = Annotated[int, Meta(ge=0, le=1_048_576)]

FormFactor = Literal[
    "desktop", "laptop", "cellphone", "tablet", "smartwatch", "tv", "vr", "console", "other"
]
NetworkType = Literal[
    "wifi",
    "cellular_2g",
    "cellular_3g",
    "cellular_4g",
    "cellular_5g",
    "cellular_6g",
    "ethernet",
    "unknown",
]
OsFamily = Literal["ios", "android", "macos", "windows", "linux", "bsd", "other"]


class UserData(msgspec.Struct, gc=False):
    """The person; the only object that may have further keys."""

    em: Strings = ()
    ph: Strings = ()
    ge: Strings = ()
    db: Strings = ()
    ln: Strings = ()
    fn: Strings = ()
    ct: Strings = ()
    st: Strings = ()
    zp: Strings = ()
    country: Strings = ()
    external_id: Strings = ()
    hashed_maids: Strings = ()
    client_ip_address: str = ""
    client_user_agent: str = ""
    click_id: str | None = None
    partner_id: str | None = None
    customer_type: str = ""
    """Only in descriptions newer than 5.23.0; never refused, since the object may have any keys."""


class Content(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One line of an order."""

    id: str = ""
    item_name: str = ""
    item_category: str = ""
    item_brand: str = ""
    item_price: str = ""
    quantity: Int64 = 0


class CustomData(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What was bought or viewed."""

    currency: str | None = None
    value: str | None = None
    predicted_ltv: str | None = None
    num_items: Int64 = 0
    order_id: str | None = None
    search_string: str | None = None
    content_ids: Strings = ()
    content_name: str | None = None
    content_category: str | None = None
    content_brand: str | None = None
    contents: tuple[Content, ...] = ()
    opt_out_type: str | None = None
    np: str | None = None
    external_measurement_id: str | None = None
    external_measurement_vendor_id: int | None = None


class AppInfo(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The app it happened in."""

    app_id: Text200 = ""
    app_name: Text200 = ""
    app_package_name: Text200 = ""
    app_store: Text100 = ""
    app_version: Text100 = ""
    user_agent: Annotated[str, Meta(max_length=16_384)] = ""
    install_time: Annotated[int, Meta(ge=0)] = 0
    window_width: Pixels = 0
    window_height: Pixels = 0


class DeviceInfo(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The device it happened on."""

    battery_level: Annotated[int, Meta(ge=0, le=100)] = 0
    brand: Text100 = ""
    carrier: Text100 = ""
    cpu_cores: Annotated[int, Meta(ge=0, le=1_152)] = 0
    external_storage_free_space: Gigabytes = 0
    external_storage_size: Gigabytes = 0
    form_factor: FormFactor | msgspec.UnsetType = msgspec.UNSET
    kernel_version: Text100 = ""
    languages: Annotated[Strings, Meta(max_length=100)] = ()
    locale: Text35 = ""
    model: Text100 = ""
    network_type: NetworkType | msgspec.UnsetType = msgspec.UNSET
    os_family: OsFamily | msgspec.UnsetType = msgspec.UNSET
    os_name: Text100 = ""
    os_release_name: Text100 = ""
    os_version: Text100 = ""
    screen_density: Annotated[int, Meta(ge=0, le=100_000)] = 0
    screen_height: Pixels = 0
    screen_width: Pixels = 0
    storage_free_space: Gigabytes = 0
    storage_size: Gigabytes = 0
    timezone: Text40 = ""
    timezone_abbr: Annotated[str, Meta(max_length=5)] = ""
    type: Text100 = ""


class Event(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One conversion."""

    event_name: str
    action_source: str
    event_time: Int64
    event_id: str
    user_data: UserData
    event_source_url: str | None = None
    opt_out: bool = False
    partner_name: str | None = None
    language: str | None = None
    wifi: bool = False
    app_id: str | None = None
    app_name: str | None = None
    app_version: str | None = None
    device_brand: str | None = None
    device_carrier: str | None = None
    device_model: str | None = None
    device_type: str | None = None
    os_version: str | None = None
    custom_data: CustomData = msgspec.field(default_factory=CustomData)
    app_info: AppInfo | msgspec.UnsetType = msgspec.UNSET
    device_info: DeviceInfo | msgspec.UnsetType = msgspec.UNSET


class ConversionEvents(msgspec.Struct, forbid_unknown_fields=True):
    """The body: at most 1,000 events, each still undecoded."""

    data: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=1_000)]


class Result(msgspec.Struct, gc=False, omit_defaults=True):
    """The result of one event; an absent text is empty, null or left out."""

    status: str
    error_message: str | msgspec.UnsetType | None = msgspec.UNSET
    warning_message: str | msgspec.UnsetType | None = msgspec.UNSET


class Results(msgspec.Struct, gc=False):
    """The results of a request (`ConversionApiResponse`), one per event, in order."""

    num_events_received: int
    num_events_processed: int
    events: list[Result]


class DetailedResults(msgspec.Struct, kw_only=True):
    """The answer to a request with refused events, with the results at the top level."""

    code: int
    message: str
    num_events_received: int
    num_events_processed: int
    events: list[Result]


class Error(msgspec.Struct, omit_defaults=True):
    """The answer to a refused request (`Error`, `DetailedError`)."""

    code: int
    message: str
    status: str | msgspec.UnsetType = msgspec.UNSET
    details: Results | msgspec.UnsetType = msgspec.UNSET
