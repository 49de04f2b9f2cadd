"""Figures over time: from roll-ups alone, exact, and quick whatever the number of events."""

import sqlite3
import time
from collections.abc import Iterator

import pytest

from relay.event_name import STANDARD_NAMES
from relay.journal.figures import reports, series
from relay.journal.figures.rollup import DAY_S, HOUR_S, MINUTE_S
from tests.given.event.builders import NOW_S
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, TIKTOK, new_journal

KINDS = sorted(STANDARD_NAMES)[:12]
MONTH_S = 30 * DAY_S
WITHIN_S = 0.2


@pytest.fixture
def journal() -> Iterator[sqlite3.Connection]:
    with new_journal() as connection:
        yield connection


def row(connection: sqlite3.Connection, start_s: int, width_s: int, *values: object) -> None:
    connection.execute(
        "INSERT INTO rollup (start_s, width_s, destination, event, received, skipped, delivered,"
        " dead) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (start_s, width_s, *values),
    )


def test_minutes_are_added_up_to_steps_in_order(journal: sqlite3.Connection) -> None:
    for minute in range(10):
        row(journal, NOW_S + minute * 60, MINUTE_S, PINTEREST, "purchase", 3, 1, 1, 0)
        row(journal, NOW_S + minute * 60, MINUTE_S, PINTEREST, "lead", 1, 0, 0, 1)
    row(journal, NOW_S, MINUTE_S, TIKTOK, "lead", 7, 0, 7, 0)

    found = series.series(journal, NOW_MS, 300)

    assert [(each.start_s, each.received) for each in found[PINTEREST]] == [
        (NOW_S, 20),
        (NOW_S + 300, 20),
    ]
    assert [(each.skipped, each.delivered, each.dead) for each in found[PINTEREST]] == [
        (5, 5, 5),
        (5, 5, 5),
    ]
    assert [each.received for each in found[TIKTOK]] == [7]


def test_what_lies_before_the_range_is_left_out(journal: sqlite3.Connection) -> None:
    row(journal, NOW_S - 120, MINUTE_S, PINTEREST, "purchase", 1, 0, 0, 0)
    row(journal, NOW_S - 2 * HOUR_S, HOUR_S, PINTEREST, "purchase", 1, 0, 0, 0)
    row(journal, NOW_S - 30, MINUTE_S, PINTEREST, "purchase", 5, 0, 0, 0)

    assert [each.received for each in series.series(journal, NOW_MS, 60)[PINTEREST]] == [5]
    assert [each.received for each in series.kinds(journal, NOW_MS, PINTEREST)] == [5]


def test_what_lies_behind_the_range_is_left_out(journal: sqlite3.Connection) -> None:
    for start_s, count in ((NOW_S, 1), (NOW_S + HOUR_S, 2), (NOW_S + HOUR_S + MINUTE_S, 4)):
        for name in ("", PINTEREST):
            row(journal, start_s, MINUTE_S, name, "purchase", count, 0, 0, 0)
    until_ms = NOW_MS + HOUR_S * 1000

    report = reports.report(journal, NOW_MS, until_ms)

    assert report.received == report.destinations[PINTEREST].received == 3
    assert [each.received for each in series.kinds(journal, NOW_MS, PINTEREST, until_ms)] == [3]
    assert series.purchases_waiting(journal, PINTEREST, NOW_MS) == 7


def test_kinds_are_told_most_frequent_first_with_their_last_moment(
    journal: sqlite3.Connection,
) -> None:
    row(journal, NOW_S, MINUTE_S, PINTEREST, "lead", 1, 0, 1, 0)
    row(journal, NOW_S, MINUTE_S, PINTEREST, "purchase", 2, 0, 2, 0)
    row(journal, NOW_S + 60, MINUTE_S, PINTEREST, "purchase", 2, 1, 0, 1)

    found = series.kinds(journal, NOW_MS, PINTEREST)

    assert [(each.event, each.received, each.last_s) for each in found] == [
        ("purchase", 4, NOW_S + 60),
        ("lead", 1, NOW_S),
    ]


def test_purchases_that_wait_are_those_without_an_end(journal: sqlite3.Connection) -> None:
    row(journal, NOW_S, MINUTE_S, PINTEREST, "purchase", 10, 1, 4, 2)
    row(journal, NOW_S, MINUTE_S, PINTEREST, "lead", 10, 0, 0, 0)
    row(journal, NOW_S, MINUTE_S, TIKTOK, "purchase", 10, 0, 0, 0)

    assert series.purchases_waiting(journal, PINTEREST, NOW_MS) == 3
    assert series.purchases_waiting(journal, "new-one", NOW_MS) == 0


def test_the_last_delivery_is_the_last_request_that_brought_any(
    journal: sqlite3.Connection,
) -> None:
    for at_ms, outcome in [(1, "ok"), (5, "partial"), (9, "transient")]:
        journal.execute(
            "INSERT INTO receipt (destination, at_ms, duration_ms, outcome, code, message,"
            " request_id) VALUES (?, ?, 1, ?, '', '', '')",
            (PINTEREST, at_ms, outcome),
        )

    assert series.last_delivered_ms(journal) == {PINTEREST: 5}


def test_the_last_delivery_is_the_one_since_the_clock_was_set_back(
    journal: sqlite3.Connection,
) -> None:
    for at_ms, name in [(1, TIKTOK), (900, PINTEREST), (5, PINTEREST), (7, PINTEREST)]:
        journal.execute(
            "INSERT INTO receipt (destination, at_ms, duration_ms, outcome, code, message,"
            " request_id) VALUES (?, ?, 1, 'ok', '', '', '')",
            (name, at_ms),
        )

    assert series.last_delivered_ms(journal) == {PINTEREST: 7, TIKTOK: 1}


def test_a_destination_that_others_outrun_has_its_own_last_delivery(
    journal: sqlite3.Connection,
) -> None:
    sent = [(PINTEREST, 3, "ok"), (PINTEREST, 4, "ok"), ("one-lane", 6, "ok")]
    sent += [(PINTEREST, 5, "transient")]
    sent += [(TIKTOK, 10 + at, "ok") for at in range(series.RECEIPTS_LOOKED_AT)]
    journal.executemany(
        "INSERT INTO receipt (destination, at_ms, duration_ms, outcome, code, message,"
        " request_id) VALUES (?, ?, 1, ?, '', '', '')",
        sent,
    )
    journal.execute(
        "INSERT INTO receipt_span (destination, lane, first, receipt, last)"
        " SELECT destination, id % 2, id, id, id FROM receipt"
    )
    journal.executemany(
        "INSERT INTO cursor (destination, lane, start, position, ahead) VALUES (?, 0, 0, 0, x'')",
        [(name,) for name in (*DESTINATIONS, "one-lane")],
    )

    found = series.last_delivered_ms(journal)

    assert found == {PINTEREST: 4, "one-lane": 6, TIKTOK: 9 + series.RECEIPTS_LOOKED_AT}


def test_a_month_of_ten_million_events_is_told_at_once(journal: sqlite3.Connection) -> None:
    """48 hours of minutes and a month of hours, for two platforms and twelve kinds of event."""
    journal.execute("BEGIN")
    minutes = range(NOW_S - 2 * DAY_S, NOW_S, MINUTE_S)
    hours = range(NOW_S - MONTH_S, NOW_S - 2 * DAY_S, HOUR_S)
    for width_s, starts in ((MINUTE_S, minutes), (HOUR_S, hours)):
        journal.executemany(
            "INSERT INTO rollup (start_s, width_s, destination, event, received, delivered)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (start_s, width_s, name, kind, 4 * width_s // 60, 4 * width_s // 60)
                for start_s in starts
                for name in ("", *DESTINATIONS)
                for kind in KINDS
            ],
        )
    journal.execute("COMMIT")
    since_ms = (NOW_S - MONTH_S) * 1000
    times = {}
    for name, query in {
        "report": lambda: reports.report(journal, since_ms),
        "series": lambda: series.series(journal, since_ms, DAY_S),
        "kinds": lambda: series.kinds(journal, since_ms, PINTEREST),
        "waiting": lambda: series.purchases_waiting(journal, PINTEREST, since_ms),
    }.items():
        times[name] = min(_seconds(query) for _ in range(3))

    assert sum(each.received for each in series.series(journal, since_ms, DAY_S)[""]) > 2_000_000
    assert max(times.values()) < WITHIN_S, times


def _seconds(query: object) -> float:
    assert callable(query)
    start = time.process_time()
    query()
    return time.process_time() - start
