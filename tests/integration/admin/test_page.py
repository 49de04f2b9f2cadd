"""The page: honest figures, words that say what to do, and nothing from elsewhere."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from relay.admin.pages import Links
from relay.admin.pages.overview import TASKS_SHOWN
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.dead.grouping import MAX_GROUPS
from relay.journal.entry import Passed, Rejection
from relay.journal.letter import DeadFilter
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.outcome.health import Health
from relay.outcome.views.source import SourcesView
from tests.given.event.builders import NOW_S, conversion
from tests.given.port.admin import BY_HAND, INVALID, PINTEREST, TIKTOK, AdminPort
from tests.ui.world import KAFKA

RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=90, outcome="ok", http_status=200)
HOSTILE = '<script src="//evil.example">{{ 7 * 7 }}&'
SCREENS = (
    *("/", f"/destinations/{PINTEREST}", "/find", "/find?id=none", "/undelivered", "/refused"),
    *(
        "/test",
        "/fix",
        "/on-call",
        "/undelivered/confirm?destination=a&reason=b&code=&action=drop",
    ),
)


async def page(port: AdminPort, path: str = "/", status: int = 200, *, live: bool = False) -> str:
    reply = await port.ask(path, headers={"HX-Request": "true"} if live else {})
    assert reply.status == status
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return reply.body.decode()


def words(text: str) -> str:
    """Return what is read on a page, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


async def test_each_row_adds_up(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("delivered")
        await port.deliver(PINTEREST, RECEIPT)
        await port.take("dead", pinterest=INVALID)
        await port.take("skipped", pinterest=Passed("skipped", "no_consent"))
        await port.take("waits")
        await port.journal.append(
            [], [Rejection(NOW_S * 1000, "http", None, None, "missing", "user", "Needed.")]
        )
        text = await page(port)

    cells = re.findall(
        r'<td data-label="([^"]+)">(?:<span [^>]+></span>)?(?:<a [^>]+>)?(\d+)', text
    )
    assert cells == [
        ("Received", "4"),
        ("Skipped", "1"),
        ("Waiting", "1"),
        ("Delivered", "1"),
        ("Not delivered", "1"),
    ]
    assert "50.0 % of the conversions sent in the last 24 hours were delivered." in text
    assert "1 event was not usable" in text
    assert "refused on arrival; it is not part of these rows." in text
    for place in ("", "#skipped", "#trend", "#kinds", "#reasons"):
        assert f'href="/destinations/{PINTEREST}?range=24h{place}"' in text


@pytest.mark.parametrize("path", ["/", f"/destinations/{PINTEREST}"])
async def test_figures_are_counts_or_shares_without_scripts(tmp_path: Path, path: str) -> None:
    """The choice is kept by the links to other ranges, and by the part that comes by itself."""
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("delivered")
        await port.deliver(PINTEREST, RECEIPT)
        await port.take("dead", pinterest=INVALID)
        await port.take("waits")
        counts = await page(port, path)
        shares = await page(port, f"{path}?range=7d&figures=percent")

    assert f'href="{path}?range=24h&amp;figures=percent"' in counts
    assert "33.3 %" not in words(counts)
    assert f'href="{path}?range=1h&amp;figures=percent"' in shares
    assert f'hx-get="{path}?range=7d&amp;figures=percent"' in shares
    assert words(shares).count("33.3 %") >= 3
    assert "adds up" not in words(shares)


async def test_a_platform_tells_each_kind_and_why_what_was_skipped(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("delivered")
        await port.deliver(TIKTOK, RECEIPT)
        await port.take("dead", tiktok=INVALID)
        await port.take("lead-1", "lead", tiktok=Passed("skipped", "no_consent"))
        for number in range(2):
            await port.take(f"lead-{2 + number}", "lead", tiktok=Passed("skipped", "duplicate"))
        await port.take("lead-4", "lead")
        text = words(await page(port, f"/destinations/{TIKTOK}"))

    assert "Received 6 Delivered 1 Waiting 1 Not delivered 1 Skipped on purpose 3" in text
    assert "Purchase 2 1 0 1 0 2026-01-01 00:00:00 UTC" in text
    assert "Lead 4 0 1 0 3 2026-01-01 00:00:00 UTC" in text
    assert re.search(r"accepted before\. 2 .* agreed to advertising\. 1 ", text)
    assert "This platform has no such event." not in text


async def test_what_died_is_not_told_as_delivered_once_its_letter_is_given_up_for_room(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("dead", pinterest=INVALID)
        kept = words(await page(port, f"/destinations/{PINTEREST}"))
        with closing(sqlite3.connect(port.journal_path)) as connection, connection:
            connection.execute("DELETE FROM dead")
        given_up = words(await page(port, f"/destinations/{PINTEREST}"))
        listed = words(await page(port, "/undelivered"))
        listed_of_one = words(await page(port, f"/undelivered?destination={PINTEREST}"))
        listed_of_other = words(await page(port, f"/undelivered?destination={TIKTOK}"))

    assert "no longer on record" not in kept
    assert "Not delivered 1" in given_up
    assert "Why is no longer on record" in given_up
    assert "Everything that was sent" not in given_up
    assert "1 conversion was not delivered. Which, and why, is no longer on record" in listed
    assert f"1 conversion to {PINTEREST} was not delivered. Which" in listed_of_one
    assert f"Everything for {TIKTOK} was delivered" in listed_of_other


async def test_a_range_begins_for_tasks_where_it_begins_for_counts(tmp_path: Path) -> None:
    """Counts are kept by the minute; half of one cannot be left out."""
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("dead", pinterest=INVALID)
        port.now_s += 3_600 + 30
        within = words(await page(port, "/?range=1h"))
        port.now_s += 30
        after = words(await page(port, "/?range=1h"))

    assert "1 conversion came in during the last hour." in within
    assert "1 purchase was not delivered" in within
    assert "0 conversions came in during the last hour." in after
    assert "was not delivered" not in after


async def test_late_events_are_shown_with_the_time_since_the_oldest_came(tmp_path: Path) -> None:
    """Not since the platform's last throttle, which is a moment ago."""
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1", value="10.00")
        port.now_s += 1_200
        port.switch.health[PINTEREST] = Health("throttled", None, "", NOW_S + 1_110.0, None)
        text = words(await page(port))

    assert "1 purchase worth 10.00 USD is waiting since 2026-01-01 00:00:00 UTC" in text


async def test_at_a_paused_platform_what_waits_is_told_with_the_time_since_the_pause(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1", value="10.00")
        port.now_s += 1_200
        port.switch.health[PINTEREST] = Health("paused", "token_expired", "", NOW_S + 600.0, None)
        await port.reject("user", "missing")
        text = words(await page(port))
        of_one = words(await page(port, f"/destinations/{PINTEREST}"))

    for told in (text, of_one):
        assert "1 purchase worth 10.00 USD is waiting since 2026-01-01 00:10:00 UTC" in told
    assert "1 of 2 events was refused on arrival." in text
    assert "refused on arrival" not in of_one


async def test_what_waits_is_told_in_all_whatever_the_range(tmp_path: Path) -> None:
    """Count, money and moment belong to the same conversions, also to those of before."""
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("before", value="100.00")
        port.now_s += 2 * 3_600
        port.switch.health[PINTEREST] = BY_HAND
        none_new = words(await page(port, "/?range=1h"))
        await port.take("new", value="1.00")
        one_new = words(await page(port, "/?range=1h"))

    assert "1 purchase worth 100.00 USD is waiting for pinterest-main" in none_new
    assert "Waiting 1, for 2 hours" in none_new
    assert "Nothing sent yet" not in none_new
    assert "2 purchases worth 101.00 USD are waiting for pinterest-main" in one_new
    assert "100 % delivered" not in one_new


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("The platform asks for fewer requests; it goes on.", "The platform asks for fewer"),
        ("", "The platform asks for fewer requests."),
        ("It was busy.", "The platform asks for fewer requests. It was busy."),
    ],
)
async def test_why_a_platform_is_slowed_down_is_said_once(
    tmp_path: Path, message: str, told: str
) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1")
        port.switch.health[PINTEREST] = Health("throttled", None, message, NOW_S, NOW_S + 9.0)
        text = words(await page(port, f"/destinations/{PINTEREST}"))

    assert told in text
    assert text.count("asks for fewer requests") == 1


async def test_whoever_pauses_a_platform_is_told_what_a_long_pause_costs(tmp_path: Path) -> None:
    """How long is too long differs: settings may allow an hour, or the platform weeks."""
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        text = words(await page(port, f"/destinations/{PINTEREST}"))

    assert f"Those that grow too old for {PINTEREST} meanwhile are lost." in text


async def test_a_shop_whose_kafka_is_not_read_is_not_told_that_all_is_ready(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1")
        port.now_s += 2 * 3_600
        away = replace(KAFKA, state="unreachable", message="The cluster refuses the password.")
        port.sources = SourcesView(kafka=away, outcomes=None)
        await port.deliver(PINTEREST, RECEIPT)
        text = words(await page(port, "/?range=1h"))

    assert "All is ready" not in text
    assert "Conversions are not read from Kafka at the moment." in text
    assert "1 thing needs attention." in text
    assert "Reason given: The cluster refuses the password." in text
    assert "See Kafka" in text


async def test_where_all_is_skipped_nothing_is_promised_to_be_sent_yet(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1", pinterest=Passed("skipped", "no_consent"))
        skipped = words(await page(port))
        await port.take("order-2")
        waiting = words(await page(port))

    assert "Conversions are coming in, but none is sent on." in skipped
    assert "Nothing to send." in skipped
    assert "yet." not in skipped
    assert "Nothing sent yet." in waiting


async def test_a_clock_that_is_set_back_hides_no_money_that_waits(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1", value="100.00")
        port.now_s -= 3_600
        port.switch.health[PINTEREST] = BY_HAND
        text = words(await page(port))

    assert "1 purchase worth 100.00 USD is waiting for pinterest-main" in text


async def test_what_came_before_the_clock_was_set_back_is_not_of_the_last_hour(
    tmp_path: Path,
) -> None:
    """For as long as the clock had been ahead, a shop that sold nothing was told that all is well.

    By an hour, as it is set back by hand, nothing is lost from sight.
    """
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1", value="100.00")
        await port.deliver(PINTEREST, RECEIPT)
        port.now_s -= 3_600
        an_hour = words(await page(port, "/?range=1h"))
        port.now_s -= 86_400
        a_day = words(await page(port, "/?range=1h"))
        of_one = words(await page(port, f"/destinations/{PINTEREST}?range=1h"))

    assert "1 conversion came in during the last hour" in an_hour
    assert "Purchases delivered 100.00 USD" in an_hour
    assert "No conversion came in during the last hour" in a_day
    assert "Last delivered some time ago" in a_day
    assert not re.search("last delivery|Purchases delivered", a_day)
    assert "Last one" not in of_one


async def test_what_died_before_the_clock_was_set_back_is_no_task_now_and_hides_none(
    tmp_path: Path,
) -> None:
    """What had been dismissed then was taken off what failed now, and all seemed to arrive."""
    group = f"/undelivered/group?destination={PINTEREST}&reason=invalid_event&code="
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("dismissed", pinterest=INVALID)
        await port.journal.drop(DeadFilter(), note="", dry_run=False)
        await port.take("ahead", value="100.00", pinterest=INVALID)
        port.now_s -= 2 * 86_400
        failed = conversion("failed", received_ms=round(port.now_s * 1000))
        await port.journal.append([entry_of(failed, {PINTEREST: INVALID}, {})])
        text = words(await page(port, "/?range=1h"))
        of_one = words(await page(port, f"/destinations/{PINTEREST}?range=1h"))
        listed = words(await page(port, f"{group}&range=1h"))
        every = words(await page(port, group))

    assert "Your conversions are not being taken." in text
    assert "1 purchase was not delivered" in text
    assert "100.00 USD" not in text
    assert "1 100 %" in of_one
    assert "1 conversion that came in during the last hour" in listed
    assert "2 conversions, newest first." in every


async def test_a_port_that_takes_nothing_is_told_like_a_journal_that_does(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.unready = "no worker process runs"
        text = words(await page(port))
        figures = (await port.ask("/metrics")).body.decode()

    assert "New conversions cannot be taken at the moment." in text
    assert "no worker process runs" in text
    assert "relay_journal_unavailable 1.0" in figures


async def test_what_was_dismissed_is_no_failure_any_more(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("delivered")
        await port.deliver(PINTEREST, RECEIPT)
        await port.take("dead", pinterest=INVALID)
        before = words(await page(port))
        await port.journal.drop(DeadFilter(), note="a test order", dry_run=False)
        after = words(await page(port))

    assert "Not all of your conversions are arriving." in before
    assert "Your conversions are arriving. 100 % of" in after
    assert "Working" in after


async def test_more_events_of_an_id_than_are_shown_are_not_hidden_in_silence(
    tmp_path: Path,
) -> None:
    told = "The latest 100 are shown; there may be earlier ones."
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1")
        assert told not in words(await page(port, "/find?id=order-1"))
        for _ in range(99):
            await port.take("order-1")
        assert told in words(await page(port, "/find?id=order-1"))


async def test_what_waits_says_when_it_is_tried_next(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("order-1")
        untried = words(await page(port, "/find?id=order-1"))
        [pending] = (await port.journal.read(PINTEREST, Lane.MONEY, 0, 1)).pending
        retry = Retry(pending, (NOW_S + 60) * 1000, "50000", "System busy")
        await port.journal.settle(PINTEREST, Settlement(receipt=RECEIPT, retry=[retry]))
        tried = words(await page(port, "/find?id=order-1"))
        port.switch.health[PINTEREST] = Health("throttled", None, "", NOW_S, NOW_S + 300.0)
        throttled = words(await page(port, "/find?id=order-1"))
        port.switch.health[PINTEREST] = BY_HAND
        by_hand = words(await page(port, "/find?id=order-1"))
        port.switch.health[PINTEREST] = Health("paused", "token_expired", "", NOW_S, None)
        paused = words(await page(port, "/find?id=order-1"))

    assert "It is in turn, and goes out by itself." in untried
    assert "Next try 2026-01-01 00:01:00 UTC" in tried
    assert "90 ms" in tried
    assert "Next try 2026-01-01 00:05:00 UTC" in throttled
    assert "Next try" not in paused
    assert "Nothing is sent to pinterest-main at the moment" in paused
    assert "it goes out by itself once that is fixed." in paused
    assert "it goes out by itself once somebody resumes it." in by_hand


async def test_what_waits_for_a_platform_that_is_configured_no_more_is_not_told_to_go_out(
    tmp_path: Path,
) -> None:
    """The journal keeps it for a while, in case the platform comes back."""
    async with AdminPort(tmp_path) as port:
        await port.take("order-1")
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        text = words(await page(port, "/find?id=order-1"))

    assert text.count("goes out by itself") == 1
    assert f"It waits until {TIKTOK} is in the settings again, for as long as" in text


async def test_all_that_is_in_trouble_is_shown_and_only_reasons_are_left_to_their_list(
    tmp_path: Path,
) -> None:
    """The list of what was not delivered knows nothing of a platform that is paused."""
    names = [f"pinterest-{at}" for at in range(10)]
    async with AdminPort(tmp_path, names=names) as port:
        port.switch.health |= dict.fromkeys(names, BY_HAND)
        paused = words(await page(port))
        await refuse(port, names[0], [str(code) for code in range(3)])
        refused = await page(port)

    assert all(f"See {name}" in paused for name in names)
    assert " more " not in paused
    assert '<a href="/undelivered">3 more</a>' in refused


async def test_of_reasons_alone_the_first_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await refuse(port, PINTEREST, [str(code) for code in range(TASKS_SHOWN)])
        whole = await page(port)
        await refuse(port, PINTEREST, ["another"])
        part = await page(port)

    assert whole.count("See these conversions") == part.count("See these conversions") == 8
    assert " more</a>" not in whole
    assert '<a href="/undelivered">1 more</a>' in part
    assert "9 things need attention." in part


async def test_a_rare_reason_beside_hundreds_of_others_is_found_at_its_platform(
    tmp_path: Path,
) -> None:
    """The most frequent reasons are listed, which is said; no other counts as none."""
    group = f"/undelivered/group?destination={TIKTOK}&reason=platform_rejected&code=rare"
    async with AdminPort(tmp_path) as port:
        await refuse(port, PINTEREST, [str(code) for code in range(MAX_GROUPS)] * 2)
        await refuse(port, TIKTOK, ["rare"])
        whole = words(await page(port, "/undelivered"))
        alone = words(await page(port, f"/undelivered?destination={TIKTOK}"))
        listed = words(await page(port, group))

    assert f"Only the {MAX_GROUPS} most frequent kinds are listed." in whole
    assert "1 purchase since" in alone
    assert "most frequent" not in alone
    assert "1 conversion, newest first." in listed


async def refuse(port: AdminPort, name: str, codes: Sequence[str]) -> None:
    """Have a platform refuse as many purchases, each for its reason."""
    skipped = {each.name: Passed("skipped", "not_selected") for each in port.destinations}
    del skipped[name]
    events = [conversion(f"{name}-{at}") for at in range(len(codes))]
    await port.journal.append([entry_of(each, skipped, {}) for each in events])
    start = port.journal.cursor(name, Lane.MONEY)
    waiting = (await port.journal.read(name, Lane.MONEY, start, len(codes))).pending
    dead = [
        Dead(each, "platform_rejected", code) for each, code in zip(waiting, codes, strict=True)
    ]
    await port.journal.settle(name, Settlement(receipt=RECEIPT, dead=dead))


@pytest.mark.parametrize("path", SCREENS)
async def test_headings_never_skip_a_level(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("dead", pinterest=INVALID)
        port.switch.health[PINTEREST] = BY_HAND
        text = await page(port, path)

    depths = [int(depth) for depth in re.findall(r"<h(\d)", text)]
    assert depths[0] == 1
    assert all(deeper <= depth + 1 for depth, deeper in pairwise(depths))


async def test_words_are_the_platforms_only_where_it_said_them(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("dead", pinterest=INVALID)
        texts = [
            words(await page(port, path))
            for path in ("/", f"/destinations/{PINTEREST}", "/undelivered")
        ]

    assert all("Reason given: page.url is missing." in text for text in texts)


async def test_a_sum_says_of_how_many_it_is(tmp_path: Path) -> None:
    """What a payload that is gone was worth is not known any more."""
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        for number in range(3):
            await port.take(f"order-{number}", value="10.00", pinterest=INVALID)
        whole = words(await page(port))
        with closing(sqlite3.connect(port.journal_path)) as connection, connection:
            connection.execute("UPDATE dead SET entry = NULL WHERE event_id = 'order-0'")
        part = words(await page(port))

    assert "3 purchases worth 30.00 USD were not delivered" in whole
    assert "3 purchases (2 of them alone are worth 20.00 USD ) were not delivered" in part


async def test_the_screen_on_call_leads_to_graphs_and_to_the_runbook(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        bare = await page(port, "/on-call")
    links = Links(grafana="https://grafana.shop.example/", runbook="https://wiki.shop.example/r")
    async with AdminPort(tmp_path, links=links) as port:
        linked = await page(port, "/on-call")

    assert "https://" not in bare
    assert "each figure links to its graph and its section of the runbook" in words(bare)
    graph = "https://grafana.shop.example/d/conversion-relay?viewPanel=3&amp;var-destination="
    assert f'href="{graph}{PINTEREST}"' in linked
    assert 'href="https://wiki.shop.example/r#relayoldestwaitingtooold"' in linked


async def test_the_screen_on_call_tells_small_journals_in_their_unit(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        text = words(await page(port, "/on-call"))

    assert re.search(r"In use \d+ KiB of 1.00 GiB", text)


async def test_of_a_journal_that_is_full_it_is_not_said_that_this_cannot_be_foreseen(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path, max_size_bytes=150_000) as port:
        told = words(await page(port, "/on-call"))

    assert "Room left 0 KiB Full in it is full" in told


async def test_a_range_can_be_chosen_without_scripts(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        text = await page(port, "/?range=7d")

    assert 'href="/?range=7d" aria-current="true"' in text


@pytest.mark.parametrize("path", SCREENS)
async def test_all_resources_are_the_ports_own_and_nothing_is_in_line(
    tmp_path: Path, path: str
) -> None:
    async with AdminPort(tmp_path) as port:
        text = await page(port, path)
        links = set(re.findall(r'(?:href|src)="([^"]*)"', text))
        for link in links:
            reply = await port.ask(link.replace("&amp;", "&").partition("#")[0] or "/")
            assert reply.status == 200, link

    assert all(link.startswith(("/", "#")) for link in links)
    assert all(
        re.fullmatch(r'src="[^"]+" defer', each) for each in re.findall(r"<script ([^>]*)>", text)
    )
    assert "<style" not in text
    assert not re.search(r'\s(?:style|on\w+)="', text)


async def test_no_style_loads_anything_from_elsewhere(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        text = await page(port)
        own = next(link for link in re.findall(r'href="([^"]*)"', text) if "relay.css" in link)
        style = (await port.ask(own)).body.decode()

    assert set(re.findall(r"url\(([^)]*)\)", style)) == {'"/static/chevron.svg"'}
    assert "@import" not in style


async def test_a_browser_may_keep_a_file_for_good_under_the_name_of_its_content(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.ask("/static/relay.js?v=1")
        missing = await port.ask("/static/..%2fpages.py")

    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in reply.headers["Cache-Control"]
    assert missing.status == 404


@pytest.mark.parametrize("path", ["/", f"/destinations/{PINTEREST}", "/on-call", "/undelivered"])
async def test_a_live_part_is_sent_alone_when_it_is_asked_for(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        whole = await page(port, path)
        part = await page(port, path, live=True)

    assert f'hx-get="{path}" hx-trigger="every 3s"' in whole
    assert "<html" not in part
    assert words(part).strip() in words(whole)


async def test_words_from_outside_are_escaped(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.switch.health[PINTEREST] = Health("degraded", None, HOSTILE, float(NOW_S), None)
        await port.take(HOSTILE)
        on_call = await page(port, "/on-call")
        found = await page(
            port, "/find?id=%3Cscript+src%3D%22%2F%2Fevil.example%22%3E%7B%7B+7+*+7+%7D%7D%26"
        )
        missing = await page(port, "/find?id=%3Cscript%3E")

    for text in (on_call, found, missing):
        assert "&lt;script" in text
        assert "<script src=" not in text.replace('<script src="/static/', "")
    assert "{{ 7 * 7 }}" in found


async def test_a_banner_tells_of_test_mode(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert "Test mode" not in await page(port)
        port.destinations[0].test = True
        assert f"Test mode.</strong> {PINTEREST} gets test events only" in await page(port)


async def test_a_banner_names_all_that_is_emulated_in_a_sentence(tmp_path: Path) -> None:
    names = [PINTEREST, TIKTOK, "tiktok-outlet"]
    async with AdminPort(tmp_path, names=names, emulated=names) as port:
        text = await page(port)

    assert f"Trial run.</strong> {PINTEREST}, {TIKTOK} and tiktok-outlet are emulated" in text


async def test_a_relay_without_destinations_says_what_to_do(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[]) as port:
        text = await page(port)
        trial = await page(port, "/test")

    assert "No platform is set up yet." in text
    assert "<table" not in text
    assert "No platform is set up yet." in trial


async def test_a_first_run_waits_for_the_first_conversion(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        text = words(await page(port))
        await port.take("first")
        port.now_s += 2 * 86_400
        later = words(await page(port))

    assert "Waiting for the first conversion." in text
    assert "Each row adds up" not in text
    assert "relay send" in text
    assert "Conversions reach" in later
    assert "Last delivered none yet" in later


async def test_a_quiet_time_says_when_the_last_one_was_delivered(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("once")
        for each in port.destinations:
            await port.deliver(each.name, RECEIPT)
        port.now_s += 3 * 3_600
        text = words(await page(port, "/?range=1h"))

    assert "No conversion came in during the last hour." in text
    assert "The last delivery was 3 hours ago ." in text


async def test_a_page_that_cannot_be_made_says_so_and_that_sending_goes_on(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.fail_replays("the disk is full", 5)
        path = "/undelivered/confirm?destination=a&reason=expired&code=&action=replay"
        text = words(await page(port, path, 503))
        unknown = words(await page(port, "/destinations/none", 404))
        odd = words(await page(port, "/?range=9", 400))

    assert "Could not load the figures." in text
    assert "Sending goes on" in text
    assert "the disk is full" in text
    assert "There is nothing here." in unknown
    assert "This address is not understood." in odd
