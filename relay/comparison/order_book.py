"""A shop's orders, with the purchases that the journal holds for each, in a temporary database.

Orders are added once. The purchases can be cleared, in case the journal has to be read again. Both
come out together, in the order of the file.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby, islice
from operator import itemgetter
from typing import Final, NamedTuple, Self

import msgspec

from relay.comparison.order_file import ShopOrder
from relay.comparison.temporary_database import errors_told, temporary_database
from relay.journal.find.standing import Standing

BATCH: Final = 500
"""How many rows one statement writes, and how many ids it looks up."""


class Found(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A purchase in the journal, and its state at each destination, in the destinations' order."""

    event_id: str
    received_ms: int
    value: Decimal | None
    currency: str | None
    standings: list[Standing | None]


class Known(NamedTuple):
    """An order and the purchases that the relay has for it; they can be iterated only once."""

    order: ShopOrder
    found: Iterator[Found]


class OrderBook:
    """See the module docstring; made by `open`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.repeated = 0
        """Lines that repeat the order id of an earlier line."""

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Open an empty book."""
        with temporary_database(_TABLES) as connection:
            yield cls(connection)

    def add(self, orders: Iterable[ShopOrder]) -> None:
        """Add orders; of several with the same id, the first is kept."""
        rows = ((o.line, o.order_id, o.time_s, _text(o.value), o.currency) for o in orders)
        while batch := list(islice(rows, BATCH)):
            taken = self._connection.executemany(_ADD_ORDER, batch).rowcount
            self.repeated += len(batch) - taken

    @property
    def count(self) -> int:
        """The number of orders."""
        return int(self._connection.execute("SELECT count(*) FROM shop_order").fetchone()[0])

    def forget_found(self) -> None:
        """Delete all purchases, before the journal is read again."""
        with errors_told():
            self._connection.execute("DELETE FROM found")

    def note(self, purchases: Sequence[tuple[str, Found]]) -> None:
        """Add purchases, each with its order id; those that belong to no order are ignored."""
        with errors_told():
            lines = self._lines({order_id for order_id, _ in purchases})
            rows = [
                (lines[order_id], _ENCODER.encode(found))
                for order_id, found in purchases
                if order_id in lines
            ]
            self._connection.executemany("INSERT INTO found (line, event) VALUES (?, ?)", rows)

    def known(self) -> Iterator[Known]:
        """Yield every order with its purchases, in the order of the file."""
        rows = self._connection.execute(_FOUND)
        by_line = groupby(rows, key=itemgetter(0))
        line, group = next(by_line, _NONE)
        for number, order_id, time_s, value, currency in self._connection.execute(_ORDERS):
            amount = None if value is None else Decimal(value)
            order = ShopOrder(number, order_id, time_s, amount, currency)
            if line != order.line:
                yield Known(order, iter(()))
                continue
            yield Known(order, (_DECODER.decode(event) for _, event in group))
            line, group = next(by_line, _NONE)

    def _lines(self, order_ids: set[str]) -> dict[str, int]:
        marks = ", ".join("?" * len(order_ids))
        query = f"SELECT id, line FROM shop_order WHERE id IN ({marks})"
        return dict(self._connection.execute(query, list(order_ids)).fetchall())


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


_NONE: Final[tuple[int, Iterator[tuple[int, bytes]]]] = (0, iter(()))
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Found)
_TABLES: Final = """
    CREATE TABLE shop_order (
        line     INTEGER PRIMARY KEY,
        id       TEXT NOT NULL UNIQUE,
        time_s   INTEGER,
        value    TEXT,
        currency TEXT NOT NULL
    ) STRICT;
    CREATE TABLE found (line INTEGER NOT NULL, event BLOB NOT NULL) STRICT;
"""
_ADD_ORDER: Final = """
    INSERT OR IGNORE INTO shop_order (line, id, time_s, value, currency) VALUES (?, ?, ?, ?, ?)
"""
_ORDERS: Final = "SELECT line, id, time_s, value, currency FROM shop_order ORDER BY line"
_FOUND: Final = "SELECT line, event FROM found ORDER BY line"
"""SQLite sorts on disk if there are many."""
