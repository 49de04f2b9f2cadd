"""The standard event names and their aliases.

A shop may call a purchase `purchase`, `Order Completed` or `CompletePayment`; here it becomes one
canonical name. Names are compared without case, spaces, hyphens and underscores. An unknown name is
a custom event and keeps its own spelling. Sources of the aliases: Segment's e-commerce spec, GA4
recommended events, Meta standard events, Shopify's pixel events and webhook topics, Pinterest's and
TikTok's own event lists (all as of November 2026).
"""

from enum import IntEnum
from typing import Final

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "purchase": (
        *("Order Completed", "checkout", "checkout_completed", "CompletePayment"),
        *("orders/paid", "orders/create"),
    ),
    "signup": ("Signed Up", "sign_up", "CompleteRegistration", "Registration", "customers/create"),
    "lead": ("Generate Lead", "Lead Generated", "Form Submitted", "SubmitForm"),
    "page_view": ("page", "page_viewed", "page_visit"),
    "view_content": ("Product Viewed", "view_item"),
    "view_category": (
        *("Product List Viewed", "Category Viewed", "Product Category Viewed"),
        *("view_item_list", "collection_viewed"),
    ),
    "search": (
        *("Products Searched", "Product List Filtered"),
        *("view_search_results", "search_submitted"),
    ),
    "add_to_cart": ("Product Added", "product_added_to_cart"),
    "add_to_wishlist": ("Product Added to Wishlist",),
    "add_payment_info": ("Payment Info Entered", "payment_info_submitted"),
    "initiate_checkout": ("Checkout Started", "begin_checkout", "checkouts/create"),
    "subscribe": ("Subscription Created", "subscription_contracts/create"),
    "start_trial": ("Trial Started",),
    "contact": ("Callback Started",),
    "schedule": (),
    "find_location": (),
    "customize_product": (),
    "submit_application": (),
    "download": ("Download Link Clicked", "file_download"),
    "watch_video": ("Product Video Watched", "video_start"),
    "app_install": ("Application Installed", "InstallApp", "first_open"),
    "app_open": (
        *("Application Opened", "LaunchAPP", "session_start"),
        "fb_mobile_activate_app",
    ),
}

STANDARD_NAMES: Final = frozenset(ALIASES)
MONEY_NAMES: Final = frozenset({"purchase", "signup", "lead", "subscribe", "start_trial"})
CUSTOM: Final = "custom"

_IGNORED = str.maketrans("", "", " -_")


class Lane(IntEnum):
    """The two queues of a destination: events that earn money go out first."""

    MONEY = 0
    OTHER = 1


_MONEY, _OTHER = Lane  # looking members up on the class would cost more than the rest


def canonical_name(name: str) -> str:
    """Return the standard name that `name` stands for, or `name` itself for a custom event."""
    if name in STANDARD_NAMES:
        return name
    return _STANDARD_BY_SPELLING.get(spelling(name), name)


def lane_of(name: str) -> Lane:
    """Return the queue of a canonical name."""
    return _MONEY if name in MONEY_NAMES else _OTHER


def label_of(name: str) -> str:
    """Return the bounded metric label of a canonical name: itself, or `custom`."""
    return name if name in STANDARD_NAMES else CUSTOM


def spelling(name: str) -> str:
    """Return a name in the form that is compared: without case, spaces, hyphens and underscores."""
    return name.translate(_IGNORED).lower()


_STANDARD_BY_SPELLING: Final = {
    spelling(alias): standard
    for standard, aliases in ALIASES.items()
    for alias in (standard, *aliases)
}
