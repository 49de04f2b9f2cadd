"""The settings of a destination: one struct for each platform, selected by `type`.

Defaults are here and nowhere else. Rules for a single key are in its type, rules between keys in
`relay.config.check`. The platforms' limits: Pinterest API v5 reference, "Send conversions" (at most
1,000 events a request, 5,000 requests a minute and ad account; in test mode the first 20 events of
a request and 10 requests a second); TikTok Events API 2.0, "Report events" (at most 1,000 events a
request, 1,000 requests a second).
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from relay.config.address import BaseUrl
from relay.config.preset import preset
from relay.config.quantity import Duration
from relay.config.secret import SecretRef

PINTEREST_TEST_EVENTS: Final = 20
PINTEREST_TEST_REQUESTS_PER_S: Final = 10.0

DestinationName = Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$")]

StandardName = Literal[
    "purchase",
    "signup",
    "lead",
    "page_view",
    "view_content",
    "view_category",
    "search",
    "add_to_cart",
    "add_to_wishlist",
    "add_payment_info",
    "initiate_checkout",
    "subscribe",
    "start_trial",
    "contact",
    "schedule",
    "find_location",
    "customize_product",
    "submit_application",
    "download",
    "watch_video",
    "app_install",
    "app_open",
]
"""The names that `events` may list. A test keeps them equal to those in `relay.event_name`."""

EventNames = Annotated[tuple[StandardName, ...], Meta(min_length=1)]
TikTokId = Annotated[
    str,
    Meta(pattern="^[A-Za-z0-9._-]{1,64}$", extra={"form": "an id in quotes, letters and digits"}),
]
EventsARequest = Annotated[
    int, Meta(ge=1, le=1000, description="Events in one request at most; the platform takes 1000.")
]
Rate = Annotated[
    float,
    Meta(
        gt=0,
        le=1000,
        description="Requests per second; one budget for all destinations with the same base_url "
        "and account or pixel.",
    ),
]
PlatformUrl = Annotated[
    BaseUrl, Meta(description="Where the platform is; plain http on loopback only.")
]


class _Destination(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What every platform shares."""

    token: Annotated[
        SecretRef | None,
        Meta(description="Where the access token is; without one the destination waits, paused."),
    ] = None
    events: Annotated[
        EventNames | None,
        Meta(
            description="Only these standard events are sent; without the key, all.",
            examples=[["purchase", "signup"]],
        ),
    ] = None
    custom_events: Annotated[
        bool, Meta(description="Send events that have no standard name, too.")
    ] = False
    consent_required: Annotated[
        bool, Meta(description="Skip events that do not carry consent.advertising.")
    ] = False
    linger: Annotated[
        Duration, Meta(description="How long a request waits for more events, at most 60s.")
    ] = preset(Duration("200ms"))
    timeout: Annotated[
        Duration, Meta(description="How long one request may take before it is tried again.")
    ] = preset(Duration("10s"))
    max_event_age: Annotated[
        Duration | None,
        Meta(
            description="Older events are dead as expired; without the key after 7d, at TikTok's "
            "offline and crm after 28d.",
            examples=["7d"],
        ),
    ] = None

    @property
    def type(self) -> str:
        """The platform, as `type` names it in the file."""
        return str(self.__struct_config__.tag)


class PinterestConfig(_Destination, frozen=True, kw_only=True, tag="pinterest"):
    """An ad account at Pinterest."""

    ad_account_id: Annotated[
        str,
        Meta(
            pattern="^[0-9]{1,18}$",
            description="The ad account, up to 18 digits; not the tag.",
            extra={"form": "up to 18 digits in quotes"},
            examples=["549755885175"],
        ),
    ]
    test: Annotated[
        bool,
        Meta(description="Pinterest checks the events and records none; 20 a request at most."),
    ] = False
    base_url: PlatformUrl = preset(BaseUrl("https://api.pinterest.com"))
    max_batch: EventsARequest = 1000
    rate: Rate = 80.0

    @property
    def max_events(self) -> int:
        """The most events in one request, with regard to the test mode."""
        return min(self.max_batch, PINTEREST_TEST_EVENTS) if self.test else self.max_batch

    @property
    def requests_per_s(self) -> float:
        """The most requests a second, with regard to the test mode."""
        return min(self.rate, PINTEREST_TEST_REQUESTS_PER_S) if self.test else self.rate


class TikTokConfig(_Destination, frozen=True, kw_only=True, tag="tiktok"):
    """The event sources of a TikTok ad account; at least one id is needed."""

    pixel_code: Annotated[
        TikTokId | None,
        Meta(
            description="The pixel for web events: its code, not the 19-digit pixel id.",
            examples=["C4K6A3Q2NE1S77JXXXXX"],
        ),
    ] = None
    app_id: Annotated[
        TikTokId | None,
        Meta(description="The TikTok App ID for app events.", examples=["7000000000000000001"]),
    ] = None
    offline_event_set_id: Annotated[
        TikTokId | None,
        Meta(description="The event set for offline events.", examples=["7000000000000000002"]),
    ] = None
    crm_event_set_id: Annotated[
        TikTokId | None,
        Meta(description="The event set for CRM events.", examples=["7000000000000000003"]),
    ] = None
    test_event_code: Annotated[
        TikTokId | None,
        Meta(
            description="From Events Manager, Test Events: nothing is recorded while it is set.",
            examples=["TEST12345"],
        ),
    ] = None
    base_url: PlatformUrl = preset(BaseUrl("https://business-api.tiktok.com"))
    max_batch: EventsARequest = 500
    rate: Rate = 50.0

    @property
    def test(self) -> bool:
        """Whether it sends in test mode."""
        return self.test_event_code is not None

    @property
    def max_events(self) -> int:
        """The most events in one request."""
        return self.max_batch

    @property
    def requests_per_s(self) -> float:
        """The most requests a second."""
        return self.rate


DestinationConfig = PinterestConfig | TikTokConfig
