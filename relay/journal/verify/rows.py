"""Verifies the rows beside the log: dead letters, retries and receipts.

Each must refer to an offset that the log has assigned, although retention may have deleted the
event since. What a row keeps of an event must be readable, and no event may be dead and waiting at
the same time. Receipts and their spans are deleted at different times, so neither needs the other.
"""

import sqlite3
from typing import Final, get_args

from relay.delivery import DeadReason
from relay.journal.codec import ONE_RECORD, count_group
from relay.journal.disk.storage import UNREADABLE
from relay.journal.find.timeline import EXCEPTIONS
from relay.journal.settlement import SPAN_OFFSETS
from relay.journal.verify.finding import LEAVE, Finding, Problems, Watch, counted

WATCHED_ROWS: Final = 1_000
"""How many rows there are between two calls of the watcher."""


def check_rows(connection: sqlite3.Connection, watch: Watch) -> list[Finding]:
    """Return the problems of these rows or, if there are none, how many rows there are."""
    problems = Problems("rows")
    counts = {table: _count(connection, table) for table in ("dead", "retry", "receipt")}
    for what, query in _FAULTS.items():
        found = connection.execute(query).fetchone()[0]
        if found:
            problems.add(f"{found:,} {what}")
    total, read = sum(counts.values()), 0
    for what, query in _KEPT.items():
        unreadable = 0
        for (data,) in connection.execute(query):
            read += 1
            unreadable += not _is_readable(what, data)
            if read % WATCHED_ROWS == 0:
                watch("Reading dead letters and receipts", read, total)
        if unreadable:
            problems.add(f"{counted(unreadable, what)} cannot be read", LEAVE)
    return problems.or_fine(
        f"{counted(counts['dead'], 'dead letter')}, {counted(counts['retry'], 'event')} to retry,"
        f" {counted(counts['receipt'], 'receipt')}"
    )


def _is_readable(what: str, data: bytes) -> bool:
    try:
        if what == _RECEIPTS:
            EXCEPTIONS.decode(data)
        else:
            count_group(ONE_RECORD + data)
    except UNREADABLE:
        return False
    return True


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _misplaced(table: str, first: str = "position", last: str = "position") -> str:
    return (
        f"SELECT count(*) FROM {table} LEFT JOIN log_end USING (lane)"
        f" WHERE next IS NULL OR {first} < 0 OR {last} >= next"
    )


_RECEIPTS: Final = "receipt"
_KEPT: Final = {
    "dead letter": "SELECT entry FROM dead WHERE entry IS NOT NULL",
    "retried event": "SELECT entry FROM retry",
    _RECEIPTS: "SELECT exceptions FROM receipt WHERE exceptions IS NOT NULL",
}
"""Queries for what rows keep of events."""

_REASONS: Final = ", ".join(f"'{reason}'" for reason in get_args(DeadReason))
_FAULTS: Final = {
    "dead letters are at no place of the log": _misplaced("dead"),
    "retries are at no place of the log": _misplaced("retry"),
    "receipts cover no place of the log": _misplaced("receipt_span", "first", "last"),
    "receipts cover a stretch that is none": "SELECT count(*) FROM receipt_span"
    f" WHERE last NOT BETWEEN first AND first + {SPAN_OFFSETS - 1}",
    "dead letters have a reason that nobody knows": "SELECT count(*) FROM dead"
    f" WHERE reason NOT IN ({_REASONS})",
    "events are dead and wait for a retry at once": "SELECT count(*) FROM retry"
    " JOIN dead USING (destination, lane, position)",
}
"""Problems, each with a query that counts its rows."""
