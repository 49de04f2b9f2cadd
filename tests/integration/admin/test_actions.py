"""What can be done on the page: by forms, asked once, never by a GET, never from another origin."""

import codecs
import csv
import io
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from relay.admin.pages.letters_csv import MOST_LETTERS
from relay.admin.pages.undelivered import LETTERS
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Passed, Rejection
from relay.journal.letter import DeadFilter
from relay.journal.settlement import Dead, Receipt, Settlement
from relay.outcome.health import Health
from relay.outcome.probe import Probe
from relay.outcome.views.source import SourcesView
from relay.outcome.wording import TOO_OLD_ON_ARRIVAL
from tests.given.event.builders import DIGEST, NOW_S, conversion
from tests.given.port.admin import INVALID, PINTEREST, TIKTOK, AdminPort, Reply
from tests.ui.world import KAFKA, OUTCOMES

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=90, outcome="invalid", http_status=200)
GROUP = {"destination": TIKTOK, "reason": "invalid_event", "code": ""}


async def submit(port: AdminPort, path: str, fields: dict[str, str], **headers: str) -> Reply:
    body = urlencode(fields).encode()
    return await port.ask(path, method="POST", body=body, headers={**FORM, **headers})


def words(reply: Reply) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.body.decode()))


async def test_a_group_is_sent_again_after_a_dry_run(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        await port.take("b", tiktok=INVALID)
        asked = words(await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action=replay"))
        before = await port.journal.totals()
        done = words(await submit(port, "/undelivered/replay", GROUP))
        after = await port.journal.totals()
        nothing = words(await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action=replay"))

    assert "Send 2 conversions again?" in asked
    assert "All can be sent again" in asked
    assert "Each goes out with the same id" in asked
    assert not before.replayed
    assert after.replayed == {TIKTOK: 2}
    assert "2 conversions will be sent again" in done
    assert "Nothing matches." in nothing


@pytest.mark.parametrize("action", ["replay", "drop"])
async def test_only_what_was_asked_about_is_done(tmp_path: Path, action: str) -> None:
    """What dies while somebody thinks about the question stays, unseen as it is."""
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        asked = await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action={action}")
        later = conversion("b", received_ms=(NOW_S + 1) * 1000)
        await port.journal.append([entry_of(later, {TIKTOK: INVALID}, {})])
        await submit(port, f"/undelivered/{action}", hidden(asked))
        left = await port.journal.dead_letters(DeadFilter(reason="invalid_event"), limit=10)

    assert [letter.event_id for letter in left.letters] == ["b"]


@pytest.mark.parametrize("action", ["replay", "drop"])
async def test_to_be_asked_changes_nothing(tmp_path: Path, action: str) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action={action}")
        [letter] = (await port.journal.dead_letters(DeadFilter(), limit=10)).letters

    assert (letter.reason, letter.note) == ("invalid_event", "")


async def test_each_group_is_told_with_its_own_reason_and_by_the_platforms_code(
    tmp_path: Path,
) -> None:
    """A code that is known says more than that the platform refused it."""
    own = "A field of the event is not as TikTok wants it."
    refused = {"destination": TIKTOK, "reason": "platform_rejected", "code": "40002"}
    async with AdminPort(tmp_path) as port:
        port.destinations[1].type = "tiktok"
        await port.take("a")
        start = port.journal.cursor(TIKTOK, Lane.MONEY)
        [pending] = (await port.journal.read(TIKTOK, Lane.MONEY, start, 1)).pending
        dead = [Dead(pending, "platform_rejected", "40002")]
        await port.journal.settle(TIKTOK, Settlement(receipt=RECEIPT, dead=dead))
        port.now_s += 60
        for number in range(2):
            await port.take(f"b-{number}", tiktok=INVALID)
        listed = words(await port.ask("/undelivered"))
        of_one = words(await port.ask(f"/destinations/{TIKTOK}"))
        alone = words(await port.ask(f"/undelivered/group?{urlencode(refused)}"))
        other = words(await port.ask(f"/undelivered/group?{urlencode(GROUP)}"))

    assert f"TikTok: {own}" in listed
    assert own in of_one
    assert f"TikTok: {own} 1 conversion, newest first." in alone
    assert "TikTok: The event lacks something that this platform needs. 2 conversions," in other


async def test_what_died_at_a_platform_that_is_configured_no_more_is_still_shown(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        listed = await port.ask(f"/undelivered?destination={TIKTOK}")
        front = words(await port.ask("/"))

    assert listed.status == 200
    assert "attention" not in front
    assert f"{TIKTOK}: The event lacks something" in words(listed)


async def test_a_moment_that_is_none_is_not_understood(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        reply = await submit(port, "/undelivered/drop", {**GROUP, "until": "yesterday"})

    assert reply.status == 400
    assert "until: use Unix milliseconds, or leave it empty." in words(reply)


def hidden(reply: Reply) -> dict[str, str]:
    """Return what a form of the page sends along."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', reply.body.decode())
    return dict(found)


async def test_a_single_conversion_is_spoken_of_as_one(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        asked = words(await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action=replay"))
        dropping = words(await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action=drop"))

    assert "1 conversion to tiktok-main was not delivered. It can be sent again." in asked
    for text in (asked, dropping):
        assert not {"They", "All"} & set(text.split())


async def test_what_the_journal_cannot_take_now_is_not_told_as_figures_that_fail(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        port.fail_replays("the disk of the journal is full", 5)
        reply = await submit(port, "/undelivered/replay", GROUP)

    assert reply.status == 503
    assert "This could not be written down." in words(reply)
    assert "the disk of the journal is full" in words(reply)
    assert "Could not load" not in words(reply)


async def test_what_is_too_old_is_told_before_and_cannot_be_sent(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        port.now_s += 2 * 86_400
        asked = await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action=replay")

    assert "None of these can be sent again." in words(asked)
    assert "None of them can be sent again; 1 is too old for it" in words(asked)
    assert "What cannot be sent stays here." in words(asked)
    assert "goes out with the same id" not in words(asked)
    assert b"<form" not in asked.body


async def test_what_expired_is_not_offered_to_be_sent_again(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=Passed("dead", "expired", TOO_OLD_ON_ARRIVAL))
        listed = words(await port.ask("/undelivered"))

    assert "Whoever builds the shop: It cannot be sent any more." in listed
    assert "Dismiss" in listed
    assert "Send again" not in listed


async def test_a_group_is_dismissed_with_a_note_without_pii(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        note = "told owner@shop.example"
        done = words(await submit(port, "/undelivered/drop", {**GROUP, "note": note}))
        dropped = DeadFilter(reason="dropped_by_operator")
        letters = await port.journal.dead_letters(dropped, limit=10)
        listed = words(await port.ask("/undelivered"))

    assert "1 conversion was dismissed." in done
    assert "told" in letters.letters[0].note
    assert "owner@" not in listed
    assert "Settled" in listed


async def test_a_note_of_many_lines_is_kept_as_long_as_the_page_lets_it_be(tmp_path: Path) -> None:
    """A browser sends two characters for the end of a line, of which it counts one."""
    lines = ["x" * 9] * 50
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        await submit(port, "/undelivered/drop", {**GROUP, "note": "\r\n".join(lines)})
        [letter] = (await port.journal.dead_letters(DeadFilter(), limit=10)).letters
        listed = words(await port.ask("/undelivered"))

    assert letter.note == " ".join(lines)
    assert letter.note in listed


async def test_each_note_is_read_beside_what_was_dismissed_with_it(tmp_path: Path) -> None:
    """All that was dismissed at a platform is one group, however often somebody did so."""
    async with AdminPort(tmp_path) as port:
        for note in ("a test order", "sent by hand"):
            port.now_s += 1
            await port.take(note, tiktok=INVALID)
            await submit(port, "/undelivered/drop", {**GROUP, "note": note})
        listed = words(await port.ask("/undelivered"))
        group = urlencode({**GROUP, "reason": "dropped_by_operator"})
        letters = words(await port.ask(f"/undelivered/group?{group}"))

    assert "The latest note: sent by hand" in listed
    assert "Note: a test order" in letters
    assert "Note: sent by hand" in letters


@pytest.mark.parametrize("path", ["/undelivered", f"/undelivered?destination={TIKTOK}"])
async def test_what_was_dismissed_is_not_told_to_have_arrived(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        await submit(port, "/undelivered/drop", {**GROUP, "note": ""})
        listed = words(await port.ask(path))

    assert "Somebody has decided on all that was not delivered" in listed
    assert "was delivered, wait" not in listed


@pytest.mark.parametrize(
    "path",
    ["/undelivered/replay", "/undelivered/drop", f"/destinations/{PINTEREST}/pause", "/test"],
)
async def test_no_other_origin_can_do_it(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        foreign = await submit(port, path, GROUP, Origin="https://evil.example")
        hidden = await submit(port, path, GROUP, Origin="null")
        own = await submit(port, path, GROUP, Origin=port.address)

    assert [foreign.status, hidden.status] == [403, 403]
    assert own.status == 200
    assert port.tried == ([(TIKTOK, "")] if path == "/test" else [])


async def test_a_group_has_to_be_named_whole(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await submit(port, "/undelivered/replay", {"destination": TIKTOK})
        action = await port.ask(f"/undelivered/confirm?{urlencode(GROUP)}&action=erase")
        cursor = await port.ask(f"/undelivered/group?{urlencode(GROUP)}&cursor=x")

    assert [reply.status, action.status, cursor.status] == [400, 400, 400]
    assert "reason, code is missing" in words(reply)


async def test_a_list_of_letters_goes_on_page_by_page(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(60):
            await port.take(f"id-{number}", tiktok=INVALID)
        first = (await port.ask(f"/undelivered/group?{urlencode(GROUP)}")).body.decode()
        link = re.search(r'href="(/undelivered/group\?[^"]*cursor=[^"]*)"', first)
        assert link is not None
        second = (await port.ask(link[1].replace("&amp;", "&"))).body.decode()

    ids = [*re.findall(r"<code>(id-\d+)</code>", first), *re.findall(r"<code>(id-\d+)", second)]
    assert len(ids) == len(set(ids)) == 60
    assert "Older ones" not in second


async def test_the_list_behind_a_task_is_of_the_range_that_the_task_counts(tmp_path: Path) -> None:
    """Also beyond its first page; the whole list is one click away."""
    async with AdminPort(tmp_path) as port:
        for number in range(3):
            await port.take(f"old-{number}", tiktok=INVALID)
        port.now_s += 2 * 3_600
        at_ms = round(port.now_s * 1000)
        for number in range(LETTERS + 1):
            new = conversion(f"new-{number}", received_ms=at_ms)
            await port.journal.append([entry_of(new, {TIKTOK: INVALID}, {})])
        front = (await port.ask("/?range=1h")).body.decode()
        link = re.search(r'href="(/undelivered/group[^"]*)"', front)
        assert link is not None
        listed = await port.ask(link[1].replace("&amp;", "&"))
        older = re.search(r'href="(/undelivered/group\?[^"]*cursor=[^"]*)"', listed.body.decode())
        assert older is not None
        rest = await port.ask(older[1].replace("&amp;", "&"))
        every = words(await port.ask(f"/undelivered/group?{urlencode(GROUP)}"))

    assert "51 purchases were not delivered" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", front))
    assert "51 conversions that came in during the last hour" in words(listed)
    assert "See all, whenever they came in" in words(listed)
    assert b"old-" not in listed.body + rest.body
    assert rest.body.count(b"<code>new-") == 1
    assert "54 conversions, newest first" in every


async def test_letters_are_had_as_csv_that_no_spreadsheet_computes(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take('=cmd|"/C calc"!A1', tiktok=INVALID)
        await port.take("\uff1d1+1", tiktok=INVALID)
        await port.take("plain", pinterest=INVALID)
        everything = await port.ask("/undelivered.csv")
        one = await port.ask(f"/undelivered.csv?{urlencode(GROUP)}")

    assert everything.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in everything.headers["Content-Disposition"]
    assert {each["event_id"] for each in rows(everything)} == {
        "plain",
        """'=cmd|"/C calc"!A1""",
        "'\uff1d1+1",
    }
    assert {each["destination"] for each in rows(one)} == {TIKTOK}


async def test_a_group_of_which_the_csv_lists_only_a_part_says_so(tmp_path: Path) -> None:
    """Whoever adds up the file would take the rest for delivered."""
    async with AdminPort(tmp_path) as port:
        await port.take("dead", tiktok=INVALID)
        whole = words(await port.ask("/undelivered"))
        with closing(sqlite3.connect(port.journal_path)) as connection, connection:
            connection.execute(MORE_OF_IT, (MOST_LETTERS,))
        part = words(await port.ask("/undelivered"))

    assert "Download as CSV (" not in whole
    assert "Download as CSV (the latest 10,000)" in part


MORE_OF_IT = """
    WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO dead (destination, lane, position, reason, code, message, note, dead_ms,
        received_ms, event, event_id, event_time)
    SELECT destination, lane, position + i, reason, code, message, note, dead_ms, received_ms,
        event, event_id, event_time FROM dead, n
"""


async def test_a_spreadsheet_reads_the_letters_of_any_script(tmp_path: Path) -> None:
    """Excel takes a CSV for UTF-8 only if it begins with the mark of it."""
    async with AdminPort(tmp_path) as port:
        await port.take("Bestellung-Köln-订单", tiktok=INVALID)
        reply = await port.ask("/undelivered.csv")

    assert reply.body.startswith(codecs.BOM_UTF8)
    assert [each["event_id"] for each in rows(reply)] == ["Bestellung-Köln-订单"]


def rows(reply: Reply) -> list[dict[str, str]]:
    """Return the rows of a CSV, as a spreadsheet reads them."""
    return list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))


async def test_the_address_cannot_make_the_page_say_what_was_not_done(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        made_up = words(await port.ask("/undelivered?done=replayed&count=999999999"))
        guessed = words(await port.ask("/undelivered?done=1"))
        unknown = await port.ask("/undelivered?destination=no-such")

    assert "will be sent again" not in made_up
    assert "will be sent again" not in guessed
    assert unknown.status == 404
    assert "was delivered" not in words(unknown)


async def test_a_reload_sends_no_second_test_and_the_code_stays(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.destinations[1].type = "tiktok"
        port.probes = [Probe(TIKTOK, "web", "ok", None, "The platform takes it.")]
        url = f"{port.address}/test"
        data = {"destination": TIKTOK, "test_event_code": "TEST123"}
        async with aiohttp.request("POST", url, data=data, allow_redirects=False) as sent:
            place = sent.headers["Location"]
        pages = [await port.ask(place) for _ in range(2)]

    assert sent.status == 303
    assert port.tried == [(TIKTOK, "TEST123")]
    for page in pages:
        assert "It works" in words(page)
        assert b'value="TEST123"' in page.body


async def test_platforms_words_name_no_place_in_a_request_that_nobody_sees(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        said = Passed("dead", "platform_rejected", "Invalid value for data.134.event_id")
        await port.take("a", tiktok=said)
        listed = words(await port.ask("/undelivered"))

    assert "Invalid value for event_id" in listed


async def test_a_pause_is_switched_on_and_off(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        paused = words(await submit(port, f"/destinations/{PINTEREST}/pause", {}))
        resumed = words(await submit(port, f"/destinations/{PINTEREST}/resume", {}))
        unknown = await submit(port, "/destinations/none/pause", {})

    assert "Paused by hand." in paused
    assert "Pause sending to" in resumed
    assert unknown.status == 404


async def test_the_verdict_of_a_test_is_told_in_words(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.probes = [Probe(TIKTOK, "web", "wrong", "token_expired", "Make a `token`.")]
        told = words(
            await submit(port, "/test", {"destination": TIKTOK, "test_event_code": " T1 "})
        )
        port.probes = []
        none = words(await submit(port, "/test", {"destination": TIKTOK}))
        unknown = await submit(port, "/test", {"destination": "none"})

    assert "It does not work for the web shop Make a token ." in told
    assert "Nothing was sent." in none
    assert unknown.status == 404
    assert port.tried == [(TIKTOK, "T1"), (TIKTOK, "")]


async def test_what_was_refused_is_grouped_and_can_be_filtered(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(60):
            code = "missing" if number % 3 else "wrong_type"
            one = Rejection(NOW_S * 1000, "http", None, f"id-{number}", code, "user", "Needed.")
            await port.journal.append([], [one])
        whole = await port.ask("/refused")
        every = await port.ask("/refused?all=1")
        kind = await port.ask("/refused?code=wrong_type")
        none = await port.ask("/refused?code=other")

    assert "40 66.6 %" in words(whole)
    assert "Show all 60" in words(whole)
    assert [reply.body.count(b"<code>id-") for reply in (whole, every, kind)] == [50, 60, 20]
    assert "Nothing matches." in words(none)


async def test_whoever_heard_of_no_error_is_told_where_to_look(tmp_path: Path) -> None:
    """Segment's API says success if any call of a batch could be used; Kafka answers nobody."""
    async with AdminPort(tmp_path) as port:
        told = []
        for source in ("http", "kafka"):
            one = Rejection(NOW_S * 1000, source, None, "id", "missing", "user", "Needed.")
            await port.journal.append([], [one])
            told.append(words(await port.ask("/refused")))

    assert "got an error for each, unless a Segment client posted it among others." in told[0]
    assert "; what came from Kafka lies unchanged in its topic's .rejected ." in told[1]


async def test_a_conversion_is_told_as_a_timeline(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.destinations[0].identifier_keys = {"email": "em"}
        await port.take("order-1", tiktok=Passed("skipped", "no_consent"))
        reply = await port.ask("/find?id=order-1")
        told = words(reply)
        long = words(await port.ask(f"/find?id={'x' * 300}"))

    assert "Waiting" in told
    assert "Not tried yet." in told
    assert "to recognise the person: E-mail." in told
    assert DIGEST.encode() not in reply.body
    assert "The person has not agreed to advertising." in told
    assert "Nothing matches." in long


async def test_what_a_platform_never_said_is_not_told_as_its_words(tmp_path: Path) -> None:
    """Some refuse without a word, and what they said goes with the person that is forgotten."""
    async with AdminPort(tmp_path) as port:
        await port.take("told", tiktok=Passed("dead", "platform_rejected", "Too odd"))
        await port.take("mute", tiktok=Passed("dead", "platform_rejected"))
        told = words(await port.ask("/find?id=told"))
        mute = words(await port.ask("/find?id=mute"))

    assert "The platform's words: Too odd" in told
    assert "The platform refused this event." in mute
    assert "The platform's words" not in mute


async def test_names_of_settings_are_set_apart_and_stand_between_no_backticks(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        port.switch.health[TIKTOK] = Health("degraded", None, "Check `base_url`.", NOW_S, None)
        reply = await port.ask(f"/destinations/{TIKTOK}")

    assert b"Check <code>base_url</code>" in reply.body


async def test_an_id_is_found_to_the_letter_and_also_with_blanks_from_a_paste(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take(" spaced ")
        await port.take("order-1")
        exact = words(await port.ask("/find?id=%20spaced%20"))
        pasted = words(await port.ask("/find?id=%20order-1%0A"))
        blank = words(await port.ask("/find?id=%20"))

    assert "event id spaced" in exact
    assert "event id order-1" in pasted
    assert "Enter the id that the shop gave" in blank


async def test_whoever_is_on_call_sees_requests_waits_and_journal(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.metrics.expect(TIKTOK)
        port.metrics.requests.add(TIKTOK, "ok", count=3)
        port.metrics.requests.add(TIKTOK, "transient")
        port.metrics.request_seconds.observe(0.2, TIKTOK, count=4)
        port.metrics.kafka_lag.labels("conversions", "0").set(42)
        busy = Health("active", None, "", None, None, 3, 8, 240)
        port.switch.health[TIKTOK] = busy
        told = words(await port.ask("/on-call"))

    assert (
        "Requests 4 Requests, last minute 240 Requests under way 3 of at most 8 Failed 25.0 %"
        in told
    )
    assert "≤ 0.25 s" in told
    assert "conversions 0 42" in told
    assert "Kafka is not set up" not in told
    assert "started 1 hour ago" in told
    assert "Up for 1 hour" in told


async def test_what_to_mend_is_told_the_greatest_gain_first(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        nothing = words(await port.ask("/fix"))
        for number in range(30):
            await port.take(f"e-{number}", value="0.00")
        told = words(await port.ask("/fix"))

    assert "Nothing to look at yet." in nothing
    assert "the latest 30 events" in told
    assert "Much to gain" in told
    assert "Whoever builds the shop:" in told
    assert "Purchase : 30 events Identifier Carried by Came hashed Left out, and why" in told
    assert "E-mail 100 %" in told


async def test_what_ended_undelivered_and_was_replayed_is_told_as_such(tmp_path: Path) -> None:
    """It stays counted by its reason, and may have been delivered long ago."""
    async with AdminPort(tmp_path) as port:
        await port.take("a", tiktok=INVALID)
        before = words(await port.ask("/on-call"))
        await submit(port, "/undelivered/replay", GROUP)
        after = words(await port.ask("/on-call"))

    assert "invalid_event 1 Skipped" in before
    assert "invalid_event 1 (1 of them replayed) Skipped" in after


async def test_whoever_is_on_call_sees_how_kafka_is(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        without = words(await port.ask("/on-call"))
        port.sources = SourcesView(kafka=KAFKA, outcomes=OUTCOMES)
        told = words(await port.ask("/on-call"))

    assert "Kafka is not set up: events come over HTTP alone." in without
    assert "Events from conversions held" in told
    assert "Not there, or not to be seen returns" in told
    assert "Outcomes to relay.outcomes active" in told
    assert "Given up for room 0" in told


async def test_a_name_of_an_event_does_not_turn_the_words_beside_it(tmp_path: Path) -> None:
    name = "\N{RIGHT-TO-LEFT OVERRIDE}evil"
    async with AdminPort(tmp_path) as port:
        for number in range(30):
            await port.take(f"e-{number}", name, value="0.00")
        told = (await port.ask("/fix")).body.decode()

    assert f"<summary><bdi>{name}</bdi>: 30 events" in told
    assert f"Kind: <bdi>{name}</bdi>" in told
    assert told.count(name) == told.count(f"<bdi>{name}</bdi>")
