"""Keeps the worth of the purchases that wait for each destination: the money at risk.

There is one row per destination and currency, updated in the transaction that changes what waits,
so reading it costs the same whether a thousand events wait or ten million. `Deltas` collects the
changes; this module neither begins nor commits a transaction.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from relay.journal.entry import Entry
from relay.journal.figures.amount import add_exactly, is_money, sum_exactly


class Worth:
    """The changes of one transaction."""

    def __init__(self) -> None:
        self._changes: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def appended(self, entries: Sequence[Entry], destinations: Iterable[str]) -> None:
        """Add new events wherever they wait; those that wait everywhere are summed only once."""
        orders = [each for each in entries if each.event == "purchase" and each.value is not None]
        if not orders:
            return
        everywhere = sums(each for each in orders if not each.passed)
        partly = [each for each in orders if each.passed]
        for destination in destinations:
            self._add(destination, everywhere)
            if partly:
                self._add(destination, sums(e for e in partly if destination not in e.passed))

    def ended(self, destination: str, currency: str, value: Decimal) -> None:
        """Subtract money that no longer waits; the caller has summed it up."""
        key = (destination, currency)
        self._changes[key] = add_exactly(self._changes[key], -value)

    def dead(self, destination: str, entry: Entry) -> None:
        """Subtract an event that ended without delivery."""
        for currency, value in sums([entry]).items():
            self.ended(destination, currency, value)

    def waits_again(self, destination: str, entry: Entry) -> None:
        """Add an event that was dead and waits again."""
        self._add(destination, sums([entry]))

    def flush(self, connection: sqlite3.Connection) -> None:
        """Add everything to the rows, in the open transaction."""
        for (destination, currency), change in self._changes.items():
            if not change:
                continue
            key = (destination, currency)
            found = connection.execute(_FIND, key).fetchone()
            value = add_exactly(Decimal(found[0]), change) if found else change
            connection.execute(_SET, (*key, str(value)))

    def _add(self, destination: str, worth: Mapping[str, Decimal]) -> None:
        for currency, value in worth.items():
            key = (destination, currency)
            self._changes[key] = add_exactly(self._changes[key], value)


def recount(connection: sqlite3.Connection, destination: str, entries: Iterable[Entry]) -> None:
    """Set the worth anew, in the open transaction; `entries` are all that wait."""
    connection.execute("DELETE FROM worth_waiting WHERE destination = ?", (destination,))
    worth = Worth()
    for entry in entries:
        worth.waits_again(destination, entry)
    worth.flush(connection)


def waiting(connection: sqlite3.Connection, destination: str) -> dict[str, Decimal]:
    """Return what the purchases that wait for a destination are worth, by currency."""
    rows = connection.execute(
        "SELECT currency, value FROM worth_waiting WHERE destination = ? ORDER BY currency",
        (destination,),
    )
    amounts = {currency: Decimal(value) for currency, value in rows}
    return {currency: value for currency, value in amounts.items() if value > 0}


def sums(entries: Iterable[Entry]) -> dict[str, Decimal]:
    """Return the worth of the purchases among the entries, by currency."""
    values: defaultdict[str, list[Decimal]] = defaultdict(list)
    for each in entries:
        if each.event == "purchase" and each.currency and each.value is not None:
            values[each.currency].append(each.value)
    totals = {currency: sum_exactly(found) for currency, found in values.items()}
    return {currency: value for currency, value in totals.items() if is_money(value)}


_FIND: Final = "SELECT value FROM worth_waiting WHERE destination = ? AND currency = ?"
_SET: Final = """
    INSERT OR REPLACE INTO worth_waiting (destination, currency, value) VALUES (?, ?, ?)
"""
