"""What the page costs: with a month and ten million events behind it, a look takes no time."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relay.event_name import STANDARD_NAMES
from relay.journal.rollup import DAY_S, HOUR_S, MINUTE_S
from tests.admin_port import PINTEREST, TIKTOK, AdminPort
from tests.builders import NOW_S

WITHIN_S = 0.2
MONTH_S = 30 * DAY_S
KINDS = sorted(STANDARD_NAMES)[:10]
EVENTS_A_MINUTE = 24
"""Of each kind: 24 times 10 times 43,200 are 10,368,000 in a month."""
LETTERS = 20_000


def fill(path: Path) -> None:
    """Write the roll-ups of a month, and dead letters."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO rollup (start_s, width_s, destination, event, received, delivered, dead)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows(),
        )
        connection.execute(
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO dead (destination, lane, position, reason, code, message, note, dead_ms,"
            " received_ms, event, event_id, event_time, entry) SELECT ?, 1, i, 'platform_rejected',"
            " i % 9, 'refused', '', ?, ?, 'page_view', 'id-' || i, ?, NULL FROM n",
            (LETTERS, TIKTOK, NOW_S * 1000, NOW_S * 1000, NOW_S),
        )
        connection.execute("COMMIT")


def rows() -> Iterator[tuple[int | str, ...]]:
    """Yield 48 hours of minutes and the hours of a month before them."""
    for width_s, first_s, end_s in (
        (MINUTE_S, NOW_S - 2 * DAY_S, NOW_S),
        (HOUR_S, NOW_S - MONTH_S, NOW_S - 2 * DAY_S),
    ):
        count = EVENTS_A_MINUTE * width_s // MINUTE_S
        for start_s in range(first_s, end_s, width_s):
            for name in ("", PINTEREST, TIKTOK):
                for kind in KINDS:
                    yield start_s, width_s, name, kind, count, count if name else 0, 0


@pytest.mark.parametrize(
    "path",
    [
        "/?range=30d",
        f"/destinations/{TIKTOK}?range=30d",
        "/undelivered",
        "/refused",
        "/on-call",
        "/api/v1/summary?range=30d",
    ],
)
async def test_a_month_of_ten_million_events_is_told_at_once(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        fill(port.journal_path)
        times = []
        for _ in range(3):
            start = time.perf_counter()
            reply = await port.ask(path)
            times.append(time.perf_counter() - start)
            assert reply.status == 200

    assert min(times) < WITHIN_S, times
