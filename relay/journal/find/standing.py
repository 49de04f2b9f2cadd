"""Tells where every event of a lane stands at each destination, in one pass over the log.

The rules are those of `timeline`, which looks at one event at a time; a property test compares the
two. Here the log, the rows of exceptions and the spans of requests are read in parallel, each in
the order of offsets, so that ten million events take no more memory than one. Events that are no
longer in the log come first, from their rows in `dead` and `retry`. An event that cannot be read is
counted and left out. It only reads; the connection must have a snapshot open.
"""

import heapq
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Final, NamedTuple

import msgspec

from relay.event_name import Lane
from relay.journal import log
from relay.journal.codec import entries_of, readable, salvage
from relay.journal.cursor import Cursor
from relay.journal.entry import Entry, Passed
from relay.journal.find.lookup import Place
from relay.journal.find.timeline import Reach
from relay.journal.report import DeliveryState


class Standing(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The state of an event at one destination; `at_ms` is when a request delivered it."""

    state: DeliveryState
    reason: str | None = None
    code: str = ""
    message: str = ""
    at_ms: int | None = None


class Stand(NamedTuple):
    """An event, and its standing at each destination; None if the event was not meant for it.

    If the payload has been deleted, the entry holds only the event's name, id and times.
    """

    place: Place
    entry: Entry
    standings: Sequence[Standing | None]


class Wanted:
    """Chooses events; `unreadable` is how many were asked about that cannot be read."""

    def __init__(self, chosen: Callable[[Entry], bool]) -> None:
        self._chosen = chosen
        self.unreadable = 0

    def __call__(self, entry: Entry) -> bool:
        """Whether the event can be read, and is wanted."""
        self.unreadable += entry.is_damaged
        return not entry.is_damaged and self._chosen(entry)


Exceptional = tuple[int, DeliveryState, str | None, str, str]
Span = tuple[int, int, int, int | None]


def names(connection: sqlite3.Connection, *, gone: bool = False) -> list[str]:
    """Return the destinations that the relay serves and, with `gone`, those that it once served."""
    rows = connection.execute(
        "SELECT DISTINCT destination FROM cursor WHERE ? OR until IS NULL", (gone,)
    )
    return sorted(name for (name,) in rows)


def oldest_ms(connection: sqlite3.Connection, lane: Lane) -> int | None:
    """Return when a lane's oldest event was received, in Unix milliseconds; None if it is empty."""
    row = connection.execute(
        "SELECT received_ms FROM log WHERE lane = ? ORDER BY first LIMIT 1", (lane,)
    ).fetchone()
    return row[0] if row else None


def count(connection: sqlite3.Connection, lane: Lane) -> int:
    """Return how many events of a lane the log holds."""
    row = connection.execute("SELECT coalesce(sum(count), 0) FROM log WHERE lane = ?", (lane,))
    return int(row.fetchone()[0])


def stands(
    connection: sqlite3.Connection,
    lane: Lane,
    destinations: Sequence[str],
    wanted: Callable[[Entry], bool],
) -> Iterator[Stand]:
    """Yield the events of a lane for which `wanted` is true, in the order of their offsets.

    It is also asked about the stand-ins of events that cannot be read. `destinations` are among
    those that `names` returns.
    """
    columns = [(name, _Column(connection, name, lane)) for name in destinations]
    for offset, entry in chain(_forgotten(connection, lane), _kept(connection, lane)):
        if wanted(entry):
            passed = entry.passed
            standings = [column.standing(offset, passed.get(name)) for name, column in columns]
            yield Stand(Place(lane, offset), entry, standings)


class _Column:
    """The standings of a lane's events at one destination, asked in the order of offsets."""

    def __init__(self, connection: sqlite3.Connection, destination: str, lane: Lane) -> None:
        key = {"destination": destination, "lane": lane}
        start, until, position, ahead = connection.execute(_CURSOR, key).fetchone() or _NEVER
        self._reach = Reach(destination, start, until, Cursor.stored(position, ahead))
        self._exceptions: Iterator[Exceptional] = connection.execute(_EXCEPTIONS, key)
        self._exception = next(self._exceptions, None)
        self._requests = _Requests(connection.execute(_SPANS, key))
        self._delivered = Standing("delivered")

    def standing(self, offset: int, passed: Passed | None) -> Standing | None:
        """Return where an event stands; `passed` is why it was not meant for the destination."""
        exception = self._exception
        if exception is not None and exception[0] <= offset:
            exception = self._exception_at(offset)
            if exception is not None:
                return Standing(*exception[1:])
        if passed is None and self._reach.waits(offset):
            return _PENDING
        sent = self._requests.latest(offset, by_itself=passed is not None)
        if sent is not None:
            return self._delivered_at(sent[3])
        return Standing(passed.state, passed.reason, "", passed.message) if passed else None

    def _exception_at(self, offset: int) -> Exceptional | None:
        """Move on to the row of this offset; the first one counts, which is the one in `dead`."""
        while self._exception is not None and self._exception[0] < offset:
            self._exception = next(self._exceptions, None)
        found = self._exception
        return found if found is not None and found[0] == offset else None

    def _delivered_at(self, at_ms: int | None) -> Standing:
        """Return the same object for all events of a request."""
        if self._delivered.at_ms != at_ms:
            self._delivered = Standing("delivered", at_ms=at_ms)
        return self._delivered


class _Requests:
    """The spans of receipts; only those around the current offset are in memory."""

    def __init__(self, spans: Iterator[Span]) -> None:
        self._spans = spans
        self._next = next(spans, None)
        self._held: dict[tuple[int, int], Span] = {}
        """Only the latest of those with the same ends, so that a long outage adds just one."""
        self._ends = -1
        self._latest: Span | None = None

    def latest(self, offset: int, *, by_itself: bool) -> Span | None:
        """Return the last request that covers an offset (with `by_itself`, only this offset)."""
        if offset > self._ends or (self._next is not None and self._next[0] <= offset):
            self._move(offset)
        return self._held.get((offset, offset)) if by_itself else self._latest

    def _move(self, offset: int) -> None:
        while self._next is not None and self._next[0] <= offset:
            first, last, receipt, _ = self._next
            known = self._held.get((first, last))
            if last >= offset and (known is None or known[2] < receipt):
                self._held[first, last] = self._next
            self._next = next(self._spans, None)
        self._held = {ends: span for ends, span in self._held.items() if ends[1] >= offset}
        self._ends = min((last for _, last in self._held), default=log.NEVER)
        self._latest = max(self._held.values(), key=itemgetter(2), default=None)


def _kept(connection: sqlite3.Connection, lane: Lane) -> Iterator[tuple[int, Entry]]:
    groups = connection.execute(
        "SELECT first, count, received_ms, entries FROM log WHERE lane = ? ORDER BY first", (lane,)
    )
    for first, events, received_ms, data in groups:
        yield from enumerate(entries_of(data, events, received_ms), first)


def _forgotten(connection: sqlite3.Connection, lane: Lane) -> Iterator[tuple[int, Entry]]:
    """Yield once each event that is no longer in the log, but has a row of its own."""
    end = log.oldest_offset(connection, lane)
    rows = [
        connection.execute(query, {"destination": name, "lane": lane, "end": end})
        for name in names(connection, gone=True)
        for query in (_DEAD_BEFORE, _RETRY_BEFORE)
    ]
    for offset, same in groupby(heapq.merge(*rows, key=itemgetter(0)), key=itemgetter(0)):
        yield offset, _entry(list(same))


def _entry(rows: Sequence[tuple[int, str, str, int, int, bytes | None]]) -> Entry:
    _, event, event_id, event_time, received_ms, _ = rows[0]
    records = [record for *_, record in rows if record]
    if records:
        found = next(filter(None, map(readable, records)), None)
        return found or salvage(records[0], received_ms)
    return Entry(event, event_id, event_time, received_ms, "web", "", None, None, None, b"", {})


START: Final = "start the relay once with its destinations configured"
"""What to do about a journal without served destinations."""

_PENDING: Final = Standing("pending")
_NEVER: Final = (0, 0, 0, Cursor().ahead_bytes())
"""The cursor of a destination for which no event ever waited."""
_CURSOR: Final = """
    SELECT start, until, position, ahead FROM cursor
    WHERE destination = :destination AND lane = :lane
"""
_EXCEPTIONS: Final = """
    SELECT position, 'dead' AS state, reason, code, message FROM dead
    WHERE destination = :destination AND lane = :lane
    UNION ALL
    SELECT position, 'pending', NULL, code, message FROM retry
    WHERE destination = :destination AND lane = :lane
    ORDER BY position, state
"""
_SPANS: Final = """
    SELECT first, last, receipt_span.receipt, at_ms FROM receipt_span
    LEFT JOIN receipt ON receipt.id = receipt_span.receipt
    WHERE receipt_span.destination = :destination AND lane = :lane ORDER BY first
"""
_DEAD_BEFORE: Final = """
    SELECT position, event, event_id, event_time, received_ms, entry FROM dead
    WHERE destination = :destination AND lane = :lane AND position < :end ORDER BY position
"""
_RETRY_BEFORE: Final = """
    SELECT position, '', '', 0, received_ms, entry FROM retry
    WHERE destination = :destination AND lane = :lane AND position < :end ORDER BY position
"""
