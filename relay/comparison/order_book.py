"""The orders of a shop and what the journal knows of each, in a temporary database.

Orders go in once; what is found of them may be forgotten again, should the journal have to be read
anew. Both come out side by side, in the order of the file.
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
"""Rows that are written, and ids that are looked up, in one statement."""


class Found(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One purchase of the journal, and where it stands at each destination, in their order."""

    event_id: str
    received_ms: int
    value: Decimal | None
    currency: str | None
    standings: list[Standing | None]


class Known(NamedTuple):
    """An order with the purchases that the relay has of it, to be gone through once."""

    order: ShopOrder
    found: Iterator[Found]


class OrderBook:
    """See the module docstring; made by `open`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.repeated = 0
        """Lines that name an order that an earlier line names."""

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Hand out an empty book."""
        with temporary_database(_TABLES) as connection:
            yield cls(connection)

    def add(self, orders: Iterable[ShopOrder]) -> None:
        """Write down orders; of those with the same id, the first one stays."""
        rows = ((o.line, o.order_id, o.time_s, _text(o.value), o.currency) for o in orders)
        while batch := list(islice(rows, BATCH)):
            taken = self._connection.executemany(_ADD_ORDER, batch).rowcount
            self.repeated += len(batch) - taken

    @property
    def count(self) -> int:
        """How many orders there are."""
        found: int = self._connection.execute("SELECT count(*) FROM shop_order").fetchone()[0]
        return found

    def forget_found(self) -> None:
        """Begin anew with what the journal knows."""
        with errors_told():
            self._connection.execute("DELETE FROM found")

    def note(self, purchases: Sequence[tuple[str, Found]]) -> None:
        """Write down purchases, each with the id of its order; those of no order are left out."""
        with errors_told():
            lines = self._lines({order_id for order_id, _ in purchases})
            rows = [
                (lines[order_id], _ENCODER.encode(found))
                for order_id, found in purchases
                if order_id in lines
            ]
            self._connection.executemany("INSERT INTO found (line, event) VALUES (?, ?)", rows)

    def known(self) -> Iterator[Known]:
        """Yield every order, in the order of the file, with what was found of it."""
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
"""Sorted on disk, where there is much of it."""
