"""A journal full of purchases that were sent long ago, and the shop's own list of them.

Of each thousand orders: ten were refused by Pinterest, ten wait for TikTok, ten have no consent,
ten never came; the others were delivered to both. The journal's rows are written as its writer
would, but in bulk.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from relay.conversion import Conversion, Order
from relay.event_name import Lane
from relay.identity import Identity
from relay.journal.codec import encode_group, entry_of
from relay.journal.entry import Entry, Passed, Pending
from relay.journal.exception_row import add_dead, add_retries
from relay.journal.find.lookup import Place
from relay.journal.settlement import Dead, Retry
from tests.given.event.builders import DIGEST, NOW_S
from tests.given.journal.seed import DESTINATIONS, PINTEREST, TIKTOK, Seed, new_journal

GROUP: Final = 1_000
REFUSED: Final = range(10)
WAITING: Final = range(10, 20)
WITHOUT_CONSENT: Final = range(20, 30)
MISSING: Final = range(30, 40)
START_S: Final = NOW_S - 86_400
NO_CONSENT: Final = dict.fromkeys(DESTINATIONS, Passed("skipped", "no_consent"))


def value_of(number: int) -> Decimal:
    """Return what an order is worth."""
    return Decimal(number % 9_973 + 1) / 100


def write_orders(path: Path, count: int) -> None:
    """Write the shop's list."""
    with path.open("w", encoding="utf-8-sig") as file:
        file.write("Order ID;Created at;Total;Currency\n")
        for number in range(count):
            file.write(f"A-{number};{START_S + number // 100};{value_of(number)};EUR\n")


def write_pixel(path: Path, count: int) -> None:
    """Write the browser's events; of each thousand, the first half has ids of its own."""
    with path.open("w") as file:
        file.write("event_id,event_name,time,order_id\n")
        for number in range(count):
            whose = "browser" if number % GROUP < GROUP // 2 else "event"
            file.write(f"{whose}-{number},purchase,{START_S + number // 100},A-{number}\n")


def write_journal(path: Path, count: int) -> None:
    """Write the journal that goes with the list; `count` is a multiple of `GROUP`."""
    with new_journal(path) as connection:
        connection.execute("BEGIN")
        offset = 0
        for first in range(0, count, GROUP):
            numbers = [first + at for at in range(GROUP) if at not in MISSING]
            entries = [entry_of(purchase(number), _passed(number)) for number in numbers]
            _write_group(connection, offset, entries)
            offset += len(entries)
        for name in DESTINATIONS:
            Seed(connection).cursor(name, offset)
            Seed(connection).cursor(name, 0, lane=Lane.OTHER)
        connection.execute("COMMIT")


def _passed(number: int) -> Mapping[str, Passed]:
    return NO_CONSENT if number % GROUP in WITHOUT_CONSENT else {}


def _write_group(connection: sqlite3.Connection, offset: int, entries: Sequence[Entry]) -> None:
    """Write a group of the log, the requests that covered it, and its exceptions."""
    at_ms = entries[-1].received_ms + 2_000
    connection.execute(
        "INSERT INTO log (lane, first, count, received_ms, entries) VALUES (?, ?, ?, ?, ?)",
        (Lane.MONEY, offset, len(entries), entries[0].received_ms, encode_group(entries)),
    )
    place = Place(Lane.MONEY, offset)
    for name in DESTINATIONS:
        Seed(connection).receipt(name, place, offset + len(entries) - 1, at_ms=at_ms)
    refused = [Dead(_pending(offset + at, entries[at]), "platform_rejected") for at in REFUSED]
    waiting = [Retry(_pending(offset + at, entries[at]), at_ms + 60_000) for at in WAITING]
    add_dead(connection, PINTEREST, refused, at_ms)
    add_retries(connection, TIKTOK, waiting)


def _pending(offset: int, entry: Entry) -> Pending:
    return Pending(Lane.MONEY, offset, offset, entry)


def purchase(number: int) -> Conversion:
    """Return the purchase of an order."""
    happened_s = START_S + number // 100
    identity = Identity(email_compact=(DIGEST,), email_trimmed=(DIGEST,))
    order = Order(value_of(number), "EUR", f"A-{number}")
    return Conversion(
        "purchase", f"event-{number}", happened_s, happened_s * 1000, "web", identity, order
    )
