"""What TikTok requires of an event beyond its shape, by event source.

If one event lacks it, TikTok refuses the whole request. Source: the parameters and supported-events
pages of TikTok's Business API documentation (v1.3, 2026). Mistakes that TikTok accepts silently are
in `relay.sandbox.tiktok.notes`.
"""

from typing import Final

from relay.sandbox import hygiene
from relay.sandbox.tiktok.schema import Event, Source, User

WEB_NAMES: Final = frozenset(
    {
        *("AddPaymentInfo", "AddToCart", "AddToWishlist", "ApplicationApproval"),
        *("CompleteRegistration", "Contact", "CustomizeProduct", "Download", "FindLocation"),
        *("InitiateCheckout", "Lead", "Purchase", "Schedule", "Search", "StartTrial"),
        *("SubmitApplication", "Subscribe", "ViewContent"),
    }
)
APP_NAMES: Final = frozenset(
    {
        *("AchieveLevel", "AddPaymentInfo", "AddToCart", "AddToWishlist", "Checkout"),
        *("CompleteTutorial", "CreateGroup", "CreateRole", "GenerateLead", "InAppADClick"),
        *("InAppADImpr", "InstallApp", "JoinGroup", "LaunchAPP", "LoanApplication"),
        *("LoanApproval", "LoanDisbursal", "Login", "Purchase", "Rate", "Registration", "Search"),
        *("SpendCredits", "StartTrial", "Subscribe", "UnlockAchievement", "ViewContent"),
    }
)
OLD_NAMES: Final = {
    "CompletePayment": "renamed to Purchase in May 2025",
    "SubmitForm": "renamed to Lead in May 2025",
    "ClickButton": "supported until 2027 only",
    "PlaceAnOrder": "supported until 2027 only",
}
"""Old names that still work, and what happened to them."""

_MISSING: Final = "missing data for required field."
_ANY_NAME: Final = frozenset({*WEB_NAMES, *OLD_NAMES})

Fault = tuple[str, str]
"""The path of the fault, relative to the event, and its description in the platform's words."""


def fault_of(event: Event, source: Source) -> Fault | None:
    """Return why TikTok refuses a well-shaped event, None if it accepts it."""
    if not event.event:
        return "event", _MISSING
    match source:
        case "web":
            fault = _web_fault(event)
        case "app":
            fault = None if event.app.app_id else ("app.app_id", _MISSING)
        case "offline":
            fault = _offline_fault(event)
        case "crm":
            fault = None if event.lead.lead_id else ("lead.lead_id", _MISSING)
    return fault or _limited_fault(event, source)


def _web_fault(event: Event) -> Fault | None:
    if not event.page.url:
        return "page.url", _MISSING
    return None if _has_match_key(event.user) else ("user", _MISSING)


def _offline_fault(event: Event) -> Fault | None:
    if event.event not in _ANY_NAME:
        return "event", "not a supported offline event."
    user = event.user
    if user.email or user.phone or user.external_id:
        return None
    return "user", _MISSING


def _limited_fault(event: Event, source: Source) -> Fault | None:
    if not event.limited_data_use or source in {"offline", "crm"}:
        return None
    if hygiene.address_kind(event.user.ip) == "public":
        return None
    return "user.ip", "a public IP address is required with limited_data_use."


def _has_match_key(user: User) -> bool:
    """Return whether anything identifies the person; a language alone does not."""
    texts = (user.email, user.phone, user.external_id, user.ttclid, user.ttp, user.ip)
    names = (user.first_name, user.last_name, user.zip_code, user.city, user.state, user.country)
    return any(texts) or any(names) or any((user.user_agent, user.idfa, user.gaid, user.idfv))
