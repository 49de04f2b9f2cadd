"""Roll-ups grow old a bounded part at a time, and only once all of a row is old."""

import sqlite3
from collections.abc import Iterator
from itertools import chain

import pytest

from relay.journal.figures.fold import forget_hours
from relay.journal.figures.rollup import (
    DAY_S,
    HOUR_S,
    HOURS_KEPT_S,
    MINUTE_S,
    MINUTES_KEPT_S,
    row_of,
)
from tests.given.event.builders import NOW_S
from tests.given.journal.seed import PINTEREST, new_journal

LAST_OLD_S = NOW_S - HOURS_KEPT_S - HOUR_S
"""The start of the hour that ended exactly 400 days ago."""


@pytest.fixture
def journal() -> Iterator[sqlite3.Connection]:
    with new_journal() as connection:
        yield connection


def row(connection: sqlite3.Connection, start_s: int, width_s: int) -> None:
    key = (start_s, width_s, PINTEREST)
    connection.execute(
        "INSERT INTO rollup (start_s, width_s, destination, event) VALUES (?, ?, ?, 'lead')", key
    )
    connection.execute("INSERT INTO rollup_value VALUES (?, ?, ?, 'USD', '1')", key)


def starts(connection: sqlite3.Connection, table: str) -> list[int]:
    return [start_s for (start_s,) in connection.execute(f"SELECT start_s FROM {table} ORDER BY 1")]


def test_hours_are_forgotten_a_day_at_a_time_until_the_oldest_is_young(
    journal: sqlite3.Connection,
) -> None:
    kept = [LAST_OLD_S + HOUR_S]
    steps = [
        [LAST_OLD_S - 3 * DAY_S, LAST_OLD_S - 2 * DAY_S - HOUR_S],
        [LAST_OLD_S - 2 * DAY_S],
        [LAST_OLD_S],
    ]
    folded = LAST_OLD_S - 9 * DAY_S
    row(journal, folded, MINUTE_S)
    for start_s in (*chain(*steps), *kept):
        row(journal, start_s, HOUR_S)

    for at in range(len(steps)):
        assert forget_hours(journal, NOW_S)
        left = [folded, *chain(*steps[at + 1 :]), *kept]
        assert starts(journal, "rollup") == starts(journal, "rollup_value") == left

    assert forget_hours(journal, NOW_S) is False
    assert starts(journal, "rollup") == left


def test_a_late_count_goes_to_the_hour_once_all_of_it_is_48_hours_old() -> None:
    hour_s = NOW_S - MINUTES_KEPT_S - HOUR_S
    received_ms = (hour_s + MINUTE_S + 1) * 1000
    assert row_of(received_ms, NOW_S * 1000 - 1) == (hour_s + MINUTE_S, MINUTE_S)
    assert row_of(received_ms, NOW_S * 1000) == (hour_s, HOUR_S)
