"""Every screen, in every state, on a phone, a tablet and a desk, in light and in dark."""

from urllib.parse import quote

import pytest

from tests.admin_port import PINTEREST, TIKTOK
from tests.ui.browser import WIDTHS, Browser
from tests.ui.served import Served
from tests.ui.world import HOSTILE

GROUP = f"destination={TIKTOK}&reason=platform_rejected&code="
SCREENS = {
    "overview": "/",
    "overview of an hour": "/?range=1h",
    "destination": f"/destinations/{TIKTOK}?range=24h",
    "destination of a month": f"/destinations/{PINTEREST}?range=30d",
    "find": "/find",
    "found": "/find?id=order-1001",
    "found waiting": "/find?id=order-5000",
    "found by hostile id": f"/find?id={quote(HOSTILE)}",
    "not found": "/find?id=no-such-id",
    "not delivered": "/undelivered",
    "not delivered to one": f"/undelivered?destination={PINTEREST}",
    "list": f"/undelivered/group?{GROUP}40002",
    "hostile list": f"/undelivered/group?{GROUP}{quote(HOSTILE[:40])}",
    "send again?": f"/undelivered/confirm?{GROUP}40002&action=replay",
    "dismiss?": f"/undelivered/confirm?{GROUP}{quote(HOSTILE[:40])}&action=drop",
    "refused": "/refused",
    "refused of one kind": "/refused?code=missing",
    "refused of no kind": "/refused?code=none",
    "what to mend": "/mend",
    "send a test": "/test",
    "on call": "/on-call",
}
STATES = {
    "nothing yet": ("overview", "destination", "not delivered", "refused", "on call"),
    "all is well": (
        *("overview", "overview of an hour", "destination", "destination of a month", "found"),
        *("not delivered", "on call"),
    ),
    "trouble": tuple(SCREENS),
    "hostile": (
        *("overview", "destination", "found by hostile id", "not delivered", "dismiss?"),
        *("hostile list", "refused", "on call"),
    ),
}
"""Where a screen differs from what it is in another state."""


@pytest.mark.parametrize(
    ("relay", "name"),
    [(state, name) for state, names in STATES.items() for name in names],
    indirect=["relay"],
)
def test_a_screen_can_be_used_by_everybody_everywhere(
    screen: Browser, relay: Served, name: str
) -> None:
    """Nothing serious for axe, nothing wider than the screen, no complaint of the browser.

    Of axe's rules, only that of contrast looks at colours: the others are asked once a width.
    """
    screen.open(relay.url(SCREENS[name]))
    for width in WIDTHS:
        screen.look(width, "light")
        assert screen.wide() <= 0, width
        assert screen.issues() == [], width
        screen.look(width, "dark")
        assert screen.issues("color-contrast") == [], width
    assert [each for each in screen.complaints() if "status of" not in each] == []
    assert screen.run("return window.pwned") is None


@pytest.mark.parametrize("path", ["/destinations/none", "/?range=9"])
def test_an_error_is_told_to_everybody_as_well(
    screen: Browser, troubled: Served, path: str
) -> None:
    screen.open(troubled.url(path))
    for width in WIDTHS:
        screen.look(width, "light")
        assert screen.wide() <= 0, width
        assert screen.issues() == [], width


def test_what_hinders_people_would_be_found(screen: Browser, troubled: Served) -> None:
    """A check of the check: a picture without words, and a word that nobody can read."""
    screen.open(troubled.url("/test"))
    picture = "<img src=/static/icon.svg>"
    screen.run(f"document.querySelector('main').insertAdjacentHTML('beforeend', '{picture}')")
    screen.run("document.querySelector('h1').style.color = '#eee'")

    assert {each.rule for each in screen.issues()} >= {"image-alt", "color-contrast"}
    assert {each.rule for each in screen.issues("color-contrast")} == {"color-contrast"}


def test_a_screen_can_be_read_without_scripts(screen: Browser, troubled: Served) -> None:
    screen.scripts(on=False)
    screen.open(troubled.url(f"/destinations/{TIKTOK}"))

    assert "By kind of conversion" in screen.words
    assert "UTC" in screen.words
    assert screen.all("canvas") == []
    assert "Pause updates" not in screen.words
