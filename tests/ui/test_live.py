"""What the page does by itself, and what it does when somebody clicks."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from selenium.webdriver.common.keys import Keys

from relay.config.secret import Secret
from relay.delivery import PauseReason
from relay.journal.entry import Rejection
from relay.outcome.health import Health
from relay.outcome.probe import Probe
from tests.given.event.builders import NOW_S
from tests.given.port.admin import ACTIVE, PINTEREST, TIKTOK
from tests.ui.browser import Browser
from tests.ui.hindrance import hindrances
from tests.ui.served import Served
from tests.ui.state import STATES
from tests.ui.world import die, put

CHART = "return [...document.querySelectorAll('[data-count]')].map(cell => cell.dataset.count)"
LINES = """
    const range = document.createRange();
    const texts = document.createTreeWalker(document.querySelector('CELL'), NodeFilter.SHOW_TEXT);
    range.selectNodeContents(texts.nextNode());
    return range.getClientRects().length;
"""
LONG = "It is not as it should be. " * 6
LAPSED: PauseReason = "token_expired"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """A relay that a test may change."""
    with Served(tmp_path, STATES["trouble"]) as served:
        yield served


def test_figures_come_by_themselves_and_nothing_jumps(screen: Browser, fresh: Served) -> None:
    screen.open(fresh.url("/"))
    assert "Conversions are not reaching TikTok." in screen.words
    screen.run("window.marked = document.querySelector('h1')")

    fresh.port.switch.health[TIKTOK] = ACTIVE
    screen.wait_for("Conversions reach TikTok late.")

    assert screen.run("return window.marked === document.querySelector('h1')")
    assert screen.spoken == "Conversions reach TikTok late."


def test_updates_can_be_paused_and_that_is_remembered(screen: Browser, fresh: Served) -> None:
    screen.open(fresh.url("/"))
    screen.click("Pause updates")
    assert "Updates are paused" in screen.words
    assert screen.find("#pause").get_attribute("aria-pressed") is None, "its words say it already"
    fresh.port.switch.health[TIKTOK] = ACTIVE

    screen.open(fresh.url("/"))
    assert "Updates are paused" in screen.words
    screen.click("Resume updates")
    fresh.port.switch.health[TIKTOK] = Health("paused", LAPSED, "", float(NOW_S), None)
    screen.wait_for("Conversions are not reaching TikTok.")


def test_figures_that_cannot_be_had_are_told_as_such(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url("/"))
    try:
        screen.network(latency_ms=2_000)
        screen.wait_for("Loading")
        screen.network(on=False)
        screen.wait_for("The relay does not answer. The last figures are of")
        assert screen.spoken == "The relay does not answer."
        assert screen.find("#again").is_displayed()
        assert "Conversions are not reaching TikTok." in screen.words
    finally:
        screen.network()
    screen.wait_for("Updated")
    assert screen.spoken == "Updated"


def test_an_address_with_the_password_in_it_is_as_live_as_any(
    screen: Browser, tmp_path: Path
) -> None:
    """As a bookmark may have it; a script may ask for no such address."""
    state = msgspec.structs.replace(STATES["trouble"], setup={"password": "secret"})
    with Served(tmp_path, state) as served:
        screen.open(served.url("/").replace("//", "//marketing:secret@"))
        screen.wait_for_news()

        assert "The relay does not answer." not in screen.words
        assert list(screen.complaints()) == []

        served.port.password = Secret("another")
        screen.wait_for("The password is needed again. The last figures are of")
        served.port.password = Secret("secret")
        screen.click("Try again")
        screen.wait_for_news()


def test_figures_that_fail_in_the_relay_are_told_and_come_back(
    screen: Browser, fresh: Served
) -> None:
    """What was there stays; whoever comes by the address meanwhile is told the same by a page."""
    screen.open(fresh.url("/"))
    rename(fresh, "rollup", "rollup_away")
    screen.wait_for("Could not load figures. Sending goes on. The last figures are of")
    assert "Conversions are not reaching TikTok." in screen.words
    assert screen.issues() == []
    assert screen.wide() <= 0
    screen.click("Try again")
    screen.wait_for("Could not load the figures.")
    assert screen.issues() == []

    rename(fresh, "rollup_away", "rollup")
    screen.find("#live .button").click()
    screen.wait_for("Conversions are not reaching TikTok.")


def rename(served: Served, table: str, name: str) -> None:
    """Take a table away from the journal, or give it back."""
    with closing(sqlite3.connect(served.port.journal_path)) as connection, connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {name}")


def test_times_are_local_or_in_utc_as_one_likes(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url("/find?id=order-1001"))
    screen.click("Show UTC")
    assert "31 Dec 2025, 23:45:00 UTC" in screen.words
    screen.click("Show local time")
    assert "UTC" not in screen.find("#live").text


def test_the_time_of_the_figures_is_the_relays(screen: Browser, troubled: Served) -> None:
    """Whoever looks may have a clock that is hours off."""
    with screen.clock(ahead_s=-7 * 3600):
        screen.open(troubled.url("/"))
        screen.wait_for_news()
        told = screen.run("return Date.parse(document.querySelector('#freshness time').dateTime)")

    assert abs(told / 1000 - time.time()) < 3600


def test_the_time_of_the_figures_names_its_zone(screen: Browser, troubled: Served) -> None:
    screen.zone("Asia/Kolkata")
    screen.open(troubled.url("/"))

    assert screen.find("#freshness").text.endswith(" GMT+5:30")
    screen.click("Show UTC")
    assert re.search(r"\d UTC$", screen.find("#freshness").text)
    screen.click("Show local time")


def test_what_is_printed_tells_of_which_day_it_is(screen: Browser, troubled: Served) -> None:
    """On paper nobody sees today's date, nor the exact time by pointing at one."""
    day = r"\d{1,2} \w{3} \d{4}, \d\d:\d\d"
    screen.open(troubled.url("/"))
    before = screen.words
    screen.run("dispatchEvent(new Event('beforeprint'))")
    on_paper = screen.words
    screen.run("dispatchEvent(new Event('afterprint'))")

    assert re.search(rf"Updated {day}:\d\d \w", on_paper)
    assert re.search(rf"since {day}", on_paper)
    assert not re.search(rf"Updated {day}", before)
    assert not re.search(rf"Updated {day}", screen.words)


def test_figures_of_another_day_say_of_which(screen: Browser, fresh: Served) -> None:
    """As on a page that was left open for a weekend, with its updates paused."""
    screen.open(fresh.url("/"))
    screen.click("Pause updates")
    screen.run("document.querySelector('#freshness time').dateTime = '2025-12-26T14:02:10Z'")

    screen.wait_for("Updates are paused; figures of 26 Dec 2025, ")


def test_a_refresh_leaves_the_focus_where_it_is(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url("/find?id=order-5000"))
    screen.run("window.marked = document.querySelector('.copy'); marked.focus()")
    screen.wait_for_news()

    assert screen.find(".copy").is_displayed()
    assert screen.run("return document.activeElement === window.marked")


def test_the_chart_draws_what_the_table_says(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url(f"/destinations/{TIKTOK}"))

    assert len(screen.all("#chart canvas")) == 1
    screen.click("The figures as a table")
    rows = screen.all("#trend-figures tbody tr")
    assert len(rows) == 48

    screen.wait_for_news()
    assert len(screen.all("#chart canvas")) == 1
    assert screen.find("#trend-figures").is_displayed(), "an open table stays open"


def test_colours_that_mean_something_stay_apart_in_a_contrast_theme(
    screen: Browser, troubled: Served
) -> None:
    """The lines of the chart keep theirs, so its legend has to as well."""
    screen.look(1440, "dark", forced_colours=True)
    screen.open(troubled.url(f"/destinations/{TIKTOK}"))

    colours = screen.run(
        "return [...document.querySelectorAll('.u-series + .u-series .u-marker')]"
        ".map((each) => getComputedStyle(each).borderTopColor)"
    )
    assert len(set(colours)) == len(colours) == 3


def test_a_long_list_is_not_slow_to_refresh(screen: Browser, troubled: Served) -> None:
    """A format for each of a thousand times held up the page for seconds, each three seconds."""
    screen.open(troubled.url("/refused"))
    screen.run(
        "window.made = 0;"
        "Intl.DateTimeFormat = new Proxy(Intl.DateTimeFormat, {"
        "construct: (made, given) => { window.made += 1; return new made(...given); }})"
    )
    screen.wait_for_news()

    assert len(screen.all("#live time")) > 50
    assert screen.run("return window.made") < 10


def test_the_chart_comes_back_after_a_quiet_time(screen: Browser, fresh: Served) -> None:
    screen.open(fresh.url(f"/destinations/{TIKTOK}"))
    fresh.port.now_s += 2 * 86_400
    screen.wait_for("Nothing came in during the last 24 hours.")
    screen.look(768, "light")
    fresh.run(put(fresh.port, "order-9001", ago_s=600 - 2 * 86_400))
    screen.wait_for("The figures as a table")

    assert screen.find("#chart canvas").is_displayed()
    assert list(screen.complaints()) == []


def test_all_can_be_reached_by_keyboard(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url("/"))
    body = screen.find("body")
    body.send_keys(Keys.TAB)
    assert screen.run("return document.activeElement.textContent") == "Skip to the content"
    reached = set()
    for _ in range(40):
        screen.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(screen.run("return document.activeElement.textContent.trim()"))

    assert {"Find a conversion", "Pause updates", "See TikTok", "See these conversions"} <= reached


def test_the_longest_id_can_be_pasted_whole_with_a_blank_around_it(
    screen: Browser, troubled: Served
) -> None:
    """A browser counts most of such characters twice."""
    pasted = f" {chr(0x1F600) * 256} "
    screen.open(troubled.url("/find"))
    screen.click_twice("#id")
    screen.paste(pasted)

    assert screen.run("return document.querySelector('#id').value") == pasted


def test_what_was_not_delivered_is_sent_again_after_one_question(
    screen: Browser, fresh: Served
) -> None:
    screen.open(fresh.url("/"))
    screen.click("See these conversions")
    screen.wait_for("12 conversions that came in during the last 24 hours, newest first.")
    screen.click("Not delivered")
    screen.click("Send again")
    screen.wait_for("Send 12 conversions again?")
    screen.click("Send again")
    screen.wait_for("12 conversions will be sent again")

    totals = fresh.run(fresh.port.journal.totals())
    assert totals.replayed == {TIKTOK: 12}


def test_whoever_goes_back_or_clicks_twice_sends_nothing_twice(
    screen: Browser, fresh: Served
) -> None:
    screen.open(fresh.url("/undelivered"))
    screen.click("Send again")
    screen.wait_for("Send 12 conversions again?")
    screen.click_twice("form button")
    screen.wait_for("What did not arrive, and why")
    screen.driver.back()
    screen.wait_for("Nothing matches.")
    screen.driver.forward()
    screen.wait_for("What did not arrive, and why")
    screen.driver.refresh()
    screen.wait_for("What did not arrive, and why")

    totals = fresh.run(fresh.port.journal.totals())
    assert totals.replayed == {TIKTOK: 12}


def test_a_test_is_sent_once_however_often_somebody_clicks(screen: Browser, fresh: Served) -> None:
    screen.open(fresh.url("/test"))
    try:
        screen.network(latency_ms=1_500)
        screen.run(
            "const button = document.querySelector('form.sheet button');"
            "for (const ms of [0, 400, 800]) setTimeout(() => button.click(), ms);"
        )
        screen.wait_for("What Pinterest said")
    finally:
        screen.network()

    assert fresh.port.tried == [(PINTEREST, "")]


def test_figures_are_shares_with_one_click_and_stay_so(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url(f"/destinations/{TIKTOK}"))
    drawn = screen.run(CHART)
    screen.click("Percent")
    screen.wait_for("99.9 %")
    screen.wait_for_news()
    assert "99.9 %" in screen.words
    assert screen.run(CHART) == drawn, "the chart draws counts"
    screen.find("nav a[href*='range=7d']").click()
    screen.wait_for("in the last 7 days")
    assert "99.9 %" in screen.words
    screen.click("Counts")
    screen.wait_for("By when they were received, in the last 7 days.")
    assert "99.9 %" not in screen.words


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_not_delivered_is_dismissed_with_a_note(
    screen: Browser, fresh: Served, *, scripts: bool
) -> None:
    screen.scripts(on=scripts)
    screen.open(fresh.url(f"/undelivered?destination={TIKTOK}"))
    screen.all(".button.outline")[0].click()
    screen.find("textarea").send_keys("The shop is mended; write to owner@shop.example")
    screen.find("button.danger").click()

    screen.wait_for("12 conversions were dismissed.")
    assert "Settled" in screen.words
    assert "owner@shop.example" not in screen.words


def test_a_destination_is_paused_and_resumed(screen: Browser, fresh: Served) -> None:
    screen.open(fresh.url(f"/destinations/{PINTEREST}"))
    screen.click("Pause sending to Pinterest")
    screen.click("Pause Pinterest")
    screen.wait_for("Paused by hand.")
    assert fresh.port.switch.health[PINTEREST].reason == "paused_by_operator"
    screen.click("Resume Pinterest")
    screen.wait_for("Pause sending to Pinterest")


def test_a_test_is_sent_and_its_verdict_told(screen: Browser, fresh: Served) -> None:
    fresh.port.probes = [
        Probe(TIKTOK, "web", "ok", None, "The platform takes the token and the id."),
        Probe(TIKTOK, "offline", "wrong", "pixel_not_found", "Compare `pixel_code`."),
    ]
    screen.open(fresh.url("/test"))
    screen.find("#destination").send_keys("TikTok")
    screen.find("#code").send_keys("TEST123")
    screen.find("form.sheet button").click()
    screen.wait_for("What TikTok said")

    assert "It works for the web shop" in screen.words
    assert "It does not work for offline sales" in screen.words
    assert fresh.port.tried == [(TIKTOK, "TEST123")]


def test_the_verdict_on_a_test_is_seen_on_a_phone_without_scrolling(
    screen: Browser, fresh: Served
) -> None:
    screen.look(360, "light", height=560)
    screen.open(fresh.url("/test"))
    screen.find("form.sheet button").submit()
    screen.wait_for("What Pinterest said")

    top = screen.run("return document.querySelector('#verdict').getBoundingClientRect().top")
    assert 0 <= top < 280


def test_what_a_platform_says_to_a_test_is_only_words(screen: Browser, tmp_path: Path) -> None:
    with Served(tmp_path, STATES["hostile"]) as served:
        screen.open(served.url("/test"))
        screen.find("form.sheet button").click()
        screen.wait_for("What Pinterest said")
        assert "<script>" in screen.words
        assert list(hindrances(screen)) == []


def test_a_conversion_is_found_by_either_id(screen: Browser, troubled: Served) -> None:
    screen.open(troubled.url("/find"))
    screen.find("#id").send_keys("shop-order-1001", Keys.ENTER)
    screen.wait_for("Delivered")
    assert "event id order-1001, order shop-order-1001" in screen.words
    assert "TikTok took the event." in screen.words

    screen.find("#id").clear()
    screen.find("#id").send_keys("nobody", Keys.ENTER)
    screen.wait_for("Nothing matches.")
    screen.click("Clear the search")
    screen.wait_for("Enter the id")


def test_long_words_break_none_of_the_short_ones_beside_them(
    screen: Browser, fresh: Served
) -> None:
    group = f"destination={TIKTOK}&reason=platform_rejected&code=40002"
    refused = Rejection(NOW_S * 1000, "http", None, "order-9001", "future", "event_time", LONG)
    fresh.run(die(fresh.port, "order-9000", code="40002", message=LONG))
    fresh.run(fresh.port.journal.append([], [refused]))

    screen.look(1280, "light")
    screen.open(fresh.url(f"/undelivered/group?{group}"))
    assert screen.run(LINES.replace("CELL", 'td[data-label="Kind"]')) == 1
    screen.open(fresh.url("/refused?code=future"))
    assert screen.run(LINES.replace("CELL", 'td[data-label="Where in it"]')) == 1
