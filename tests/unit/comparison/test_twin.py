"""One server event, the browser's events of its id, and what each platform makes of them."""

import pytest

from relay.comparison.pixel_file import PixelEvent
from relay.comparison.twin import Judge, Sent
from relay.config import PinterestConfig, TikTokConfig
from relay.destinations import build
from relay.event import ActionSource
from relay.event_name import canonical_name

HOUR_S = 3_600
PINTEREST = build("pin", PinterestConfig(ad_account_id="0"))
TIKTOK = build("tik", TikTokConfig(pixel_code="0"))
JUDGES = {each.type: Judge(each.name, each.type, each.limits) for each in (PINTEREST, TIKTOK)}


def sent(
    event: str = "purchase",
    platform_event: str = "checkout",
    source: ActionSource = "web",
    *,
    after_s: float = 2.0,
) -> Sent:
    return Sent(event, platform_event, source, 0, after_s)


def browser(name: str, platform: str = "", *, time_s: int | None = 0) -> PixelEvent:
    return PixelEvent(2, "order-1", name, canonical_name(name), time_s, "", platform)


@pytest.mark.parametrize(
    ("platform", "server_name", "browser_name", "named_platform", "fate"),
    [
        ("pinterest", "checkout", "checkout", "pinterest", "once"),
        ("pinterest", "add_to_cart", "addtocart", "pinterest", "once"),
        ("pinterest", "page_visit", "pagevisit", "pinterest", "once"),
        ("pinterest", "checkout", "Purchase", "pinterest", "name_differs"),
        ("pinterest", "checkout", "Purchase", "", "once"),
        ("pinterest", "checkout", "OrderPlaced", "", "name_differs"),
        ("pinterest", "checkout", "add_payment_info", "", "alone"),
        ("tiktok", "Purchase", "Purchase", "tiktok", "once"),
        ("tiktok", "Purchase", "purchase", "tiktok", "name_differs"),
        ("tiktok", "Purchase", "CompletePayment", "tiktok", "name_differs"),
        ("tiktok", "Purchase", "CompletePayment", "", "name_differs"),
        ("tiktok", "Purchase", "purchase", "", "once"),
    ],
)
def test_names_are_compared_as_the_platform_does(
    platform: str, server_name: str, browser_name: str, named_platform: str, fate: str
) -> None:
    """A line without a platform stands for the shop's own word, which each pixel translates."""
    event = canonical_name(server_name)
    found, _ = JUDGES[platform].fate(
        sent(event, server_name), [browser(browser_name, named_platform)]
    )
    assert found == fate


@pytest.mark.parametrize(
    ("platform", "source", "fate"),
    [
        ("pinterest", "web", "once"),
        ("pinterest", "app_ios", "once"),
        ("pinterest", "offline", "never_compared"),
        ("pinterest", "crm", "never_compared"),
        ("tiktok", "offline", "once"),
        ("tiktok", "app_android", "never_compared"),
    ],
)
def test_some_sources_are_never_compared(platform: str, source: ActionSource, fate: str) -> None:
    found, _ = JUDGES[platform].fate(sent(source=source), [browser("purchase")])
    assert found == fate


@pytest.mark.parametrize(
    ("platform", "after_s", "time_s", "fate"),
    [
        ("pinterest", HOUR_S, 0, "once"),
        ("pinterest", HOUR_S + 1, 0, "filed_offline"),
        ("tiktok", 48 * HOUR_S, 0, "once"),
        ("tiktok", 48 * HOUR_S + 1, 0, "window_passed"),
        ("tiktok", 0, 48 * HOUR_S + 1, "window_passed"),
        ("tiktok", 48 * HOUR_S + 1, None, "once"),
        ("pinterest", 48 * HOUR_S + 1, 0, "window_passed"),
    ],
)
def test_windows_are_the_platforms_own(
    platform: str, after_s: float, time_s: int | None, fate: str
) -> None:
    found, _ = JUDGES[platform].fate(sent(after_s=after_s), [browser("purchase", time_s=time_s)])
    assert found == fate


def test_the_right_name_counts_whatever_else_bears_the_id() -> None:
    events = [browser("OrderPlaced"), browser("initiate_checkout"), browser("checkout")]
    found, twin = JUDGES["pinterest"].fate(sent(), events)
    assert (found, twin) == ("once", events[2])


def test_only_events_of_the_platform_concern_it() -> None:
    judge = JUDGES["tiktok"]
    concerned = [judge.concerns(browser("x", name)) for name in ("", "tiktok", "tik", "pinterest")]
    assert concerned == [True, True, True, False]


def test_an_event_that_could_not_be_sent_any_more_is_compared_by_its_meaning() -> None:
    """Erased events have lost what the platform needs, but were delivered under some name."""
    delivered = Sent("purchase", None, "web", 0, 2.0)
    fates = [
        JUDGES["tiktok"].fate(delivered, [browser(name, "tiktok")])[0]
        for name in ("Purchase", "CompletePayment", "ViewContent")
    ]
    assert fates == ["once", "name_differs", "alone"]
