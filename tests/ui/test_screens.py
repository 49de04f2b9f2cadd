"""Every screen, in every state, on a phone, a tablet and a desk, in light and in dark."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import pytest

from tests.given.port.admin import PINTEREST, TIKTOK
from tests.ui.browser import LETTERS, WIDTHS, Browser
from tests.ui.hindrance import hindrances
from tests.ui.served import Served
from tests.ui.state import SAYS, STATES
from tests.ui.world import HOSTILE

GROUP: Final = f"destination={TIKTOK}&reason=platform_rejected&code="
SCREENS: Final[Mapping[str, str]] = {
    "overview": "/",
    "overview of an hour": "/?range=1h",
    "overview in percent": "/?range=7d&figures=percent",
    "destination": f"/destinations/{TIKTOK}?range=24h",
    "destination of a month": f"/destinations/{PINTEREST}?range=30d",
    "destination in percent": f"/destinations/{TIKTOK}?figures=percent",
    "find": "/find",
    "found": "/find?id=order-1001",
    "found waiting": "/find?id=order-5000",
    "found by hostile id": f"/find?id={quote(HOSTILE)}",
    "not found": "/find?id=no-such-id",
    "not delivered": "/undelivered",
    "not delivered to one": f"/undelivered?destination={PINTEREST}",
    "list": f"/undelivered/group?{GROUP}40002",
    "hostile list": f"/undelivered/group?{GROUP}{quote(HOSTILE[:40])}",
    "long list": f"/undelivered/group?{GROUP}",
    "send again?": f"/undelivered/confirm?{GROUP}40002&action=replay",
    "dismiss?": f"/undelivered/confirm?{GROUP}{quote(HOSTILE[:40])}&action=drop",
    "refused": "/refused",
    "refused of one kind": "/refused?code=missing",
    "refused of no kind": "/refused?code=none",
    "what to fix": "/fix",
    "send a test": "/test",
    "on call": "/on-call",
    "nothing there": "/wp-login.php",
    "not understood": "/?range=9",
}


@pytest.fixture(scope="module")
def seen() -> set[tuple[str, str]]:
    """What was looked at: what a screen shows in several states alike is looked at once."""
    return set()


@pytest.mark.parametrize("relay", STATES, indirect=True)
def test_every_screen_can_be_used_by_everybody_everywhere(
    screen: Browser, relay: Served, seen: set[tuple[str, str]], request: pytest.FixtureRequest
) -> None:
    """Nothing serious for axe, nothing wider than the screen, no complaint of the browser.

    Banners are the same on each screen of a state: they are looked at on the first of them.
    """
    state = request.node.callspec.params["relay"]
    says = SAYS[state]
    assert says.keys() <= SCREENS.keys()
    problems = []
    for name, path in SCREENS.items():
        shown = (state if path == "/" else name, relay.body(path))
        if shown in seen and name not in says:
            continue
        screen.look(WIDTHS[0], "light")
        screen.open(relay.url(path))
        if says.get(name, "") not in screen.words:
            problems.append(f"{name}: not {says[name]!r} but {screen.words}")
        if shown not in seen:
            problems += [f"{name}: {problem}" for problem in hindrances(screen)]
            seen.add(shown)

    assert problems == []


@pytest.mark.parametrize("relay", ["trouble", "from Kafka"], indirect=True)
def test_large_letters_fit_on_a_phone(screen: Browser, relay: Served) -> None:
    """A phone of 360 pixels with letters of half the size again holds as much as one of 240."""
    problems = []
    screen.look(240, "light")
    for name, path in SCREENS.items():
        screen.open(relay.url(path))
        if (excess := screen.wide()) > 0:
            problems.append(f"{name}: {excess} pixels too wide")
        problems += [f"{name}: {words!r} is cut" for words in screen.cut()]

    assert problems == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("relay", ["trouble", "long names"], indirect=True)
def test_letters_of_twice_the_size_fit(screen: Browser, relay: Served, width: int) -> None:
    problems = []
    screen.look(width, "light")
    screen.letters(2 * LETTERS)
    for name, path in SCREENS.items():
        screen.open(relay.url(path))
        if (excess := screen.wide()) > 0:
            problems.append(f"{name}: {excess} pixels too wide")
        problems += [f"{name}: {words!r} is cut" for words in screen.cut()]

    assert problems == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_large_sum_is_not_broken_in_two(screen: Browser, troubled: Served, width: int) -> None:
    screen.look(width, "light")
    screen.open(troubled.url("/"))
    lines = screen.run(
        "const facts = [...document.querySelectorAll('.card dd')];"
        "const sum = facts.find((one) => one.innerText.endsWith('USD'));"
        "sum.textContent = '54,320,987,165,431.80 EUR';"
        "const range = document.createRange();"
        "range.selectNodeContents(sum);"
        "return range.getClientRects().length"
    )

    assert lines == 1


def test_what_hinders_people_would_be_found(screen: Browser, troubled: Served) -> None:
    """A check of the check: a picture without words, words that nobody can read, a wide page."""
    screen.open(troubled.url("/test"))
    picture = "<img src=/static/icon.svg>"
    screen.run(f"document.querySelector('main').insertAdjacentHTML('beforeend', '{picture}')")
    screen.run("document.querySelector('h1').style.color = '#eee'; window.pwned = 1")
    screen.run("document.querySelector('h1').style.minWidth = '3000px'")

    screen.run("document.querySelector('form.sheet label').style.whiteSpace = 'pre'")
    screen.run("document.querySelector('form.sheet label').prepend('x'.repeat(400))")

    problems = " ".join(hindrances(screen))
    for words in (
        "is cut at 768",
        "image-alt",
        "color-contrast",
        "too wide at 1440",
        "were executed",
    ):
        assert words in problems


@pytest.mark.parametrize("relay", ["trouble"], indirect=True)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_can_be_read_without_scripts(screen: Browser, relay: Served, name: str) -> None:
    """All that is said with scripts is said without; only what needs them is not offered."""
    screen.open(relay.url(SCREENS[name]))
    with_scripts = screen.run("return document.querySelector('#live').innerText").split()
    screen.scripts(on=False)
    screen.open(relay.url(SCREENS[name]))

    assert all("UTC" in time.text for time in screen.all("time:not([data-ago])") if time.text)
    assert screen.all("canvas") == []
    assert "Pause updates" not in screen.words
    without = set(screen.find("#live").text.split())
    missing = [word for word in with_scripts if word.isalpha() and word not in without]
    assert set(missing) <= {"Copy", "Time", "Dec", "Jan"}
