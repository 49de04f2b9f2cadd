"""What the journal forgets and what it must not, step by step, on real files."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from relay.conversion import Order
from relay.delivery import Outcome
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.dead.letters import page
from relay.journal.entry import Entry, Rejection
from relay.journal.figures.reports import MAX_REJECTIONS, report, totals
from relay.journal.figures.rollup import DAY_S, HOUR_S, Deltas
from relay.journal.find.lookup import Kind, Place, Run, places, store
from relay.journal.find.timeline import EXCEPTIONS
from relay.journal.letter import DeadFilter
from relay.journal.space import retention
from tests.given.event.builders import conversion, entry
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, TIKTOK, Seed, new_journal

DAY_MS = DAY_S * 1000
WEEK_MS = 7 * DAY_MS


def aged(event_id: str, age_ms: int, event: str = "purchase") -> Entry:
    return entry_of(conversion(event_id, event, received_ms=NOW_MS - age_ms), {})


def maintain(seed: Seed, now_ms: int = NOW_MS) -> None:
    """Run all upkeep to its end, each step in a transaction of its own."""
    for step in retention.steps(DESTINATIONS, WEEK_MS, now_ms):
        again = True
        while again:
            seed.connection.execute("BEGIN")
            again = step(seed.connection)
            seed.connection.execute("COMMIT")


def settle_all(seed: Seed, position: int, lane: Lane = Lane.MONEY) -> None:
    for destination in DESTINATIONS:
        seed.cursor(destination, position, lane=lane)


def index(seed: Seed, first: int, *entries: Entry) -> None:
    """Put events of the money lane into a look-up run."""
    run = Run(Lane.MONEY, first)
    run.add(entries)
    store(seed.connection, run)


def kept_firsts(seed: Seed) -> list[int]:
    return [first for (first,) in seed.connection.execute("SELECT first FROM log ORDER BY first")]


def test_events_go_once_they_are_old_enough_and_settled_everywhere(seed: Seed) -> None:
    for age_days in (9, 8, 6):
        seed.group(aged("e", age_days * DAY_MS))
    settle_all(seed, 3)
    maintain(seed)
    assert kept_firsts(seed) == [2]


def test_old_events_stay_behind_a_younger_one_else_the_log_would_have_a_gap(seed: Seed) -> None:
    """They came once the clock had been set back."""
    for age_days in (6, 9):
        seed.group(aged("e", age_days * DAY_MS))
    settle_all(seed, 2)
    maintain(seed)
    assert kept_firsts(seed) == [0, 1]


def test_what_one_destination_still_has_to_send_stays_however_old(seed: Seed) -> None:
    for _ in range(3):
        seed.group(aged("a", 30 * DAY_MS), aged("b", 30 * DAY_MS))
    seed.cursor(PINTEREST, 6)
    seed.cursor(TIKTOK, 3)
    maintain(seed)
    assert kept_firsts(seed) == [2, 4]


def test_what_is_settled_ahead_of_a_gap_stays_with_the_gap(seed: Seed) -> None:
    for _ in range(3):
        seed.group(aged("a", 30 * DAY_MS))
    seed.cursor(PINTEREST, 3)
    seed.cursor(TIKTOK, 1, ahead=[(2, 2)])
    maintain(seed)
    assert kept_firsts(seed) == [1, 2]


def test_a_destination_that_is_gone_keeps_nothing(seed: Seed) -> None:
    seed.group(aged("a", 30 * DAY_MS))
    settle_all(seed, 1)
    seed.cursor("gone", 0, until=1)
    maintain(seed)
    assert kept_firsts(seed) == []


def test_a_destination_without_a_cursor_keeps_everything(seed: Seed) -> None:
    seed.group(aged("a", 30 * DAY_MS))
    seed.cursor(PINTEREST, 1)
    maintain(seed)
    assert kept_firsts(seed) == [0]


def test_the_lanes_are_forgotten_each_by_its_own_cursors(seed: Seed) -> None:
    seed.group(aged("paid", 30 * DAY_MS))
    seed.group(aged("seen", 30 * DAY_MS, "page_view"))
    settle_all(seed, 0)
    settle_all(seed, 1, Lane.OTHER)
    maintain(seed)
    assert seed.connection.execute("SELECT lane FROM log").fetchall() == [(Lane.MONEY,)]


def test_a_step_is_bounded_by_rows_and_by_bytes(seed: Seed) -> None:
    for _ in range(retention.STEP_ROWS + 1):
        seed.group(aged("a", 30 * DAY_MS))
    large = "x" * (retention.STEP_BYTES // 2 + 1)
    for _ in range(3):
        event = conversion(
            received_ms=NOW_MS - 30 * DAY_MS, order=Order(description=large), event="page_view"
        )
        seed.group(entry_of(event, {}))
    settle_all(seed, 10_000)
    settle_all(seed, 10_000, Lane.OTHER)
    assert retention.forget_events(seed.connection, DESTINATIONS, NOW_MS)
    assert seed.count("log", "lane = 0") == 1
    assert seed.count("log", "lane = 1") == 1


def test_receipts_and_their_spans_go_with_the_events_they_cover(seed: Seed) -> None:
    old = seed.group(*(aged(f"e{at}", 9 * DAY_MS) for at in range(1_000)))
    new = seed.group(aged("new", DAY_MS))
    settle_all(seed, 1_001)
    seed.receipt(PINTEREST, old, 999, at_ms=NOW_MS - 9 * DAY_MS)
    seed.receipt(PINTEREST, new, 1_000, at_ms=NOW_MS - DAY_MS)
    maintain(seed)
    assert seed.count("receipt") == seed.count("receipt_span") == 1


def said(seed: Seed) -> list[tuple[str, list[str]]]:
    """Return what platforms said: about each request, and about events in it."""
    rows = seed.connection.execute("SELECT message, exceptions FROM receipt ORDER BY id").fetchall()
    return [(whole, [each[-1] for each in EXCEPTIONS.decode(parts)]) for whole, parts in rows]


def refuse(seed: Seed, first: int, last: int) -> None:
    """Record a late request whose events were refused, each with words, one of the other lane."""
    places = [*((Lane.MONEY, at) for at in range(first, last + 1)), (Lane.OTHER, first)]
    each: list[tuple[int, int, Outcome, str, str]] = [
        (lane, at, "invalid", "1", f"of {lane.name} {at}") for lane, at in places
    ]
    span, at_ms = (Place(Lane.MONEY, first), last), NOW_MS - 2 * DAY_MS
    seed.receipt(PINTEREST, *span, "partial", message="of all", exceptions=each, at_ms=at_ms)


@pytest.mark.parametrize("days", [(0.0,), (-1.5, 0.0)], ids=["at once", "one by one"])
def test_words_about_an_event_go_with_it_however_late_they_were_said(
    seed: Seed, days: Sequence[float]
) -> None:
    """They may quote the person, and no erasure would find them without the event."""
    for age_days in (9, 8, 1):
        seed.group(aged("e", age_days * DAY_MS))
    settle_all(seed, 3)
    for span in ((0, 1), (0, 2), (1, 2), (2, 2)):
        refuse(seed, *span)
    for day in days:
        maintain(seed, NOW_MS + round(day * DAY_MS))
    assert said(seed) == [
        ("", ["", "", "of OTHER 0"]),
        ("", ["", "", "of MONEY 2", "of OTHER 0"]),
        ("", ["", "of MONEY 2", "of OTHER 1"]),
        ("of all", ["of MONEY 2", "of OTHER 2"]),
    ]
    assert seed.count("receipt_span") == 3  # those that cover what is left


def test_words_about_an_event_go_though_it_was_gone_when_they_were_said(seed: Seed) -> None:
    seed.group(aged("old", 8 * DAY_MS))
    seed.group(aged("new", DAY_MS))
    settle_all(seed, 2)
    maintain(seed)
    refuse(seed, 0, 0)
    maintain(seed)
    assert said(seed) == [("", ["", "of OTHER 0"])]


def test_receipts_go_though_more_than_a_step_looks_at_are_younger(seed: Seed) -> None:
    for age_days in (9, *[1] * retention.STEP_ROWS):
        place = seed.group(aged("e", age_days * DAY_MS))
        seed.receipt(PINTEREST, place, place.offset, at_ms=NOW_MS - age_days * DAY_MS)
    settle_all(seed, retention.STEP_ROWS + 1)
    maintain(seed)
    assert seed.count("receipt") == retention.STEP_ROWS


def test_receipts_stay_as_long_as_an_event_of_their_time(seed: Seed) -> None:
    """One destination is paused: the other one's deliveries can still be looked up."""
    place = seed.group(aged("a", 30 * DAY_MS))
    seed.group(aged("b", DAY_MS))
    seed.cursor(PINTEREST, 1)
    seed.cursor(TIKTOK, 0)
    seed.receipt(PINTEREST, place, 0, at_ms=NOW_MS - 20 * DAY_MS)
    maintain(seed)
    assert seed.count("receipt") == seed.count("receipt_span") == 1


def test_what_came_before_the_clock_was_set_back_goes_with_what_came_after(seed: Seed) -> None:
    """It kept all events since, with addresses and browsers, until the clock came round again."""
    ages = [-400] * 3 + [9, 8, -400, 6]
    places = [seed.group(aged("e", days * DAY_MS)) for days in ages]
    for at, (place, days) in enumerate(zip(places, ages, strict=True)):
        seed.receipt(PINTEREST, place, at, at_ms=NOW_MS - days * DAY_MS)
    settle_all(seed, len(ages))
    maintain(seed)
    assert kept_firsts(seed) == [5, 6]
    assert seed.count("receipt") == 2


@pytest.mark.parametrize("last", [9, 6, -400])
def test_what_is_dated_ahead_goes_or_stays_with_the_only_one_that_came_after(
    seed: Seed, last: int
) -> None:
    """It stays while nothing that came after is old, also where all is dated ahead."""
    ages = (-400, -400, last)
    places = [seed.group(aged("e", days * DAY_MS)) for days in ages]
    for at, (place, days) in enumerate(zip(places, ages, strict=True)):
        seed.receipt(PINTEREST, place, at, at_ms=NOW_MS - days * DAY_MS)
    settle_all(seed, len(ages))
    maintain(seed)
    assert kept_firsts(seed) == ([] if last == 9 else [0, 1, 2])
    assert seed.count("receipt") == len(kept_firsts(seed))


def test_look_up_runs_go_when_all_their_events_are_gone(seed: Seed) -> None:
    for event_id, age_ms in (("old", 9 * DAY_MS), ("new", DAY_MS)):
        seed.group(aged(event_id, age_ms))
    index(seed, 0, entry("old"))
    index(seed, 1, entry("new"))
    settle_all(seed, 2)
    maintain(seed)
    assert seed.count("lookup_run") == len(Kind)
    assert places(seed.connection, Kind.EVENT, "new") == [Place(Lane.MONEY, 1)]


def test_an_empty_log_leaves_no_look_up_and_no_receipt(seed: Seed) -> None:
    for at in range(retention.STEP_ROWS + 1):
        place = seed.group(aged("a", 9 * DAY_MS))
        seed.receipt(PINTEREST, place, at, at_ms=NOW_MS - 9 * DAY_MS)
    settle_all(seed, retention.STEP_ROWS + 1)
    index(seed, 0, entry("a"))
    maintain(seed)
    for table in ("log", "receipt", "receipt_span", "lookup_run"):
        assert seed.count(table) == 0


def test_dead_letters_lose_their_payload_first_and_go_much_later(seed: Seed) -> None:
    for days in (401, 31, 29):
        event = entry(f"{days}")
        seed.dead(PINTEREST, seed.group(event), event, dead_ms=NOW_MS - days * DAY_MS)
    before = totals(seed.connection)
    maintain(seed)
    columns = "event_id, entry IS NOT NULL, message"
    rows = seed.connection.execute(f"SELECT {columns} FROM dead ORDER BY id")
    assert rows.fetchall() == [("31", 0, ""), ("29", 1, "refused")]
    assert totals(seed.connection) == before


def test_a_letter_dated_ahead_loses_its_payload_with_those_after_it(seed: Seed) -> None:
    for days in (32, -400, 31, -400, 29):
        event = entry(f"{days}")
        seed.dead(PINTEREST, seed.group(event), event, dead_ms=NOW_MS - days * DAY_MS)
    maintain(seed)
    rows = seed.connection.execute("SELECT entry IS NOT NULL FROM dead ORDER BY id")
    assert [kept for (kept,) in rows] == [0, 0, 0, 1, 1]


def test_minutes_become_hours_and_hours_go_after_400_days(seed: Seed) -> None:
    for age_s in (402 * DAY_S, 3 * DAY_S, 3 * DAY_S + 120, HOUR_S):
        deltas = Deltas()
        event = aged("a", age_s * 1000)
        deltas.appended([event], DESTINATIONS)
        deltas.flush(seed.connection, NOW_MS - age_s * 1000)
    before = totals(seed.connection)
    maintain(seed)
    widths = seed.connection.execute(
        "SELECT width_s, received FROM rollup WHERE destination = ? ORDER BY start_s", (PINTEREST,)
    )
    assert widths.fetchall() == [(3600, 1), (3600, 1), (60, 1)]
    assert report(seed.connection, 0).received == 3
    assert totals(seed.connection) == before


def test_an_hour_is_folded_only_when_all_of_it_is_old(seed: Seed) -> None:
    seed.group(aged("a", 0))
    maintain(seed, NOW_MS + 2 * DAY_MS + HOUR_S * 1000 - 1)
    assert seed.count("rollup", "width_s = 60") > 0
    maintain(seed, NOW_MS + 2 * DAY_MS + HOUR_S * 1000)
    assert seed.count("rollup", "width_s = 60") == 0


def test_the_latest_rejections_stay(seed: Seed) -> None:
    refused = Rejection(NOW_MS, "http", None, None, "missing", "user", "")
    seed.connection.executemany(
        "INSERT INTO rejection (at_ms, source, code, path, message) VALUES (?, ?, ?, ?, ?)",
        [(refused.at_ms, refused.source, refused.code, "", "")] * (MAX_REJECTIONS + 700),
    )
    maintain(seed)
    assert seed.count("rejection") == MAX_REJECTIONS
    assert seed.count("rejection", "id <= 700") == 0


def test_upkeep_of_an_empty_journal_does_nothing(seed: Seed) -> None:
    maintain(seed)
    assert not retention.relieve(seed.connection, DESTINATIONS)


def test_space_is_given_back_but_for_a_reserve(seed: Seed) -> None:
    large = Order(description="x" * 1_000_000)
    for _ in range(40):
        event = conversion(received_ms=NOW_MS - 30 * DAY_MS, order=large)
        seed.group(entry_of(event, {}))
    settle_all(seed, 40)
    used = retention.used_bytes(seed.connection)
    pages = seed.connection.execute("PRAGMA page_count").fetchone()[0]
    maintain(seed)
    left = seed.connection.execute("PRAGMA page_count").fetchone()[0]
    free = seed.connection.execute("PRAGMA freelist_count").fetchone()[0]
    assert left < pages / 2
    assert free == retention.SPARE_PAGES
    assert retention.used_bytes(seed.connection) < used / 10


def test_what_waits_for_a_destination_that_left_ends_when_it_is_old(seed: Seed) -> None:
    """It would stay for ever, with all that it holds of a person; so long, it can be replayed."""
    waiting = [aged(name, 8 * DAY_MS) for name in ("old", "kept")] + [aged("young", 0)]
    seed.group(*waiting)
    for offset, (name, event) in enumerate(zip((TIKTOK, PINTEREST, TIKTOK), waiting, strict=True)):
        seed.retry(name, Place(Lane.MONEY, offset), event)
    settle_all(seed, 3)
    seed.cursor(TIKTOK, 3, until=3)

    maintain(seed)

    assert seed.count("retry", "position IN (1, 2)") == seed.count("retry") == 2
    [letter] = page(seed.connection, DeadFilter(), limit=9, cursor=None).letters
    assert (letter.destination, letter.event_id, letter.reason) == (TIKTOK, "old", "expired")
    assert letter.replayable
    assert totals(seed.connection).dead == {(TIKTOK, "expired"): 1}


def test_a_file_that_cannot_shrink_is_left_alone(tmp_path: Path) -> None:
    """A journal that was copied by other tools may have lost the setting."""
    with new_journal(tmp_path / "relay.db") as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
        connection.execute("CREATE TABLE filler AS SELECT zeroblob(40000000) AS data")
        connection.execute("DROP TABLE filler")
        assert not retention.give_back(connection)


def test_relief_takes_settled_events_first_then_payloads_nobody_will_send(seed: Seed) -> None:
    seed.group(aged("young", 0))
    waiting = seed.group(aged("waiting", 0))
    seed.cursor(PINTEREST, 2)
    seed.cursor(TIKTOK, 1)
    seed.dead(PINTEREST, waiting, aged("expired", 0), "expired")
    seed.dead(TIKTOK, waiting, aged("refused", 0), "platform_rejected")
    assert retention.relieve(seed.connection, DESTINATIONS)
    assert kept_firsts(seed) == [1]
    assert seed.count("dead", "entry IS NOT NULL") == 2
    assert retention.relieve(seed.connection, DESTINATIONS)
    kept = seed.connection.execute("SELECT reason FROM dead WHERE entry IS NOT NULL").fetchall()
    assert kept == [("platform_rejected",)]
    assert retention.relieve(seed.connection, DESTINATIONS)
    assert seed.connection.execute("SELECT reason FROM dead").fetchall() == kept
    assert not retention.relieve(seed.connection, DESTINATIONS)
    assert kept_firsts(seed) == [1]
