"""Maps a conversion to a TikTok event, or returns the reason why it is not sent.

Pure, and cheap, since it runs once per event. TikTok defines what each event source takes and needs
(Events API 2.0, "Parameters" and the set-up guides per source, 2026). Nothing here hashes, encodes
or knows about requests. A value that TikTok could not read is left out: one bad event makes it
refuse the whole request.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

from relay.conversion import Conversion, Item
from relay.delivery import Skip, Unusable
from relay.destinations.tiktok.event_name import EventSource
from relay.destinations.tiktok.payload import App, Content, Event, Lead, Page, Properties, User
from relay.event import ActionSource, CustomerType
from relay.identity import Identity

EVENT_SOURCE: Final[dict[ActionSource, EventSource]] = {
    "web": "web",
    "app_android": "app",
    "app_ios": "app",
    "offline": "offline",
    "crm": "crm",
}

MAX_TTCLID: Final = 1000
"""The longest click id ("Send TikTok Click ID", 2026). A truncated one matches nobody."""

LIMITED: Final = Skip("limited")
_NO_IDENTIFIER: Final = Unusable(
    "no_identifier", "user", "nothing that TikTok can match this event to a person by"
)
_MISSING: Final[dict[EventSource, Unusable]] = {
    "web": Unusable("invalid_event", "page.url", "TikTok needs the page URL of a web event"),
    "app": Unusable("invalid_event", "app.id", "TikTok needs the app id of an app event"),
    "crm": Unusable("invalid_event", "lead.id", "TikTok needs the lead id of a CRM event"),
}

# A larger amount can only be a mistake, and 1E+999 breaks parsers.
_AMOUNT_LIMIT: Final = Decimal(10**15)
_ZERO: Final = Decimal(0)
_NOTHING: Final = Properties()


def event_of(conversion: Conversion, name: str, source: EventSource) -> Event | Skip | Unusable:
    """Return `conversion` in TikTok's format under its event `name`, or why it is not sent."""
    if conversion.limited_data_use and not _may_limit(conversion, source):
        return LIMITED
    if not _has_required(conversion, source):
        return _MISSING[source]
    user = user_of(conversion, source)
    if source != "crm" and not _is_matchable(user):
        return LIMITED if _denies_tracking(conversion) else _NO_IDENTIFIER
    return Event(
        name,
        conversion.event_time,
        conversion.event_id,
        user,
        _properties(conversion, source),
        _page(conversion) if source == "web" else None,
        _app(conversion) if source == "app" else None,
        _lead(conversion) if source == "crm" else None,
        conversion.limited_data_use,
    )


def user_of(conversion: Conversion, source: EventSource) -> User:
    """Return the person in TikTok's keys, for an event from `source`.

    If the person denied tracking on iOS, nothing that identifies them is sent: TikTok would not use
    it ("att_status"), so it stays here.
    """
    identity = conversion.identity
    if _denies_tracking(conversion):
        return User(
            ip=identity.ip,
            user_agent=identity.user_agent,
            locale=identity.locale,
            att_status=identity.att_status,
        )
    if source == "web":
        return _web_user(identity)
    if source == "app":
        return _app_user(identity, conversion.action_source)
    return _filed_user(identity, identity.external_id if source == "crm" else ())


def _web_user(identity: Identity) -> User:
    ttclid = identity.ttclid
    return User(
        identity.email_trimmed,
        identity.phone_e164,
        identity.external_id,
        identity.first_name_letters,
        identity.last_name_letters,
        identity.city_plain,
        identity.state_plain,
        identity.country_plain,
        identity.zip_compact,
        None,  # idfa
        None,  # gaid
        ttclid if ttclid is None or len(ttclid) <= MAX_TTCLID else None,
        identity.ttp,
        identity.ip,
        identity.user_agent,
        identity.locale,
    )


def _app_user(identity: Identity, action_source: ActionSource) -> User:
    ios = action_source == "app_ios"
    return User(
        email=identity.email_trimmed,
        phone=identity.phone_e164,
        first_name=identity.first_name_letters,
        last_name=identity.last_name_letters,
        city=identity.city_plain,
        state=identity.state_plain,
        country=identity.country_plain,
        zip_code=identity.zip_compact,
        idfa=identity.mobile_ad_id_upper if ios else None,
        gaid=None if ios else identity.mobile_ad_id_lower,
        ip=identity.ip,
        user_agent=identity.user_agent,
        locale=identity.locale,
        att_status=identity.att_status if ios else None,
    )


def _filed_user(identity: Identity, external_id: tuple[str, ...]) -> User:
    return User(
        email=identity.email_trimmed,
        phone=identity.phone_e164,
        external_id=external_id,
        first_name=identity.first_name_letters,
        last_name=identity.last_name_letters,
        city=identity.city_plain,
        state=identity.state_plain,
        country=identity.country_plain,
        zip_code=identity.zip_compact,
    )


def _may_limit(conversion: Conversion, source: EventSource) -> bool:
    """Return whether TikTok can honour limited data use: it derives the region from the IP address.

    Offline and CRM events have no such flag; the person's choice is respected by not sending them.
    """
    return source in ("web", "app") and bool(conversion.identity.ip)


def _denies_tracking(conversion: Conversion) -> bool:
    return conversion.action_source == "app_ios" and conversion.identity.att_status == "DENIED"


def _has_required(conversion: Conversion, source: EventSource) -> bool:
    if source == "web":
        return bool(conversion.page_url)
    if source == "app":
        return conversion.app is not None and bool(conversion.app.id)
    return source == "offline" or bool(conversion.lead_id)


def _is_matchable(user: User) -> bool:
    """Return whether anything singles out a person; a CRM event has its lead id and needs nothing.

    A name or a city alone does not, nor does an IP address without a user agent.
    """
    return bool(
        user.email
        or user.phone
        or user.external_id
        or user.idfa
        or user.gaid
        or user.ttclid
        or user.ttp
        or (user.ip and user.user_agent)
    )


def customer_type_of(conversion: Conversion, source: EventSource) -> CustomerType | None:
    """Return whether the customer is new; TikTok takes it for web and app events only."""
    return conversion.identity.customer_type if source in ("web", "app") else None


def _properties(conversion: Conversion, source: EventSource) -> Properties | None:
    """Return what is known of the order, if anything; TikTok takes no name or category of it."""
    customer_type = customer_type_of(conversion, source)
    order = conversion.order
    if order is None:
        return None if customer_type is None else Properties(customer_type=customer_type)
    contents = tuple([_content(item) for item in order.items if item.id])
    found = Properties(
        _amount(order.value),
        order.currency or None,
        order.order_id or None,
        order.search_string or None,
        order.description or None,
        order.num_items,
        _amount(order.predicted_ltv),
        customer_type,
        "product" if contents else None,
        tuple([content.content_id for content in contents]),
        contents,
    )
    return found if contents or found != _NOTHING else None


def _content(item: Item) -> Content:
    return Content(
        item.id,
        item.name or None,
        item.category or None,
        item.brand or None,
        _amount(item.price),
        item.quantity,
    )


def _amount(amount: Decimal | None) -> Decimal | None:
    """Return the amount if TikTok can read it: not negative, finite, below 10^15."""
    if amount is None:
        return None
    try:
        return amount if _ZERO <= amount < _AMOUNT_LIMIT else None
    except InvalidOperation:  # not a number
        return None


def _page(conversion: Conversion) -> Page:
    return Page(conversion.page_url or "", conversion.page_referrer or None)


def _app(conversion: Conversion) -> App | None:
    app = conversion.app
    return None if app is None else App(app.id, app.name or None, app.version or None)


def _lead(conversion: Conversion) -> Lead:
    return Lead(conversion.lead_id or "")
