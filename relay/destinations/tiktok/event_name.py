"""Standard event names → TikTok's, which differ between apps and everything else.

TikTok compares names exactly and takes one in the wrong case for a custom event, with code 0: no
campaign can then optimise on it. So a custom name that differs from one of TikTok's own only in
case is sent in TikTok's spelling. Offline event sets accept standard names only. Sources: Events
API 2.0, "Supported events"; ads.tiktok.com/help, "How to adopt TikTok's updated standard events"
(May 2025).
"""

from typing import Final, Literal

from relay.event_name import STANDARD_NAMES

EventSource = Literal["web", "app", "offline", "crm"]
"""TikTok's four kinds of event source; one request carries events of one of them."""

_SHARED: Final = {
    "purchase": "Purchase",
    "view_content": "ViewContent",
    "search": "Search",
    "add_to_cart": "AddToCart",
    "add_to_wishlist": "AddToWishlist",
    "add_payment_info": "AddPaymentInfo",
    "subscribe": "Subscribe",
    "start_trial": "StartTrial",
}
_PAGE: Final = _SHARED | {
    "signup": "CompleteRegistration",
    "lead": "Lead",
    "initiate_checkout": "InitiateCheckout",
    "contact": "Contact",
    "schedule": "Schedule",
    "find_location": "FindLocation",
    "customize_product": "CustomizeProduct",
    "submit_application": "SubmitApplication",
    "download": "Download",
}
_APP: Final = _SHARED | {
    "signup": "Registration",
    "lead": "GenerateLead",
    "initiate_checkout": "Checkout",
    "app_install": "InstallApp",
    "app_open": "LaunchAPP",
}
_BY_STANDARD_NAME: Final[dict[EventSource, dict[str, str]]] = {
    "web": _PAGE,
    "app": _APP,
    "offline": _PAGE,
    "crm": _PAGE,
}

# TikTok's own names without a standard name; the last two end in 2027.
_PAGE_ONLY_AT_TIKTOK: Final = ("ApplicationApproval", "ClickButton", "PlaceAnOrder")
_APP_ONLY_AT_TIKTOK: Final = (
    *("AchieveLevel", "CompleteTutorial", "CreateGroup", "CreateRole", "InAppADClick"),
    *("InAppADImpr", "JoinGroup", "LoanApplication", "LoanApproval", "LoanDisbursal", "Login"),
    *("Rate", "SpendCredits", "UnlockAchievement"),
)


def _by_lower_case(names: tuple[str, ...]) -> dict[str, str]:
    return {name.lower(): name for name in names}


_PAGE_SPELLING: Final = _by_lower_case((*_PAGE.values(), *_PAGE_ONLY_AT_TIKTOK))
_APP_SPELLING: Final = _by_lower_case((*_APP.values(), *_APP_ONLY_AT_TIKTOK))


def platform_name(event: str, source: EventSource, *, custom_events: bool) -> str | None:
    """Return TikTok's name for `event` from `source`, or None if it is not sent."""
    name = _BY_STANDARD_NAME[source].get(event)
    if name is not None or event in STANDARD_NAMES:
        return name
    if not custom_events or source == "offline":
        return None
    spelling = _APP_SPELLING if source == "app" else _PAGE_SPELLING
    return spelling.get(event.lower(), event)
