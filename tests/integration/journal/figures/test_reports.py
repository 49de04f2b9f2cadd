"""Sums of a range, of a lifetime, and the list of what was refused."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from relay.conversion import Order
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Passed, Rejection
from relay.journal.figures.fold import fold_minutes
from relay.journal.figures.reports import MAX_REJECTIONS, rejections, report, totals
from relay.journal.figures.rollup import DAY_S, HOUR_S, MINUTE_S, Deltas
from relay.journal.report import Funnel
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import conversion
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, TIKTOK, Seed


def purchase(age_s: int = 0, value: str = "10.10") -> Entry:
    order = Order(value=Decimal(value), currency="USD")
    return entry_of(conversion(received_ms=NOW_MS - age_s * 1000, order=order), {})


def deliver(seed: Seed, *entries: Entry) -> None:
    deltas = Deltas()
    deltas.delivered(PINTEREST, entries)
    deltas.flush(seed.connection, NOW_MS)


def refuse(seed: Seed, code: str) -> None:
    deltas = Deltas()
    deltas.rejected([Rejection(NOW_MS, "http", None, None, code, "", "")])
    deltas.flush(seed.connection, NOW_MS)


def test_a_report_counts_by_the_minute_of_receipt(seed: Seed) -> None:
    seed.group(purchase(), purchase(MINUTE_S), purchase(2 * MINUTE_S))
    recent = report(seed.connection, NOW_MS - MINUTE_S * 1000)
    assert recent.received == 2
    assert recent.destinations[PINTEREST].received == 2
    assert recent.destinations[TIKTOK].pending == 2


def test_the_moment_is_rounded_down_to_its_minute(seed: Seed) -> None:
    seed.group(purchase())
    assert report(seed.connection, NOW_MS + 59_999).received == 1
    assert report(seed.connection, NOW_MS + 60_000).received == 0


def test_the_moment_is_rounded_down_to_its_hour_where_minutes_are_folded(seed: Seed) -> None:
    seed.group(purchase())
    assert fold_minutes(seed.connection, NOW_MS // 1000 + 3 * DAY_S)
    assert report(seed.connection, NOW_MS + HOUR_S * 1000 - 1).received == 1
    assert report(seed.connection, NOW_MS + HOUR_S * 1000).received == 0


def test_a_delivery_counts_in_the_minute_of_receipt_with_its_worth(seed: Seed) -> None:
    old, new = purchase(2 * HOUR_S), purchase(value="0.20")
    seed.group(old, new)
    deliver(seed, old, new)
    hour = report(seed.connection, NOW_MS - HOUR_S * 1000).destinations[PINTEREST]
    assert (hour.delivered, hour.value_delivered) == (1, {"USD": Decimal("0.20")})
    day = report(seed.connection, NOW_MS - DAY_S * 1000).destinations[PINTEREST]
    assert (day.delivered, day.value_delivered) == (2, {"USD": Decimal("10.30")})
    assert day.pending == 0


def test_whatever_becomes_of_an_event_counts_in_its_minute_of_receipt(seed: Seed) -> None:
    """Also hours later, and until it is replayed."""
    received_ms = NOW_MS - 5 * HOUR_S * 1000
    event = purchase(5 * HOUR_S)
    passed = entry_of(event.conversion, {PINTEREST: Passed("skipped", "no_consent")})
    seed.group(event, event, passed)
    deltas = Deltas()
    deltas.delivered(PINTEREST, [event])
    deltas.dead(PINTEREST, event, "platform_rejected")
    deltas.rejected([Rejection(received_ms, "http", None, None, "missing", "", "")])
    deltas.flush(seed.connection, NOW_MS)

    minute = report(seed.connection, received_ms, received_ms)
    assert (minute.received, minute.rejected) == (3, 1)
    assert minute.destinations[PINTEREST] == Funnel(
        received=3, skipped=1, delivered=1, dead=1, value_delivered={"USD": Decimal("10.10")}
    )

    replayed = Deltas()
    replayed.replayed(PINTEREST, event)
    replayed.flush(seed.connection, NOW_MS)
    assert report(seed.connection, received_ms, received_ms).destinations[PINTEREST].dead == 0


def test_only_purchases_are_worth_something(seed: Seed) -> None:
    order = Order(value=Decimal(5), currency="USD")
    entry = entry_of(conversion(event="add_to_cart", order=order), {})
    deliver(seed, entry)
    assert not totals(seed.connection).value_delivered


def test_refused_events_stand_outside_the_funnels(seed: Seed) -> None:
    refuse(seed, "missing")
    whole = report(seed.connection, NOW_MS)
    assert (whole.received, whole.rejected, whole.destinations) == (0, 1, {})
    assert totals(seed.connection).rejected == {("http", "missing"): 1}


def test_totals_name_what_they_count(seed: Seed) -> None:
    skipped = entry_of(conversion(event="My Event"), {TIKTOK: Passed("skipped", "not_mapped")})
    seed.group(purchase())
    seed.group(skipped)
    deliver(seed, purchase())
    found = totals(seed.connection)
    assert found.received == {("http", "purchase"): 1, ("http", "custom"): 1}
    assert found.accepted == dict.fromkeys(DESTINATIONS, 2)
    assert found.delivered == {(PINTEREST, "purchase"): 1}
    assert found.skipped == {(TIKTOK, "not_mapped"): 1}
    assert found.value_delivered == {(PINTEREST, "USD"): Decimal("10.10")}


def test_an_empty_journal_reports_nothing(seed: Seed) -> None:
    whole = report(seed.connection, 0)
    assert (whole.received, whole.rejected, whole.destinations) == (0, 0, {})
    assert not totals(seed.connection).accepted


async def test_of_more_rejections_than_are_listed_the_others_are_only_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relay.db"
    journal = SqliteJournal(path, clock=lambda: 0.0, max_size_bytes=2**30, retention_s=86_400)
    refused = [
        Rejection(NOW_MS, "http", None, str(number), "missing", "", "")
        for number in range(3 * MAX_REJECTIONS)
    ]
    await journal.open(DESTINATIONS)
    try:
        await journal.append([], refused)
        listed = await journal.rejections(MAX_REJECTIONS)
        counted = await journal.totals()
    finally:
        await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        [rows] = connection.execute("SELECT count(*) FROM rejection").fetchone()

    assert list(listed) == refused[: -MAX_REJECTIONS - 1 : -1]
    assert rows == MAX_REJECTIONS
    assert sum(counted.rejected.values()) == len(refused)


def test_rejections_come_newest_first_up_to_a_limit(seed: Seed) -> None:
    listed = [
        Rejection(NOW_MS + at, "http", "shop", f"e{at}", "missing", "user", "is missing")
        for at in range(MAX_REJECTIONS + 2)
    ]
    seed.connection.executemany(
        "INSERT INTO rejection (at_ms, source, key, event_id, code, path, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (each.at_ms, each.source, each.key, each.event_id, each.code, each.path, each.message)
            for each in listed
        ],
    )
    assert rejections(seed.connection, 2) == listed[:-3:-1]
    assert len(rejections(seed.connection, 10**6)) == MAX_REJECTIONS
    assert not rejections(seed.connection, -1)
