"""A day at a shop as the journal has it in roll-ups and totals, written in a moment."""

import math
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from tests.given.event.builders import NOW_S
from tests.given.port.admin import PINTEREST, TIKTOK, AdminPort

DAY_S: Final = 86_400
KINDS: Final = {
    "purchase": 0.6,
    "add_to_cart": 2.4,
    "view_content": 9.0,
    "page_view": 14.0,
    "signup": 0.3,
    "lead": 0.2,
}
"""Events a minute at the busiest time of the day."""


def history(port: AdminPort) -> None:
    """Write roll-ups and totals of a day, as if it had been, on which all was delivered."""
    chance = random.Random(7)
    with closing(sqlite3.connect(port.journal_path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for minute_s in range(NOW_S - DAY_S + 60, NOW_S, 60):
            for row in _minute(minute_s, chance):
                connection.execute(
                    "INSERT INTO rollup (start_s, width_s, destination, event, received, rejected,"
                    " skipped, delivered, dead) VALUES (?, 60, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
        _total(connection)
        connection.execute("COMMIT")


def _minute(minute_s: int, chance: random.Random) -> Iterator[tuple[int | str, ...]]:
    wave = 0.55 - 0.45 * math.cos((minute_s % DAY_S) / DAY_S * 2 * math.pi)
    for kind, rate in KINDS.items():
        received = round(chance.expovariate(1 / (rate * wave)) if rate * wave > 0 else 0)
        if not received:
            continue
        yield minute_s, "", kind, received, 0, 0, 0, 0
        for name in (PINTEREST, TIKTOK):
            skipped = received if kind == "page_view" and name == TIKTOK else 0
            yield minute_s, name, kind, received, 0, skipped, received - skipped, 0


def _total(connection: sqlite3.Connection) -> None:
    """Have the lifetime say the same as the day, and give purchases a worth."""
    for table, key in (
        ("rollup_value", "start_s, width_s, destination"),
        ("total_value", "destination"),
    ):
        connection.execute(
            f"INSERT INTO {table} ({key}, currency, value)"
            f" SELECT {key}, 'USD', printf('%.2f', sum(delivered) * 84.9) FROM rollup"
            f" WHERE event = 'purchase' AND destination != '' GROUP BY {key}"
        )
    for statement in _TOTALS:
        connection.execute(f"INSERT INTO total (kind, who, label, count) {statement}")


_TOTALS: Final = (
    (
        "SELECT 'received', 'http', event, sum(received) FROM rollup WHERE destination = ''"
        " GROUP BY event"
    ),
    (
        "SELECT 'accepted', destination, '', sum(received) FROM rollup WHERE destination != ''"
        " GROUP BY destination"
    ),
    (
        "SELECT 'delivered', destination, event, sum(delivered) FROM rollup WHERE destination != ''"
        " GROUP BY destination, event"
    ),
    (
        "SELECT 'skipped', destination, 'not_mapped', sum(skipped) FROM rollup"
        " WHERE destination != '' GROUP BY destination"
    ),
    (
        "SELECT 'dead', destination, 'platform_rejected', sum(dead) FROM rollup"
        " WHERE destination != '' GROUP BY destination"
    ),
)
