"""Journals for tests that ask the tables one question, written row by row as the writer would."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import msgspec

from relay.delivery import DeadReason, Outcome
from relay.event_name import Lane, lane_of
from relay.journal.codec import encode_group
from relay.journal.disk.upgrades import create
from relay.journal.entry import Entry
from relay.journal.figures.rollup import Deltas
from relay.journal.find.lookup import Place
from tests.given.event.builders import NOW_S

NOW_MS = NOW_S * 1000
DESTINATIONS = ("pinterest-main", "tiktok-main")
PINTEREST, TIKTOK = DESTINATIONS


@contextmanager
def new_journal(path: Path | None = None) -> Iterator[sqlite3.Connection]:
    """Open an empty journal, in memory unless a path is given."""
    if path is not None:
        path.write_bytes(_empty())
    with closing(sqlite3.connect(path or ":memory:", isolation_level=None)) as connection:
        if path is None:
            create(connection)
        connection.execute("PRAGMA synchronous = OFF")  # nobody cuts the power of a test
        connection.execute("PRAGMA journal_mode = WAL")
        yield connection


@cache
def _empty() -> bytes:
    """Return the file of an empty journal, made once."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection)
        return connection.serialize()


class Seed:
    """Adds rows to a journal; offsets are counted per lane from 0."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._next = dict.fromkeys(Lane, 0)

    def group(self, *entries: Entry) -> Place:
        """Append entries of one lane as one group; return the place of the first."""
        first = entries[0].conversion
        lane = lane_of(first.event)
        place = Place(lane, self._next[lane])
        self._next[lane] += len(entries)
        self.connection.execute(
            "INSERT INTO log (lane, first, count, received_ms, entries) VALUES (?, ?, ?, ?, ?)",
            (*place, len(entries), first.received_ms, encode_group(entries)),
        )
        deltas = Deltas()
        deltas.appended(entries, DESTINATIONS)
        deltas.flush(self.connection, NOW_MS)
        return place

    def cursor(
        self,
        destination: str,
        position: int,
        *,
        lane: Lane = Lane.MONEY,
        start: int = 0,
        until: int | None = None,
        ahead: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Say how far a destination is."""
        self.connection.execute(
            "INSERT OR REPLACE INTO cursor (destination, lane, start, position, ahead, until)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (destination, lane, start, position, msgspec.msgpack.encode(ahead), until),
        )

    def retry(self, destination: str, place: Place, entry: Entry, *, message: str = "") -> None:
        """Have an event wait for a moment of its own."""
        self.connection.execute(
            "INSERT INTO retry (destination, lane, position, received_ms, due_ms, attempts, replay,"
            " code, message, entry) VALUES (?, ?, ?, ?, ?, 1, 0, '', ?, ?)",
            (
                *(destination, *place, entry.conversion.received_ms, NOW_MS, message),
                entry.record,
            ),
        )

    def dead(
        self,
        destination: str,
        place: Place,
        entry: Entry,
        reason: DeadReason = "platform_rejected",
        *,
        dead_ms: int = NOW_MS,
        message: str = "refused",
        keep: bool = True,
    ) -> str:
        """Count an event dead and return the id of its letter; `keep` its payload."""
        of = entry.conversion
        row = self.connection.execute(
            "INSERT INTO dead (destination, lane, position, reason, code, message, note, dead_ms,"
            " received_ms, event, event_id, event_time, entry)"
            " VALUES (?, ?, ?, ?, '', ?, '', ?, ?, ?, ?, ?, ?)",
            (
                *(destination, *place, reason, message, dead_ms),
                *(of.received_ms, of.event, of.event_id, of.event_time),
                entry.record if keep else None,
            ),
        ).lastrowid
        deltas = Deltas()
        deltas.dead(destination, entry, reason)
        deltas.flush(self.connection, NOW_MS)
        return str(row)

    def receipt(
        self,
        destination: str,
        first: Place,
        last: int,
        outcome: Outcome = "ok",
        *,
        at_ms: int = NOW_MS,
        message: str = "",
        exceptions: Sequence[tuple[int, int, Outcome, str, str]] = (),
    ) -> None:
        """Record one request that covered the offsets from `first` to `last`."""
        receipt = self.connection.execute(
            "INSERT INTO receipt (destination, at_ms, duration_ms, outcome, http_status, code,"
            " message, request_id, exceptions) VALUES (?, ?, 120, ?, 200, '', ?, 'r-1', ?)",
            (
                *(destination, at_ms, outcome, message),
                msgspec.msgpack.encode(exceptions) if exceptions else None,
            ),
        ).lastrowid
        self.connection.execute(
            "INSERT INTO receipt_span (destination, lane, first, receipt, last)"
            " VALUES (?, ?, ?, ?, ?)",
            (destination, *first, receipt, last),
        )

    def count(self, table: str, where: str = "TRUE") -> int:
        """Return how many rows a table has."""
        rows = self.connection.execute(f"SELECT count(*) FROM {table} WHERE {where}")
        count: int = rows.fetchone()[0]
        return count
