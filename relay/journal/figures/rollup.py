"""Changes roll-ups by the minute of receipt and lifetime totals by the counts of one transaction.

Code that changes the state of events collects the counts in a `Deltas`, and flushes it once in the
same transaction. Counts are only added, never set, so roll-ups may be folded from minutes into
hours at any time: `row_of` directs a late count to the hour's row, whether or not it was folded
already. This module neither begins nor commits a transaction.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, Literal

from relay.event_name import label_of
from relay.journal.entry import Entry, Rejection
from relay.journal.figures.amount import add_exactly, is_money, sum_exactly
from relay.journal.figures.worth import Worth

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
MINUTES_KEPT_S: Final = 2 * DAY_S
HOURS_KEPT_S: Final = 400 * DAY_S

RELAY: Final = ""
"""The destination of the relay's own rows: what it received and rejected."""

_Kind = Literal["received", "rejected", "accepted", "replayed", "skipped", "delivered", "dead"]
_Change = tuple[_Kind, int, str, str, str]
"""Kind, minute of receipt (since 1970), destination or source, event label, reason or code."""


def row_of(received_ms: int, now_ms: int) -> tuple[int, int]:
    """Return (start, width) in seconds of the roll-up row that holds a moment of receipt.

    This is the minute's row for 48 hours, and then the hour's, once all of the hour is that old.
    """
    second = received_ms // 1000
    hour_s = second - second % HOUR_S
    if hour_s + HOUR_S + MINUTES_KEPT_S <= now_ms // 1000:
        return hour_s, HOUR_S
    return second - second % MINUTE_S, MINUTE_S


class Deltas:
    """The changes of one transaction to the counts; flushed once, then thrown away.

    An event is counted as `received` and, for each destination, as `accepted`; its later states are
    counted in addition. The size is bounded by the events of the transaction.
    """

    def __init__(self) -> None:
        self._changes: defaultdict[_Change, int] = defaultdict(int)
        self._values: defaultdict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
        self._worth = Worth()

    def appended(self, entries: Sequence[Entry], destinations: Sequence[str]) -> None:
        """Count new events: as received, accepted by each destination, and ended on arrival."""
        for minute, of_minute in _by_minute(entries):
            origins = Counter([(each.source, each.event) for each in of_minute])
            for (source, event), count in origins.items():
                label = label_of(event)
                self._changes["received", minute, source, label, ""] += count
                for destination in destinations:
                    self._changes["accepted", minute, destination, label, ""] += count
        for entry in entries:
            if entry.passed:
                self._passed(entry)
        self._worth.appended(entries, destinations)

    def rejected(self, rejections: Iterable[Rejection]) -> None:
        """Count events that the relay refused."""
        for rejection in rejections:
            minute = rejection.at_ms // 60_000
            self._changes["rejected", minute, rejection.source, "", rejection.code] += 1

    def delivered(self, destination: str, entries: Sequence[Entry]) -> None:
        """Count delivered events, and what the purchases among them were worth."""
        for minute, of_minute in _by_minute(entries):
            for event, count in Counter([each.event for each in of_minute]).items():
                self._changes["delivered", minute, destination, label_of(event), ""] += count
            sold: defaultdict[str, list[Decimal]] = defaultdict(list)
            for each in of_minute:
                if each.event == "purchase" and each.currency and each.value is not None:
                    sold[each.currency].append(each.value)
            for currency, values in sold.items():
                total = sum_exactly(values)
                if total or any(map(is_money, values)):
                    key = (minute, destination, currency)
                    self._values[key] = add_exactly(self._values[key], total)

    def dead(self, destination: str, entry: Entry, reason: str) -> None:
        """Count an event that waited and ended without delivery."""
        minute, label = entry.received_ms // 60_000, label_of(entry.event)
        self._changes["dead", minute, destination, label, reason] += 1
        self._worth.dead(destination, entry)

    def replayed(self, destination: str, entry: Entry) -> None:
        """Count a dead event that waits again: the roll-up has one dead less, not the total."""
        minute, label = entry.received_ms // 60_000, label_of(entry.event)
        self._changes["replayed", minute, destination, label, ""] += 1
        self._worth.waits_again(destination, entry)

    def flush(self, connection: sqlite3.Connection, now_ms: int) -> None:
        """Add everything to the roll-ups and totals, in the transaction that is open."""
        connection.executemany(_ADD_ROLLUP, self._rollup_rows(now_ms))
        connection.executemany(ADD_TOTAL, self._total_rows())
        for (minute, destination, currency), value in self._values.items():
            row = row_of(minute * 60_000, now_ms)
            add_value(connection, row, destination, currency, value)
            _add_total_value(connection, destination, currency, value)
            self._worth.ended(destination, currency, value)
        self._worth.flush(connection)

    def _passed(self, entry: Entry) -> None:
        minute, label = entry.received_ms // 60_000, label_of(entry.event)
        for destination, passed in entry.passed.items():
            self._changes[passed.state, minute, destination, label, passed.reason] += 1

    def _rollup_rows(self, now_ms: int) -> Iterator[tuple[int | str, ...]]:
        rows: defaultdict[tuple[int, int, str, str], Counter[str]] = defaultdict(Counter)
        for (kind, minute, who, label, _), count in self._changes.items():
            column, factor = _COLUMN[kind]
            destination = RELAY if kind in _OF_THE_RELAY else who
            key = (*row_of(minute * 60_000, now_ms), destination, label)
            rows[key][column] += factor * count
        for key, counts in rows.items():
            yield (*key, *(counts[column] for column in ROLLUP_COUNTS))

    def _total_rows(self) -> Iterator[tuple[str, str, str, int]]:
        totals: Counter[tuple[str, str, str]] = Counter()
        for (kind, _, who, label, reason), count in self._changes.items():
            totals[kind, who, label if kind in _TOTALLED_BY_EVENT else reason] += count
        for key, count in totals.items():
            yield (*key, count)


def _by_minute(entries: Sequence[Entry]) -> Iterator[tuple[int, Sequence[Entry]]]:
    """Group events by their minute of receipt; there is nearly always only one."""
    minutes = {received_ms // 60_000 for received_ms in {each.received_ms for each in entries}}
    if len(minutes) == 1:
        yield minutes.pop(), entries
        return
    for minute in minutes:
        yield minute, [each for each in entries if each.received_ms // 60_000 == minute]


def add_value(
    connection: sqlite3.Connection,
    row: tuple[int, int],
    destination: str,
    currency: str,
    value: Decimal,
) -> None:
    """Add to the delivered value of a roll-up row in one currency."""
    key = (*row, destination, currency)
    found = connection.execute(
        "SELECT value FROM rollup_value"
        " WHERE start_s = ? AND width_s = ? AND destination = ? AND currency = ?",
        key,
    ).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO rollup_value (start_s, width_s, destination, currency, value)"
        " VALUES (?, ?, ?, ?, ?)",
        (*key, _sum_text(found, value)),
    )


def _add_total_value(
    connection: sqlite3.Connection, destination: str, currency: str, value: Decimal
) -> None:
    found = connection.execute(
        "SELECT value FROM total_value WHERE destination = ? AND currency = ?",
        (destination, currency),
    ).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO total_value (destination, currency, value) VALUES (?, ?, ?)",
        (destination, currency, _sum_text(found, value)),
    )


def _sum_text(found: tuple[str] | None, value: Decimal) -> str:
    return str(add_exactly(Decimal(found[0]), value) if found else value)


ROLLUP_COUNTS: Final = ("received", "rejected", "skipped", "delivered", "dead")
_OF_THE_RELAY: Final = frozenset({"received", "rejected"})
_TOTALLED_BY_EVENT: Final = frozenset({"received", "delivered"})
_COLUMN: Final[dict[_Kind, tuple[str, int]]] = {
    "received": ("received", 1),
    "rejected": ("rejected", 1),
    "accepted": ("received", 1),
    "replayed": ("dead", -1),
    "skipped": ("skipped", 1),
    "delivered": ("delivered", 1),
    "dead": ("dead", 1),
}

_ADD_ROLLUP: Final = f"""
    INSERT INTO rollup (start_s, width_s, destination, event, {", ".join(ROLLUP_COUNTS)})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
    {", ".join(f"{column} = {column} + excluded.{column}" for column in ROLLUP_COUNTS)}
"""
ADD_TOTAL: Final = """
    INSERT INTO total (kind, who, label, count) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
