"""The timeline of an event: what became of it at each destination, with each attempt to send it.

No event of the happy path has a row of its own, so its story is put together when somebody asks.
The log has the event and the destinations that it was not meant for, the cursors how far each
destination has got, `retry` and `dead` the exceptions, and the receipts the requests that covered
it. If a destination has settled an event that no request ever covered, it was not configured then;
such an event is never called delivered. Only reads, on one snapshot.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from heapq import nlargest
from typing import Final, NamedTuple

import msgspec

from relay.delivery import Outcome
from relay.event_name import Lane
from relay.journal import log
from relay.journal.codec import decode_at, decode_entry
from relay.journal.cursor import Cursor
from relay.journal.entry import Entry, Passed
from relay.journal.exception_row import AT_PLACE
from relay.journal.find.lookup import MAX_FOUND, Kind, Place, places
from relay.journal.report import Attempt, Delivery, DeliveryState, FoundEvent
from relay.journal.settlement import SPAN_OFFSETS

MAX_ATTEMPTS: Final = 20
"""How many attempts a timeline shows; all are counted."""

EXCEPTIONS: Final = msgspec.msgpack.Decoder(list[tuple[int, int, Outcome, str, str]])


class Reach(NamedTuple):
    """The part of the log that is meant for a destination, and how far it has got."""

    destination: str
    start: int
    until: int | None
    cursor: Cursor

    def waits(self, offset: int) -> bool:
        """Whether an event without a row of its own waits for the destination."""
        concerned = self.start <= offset and (self.until is None or offset < self.until)
        return concerned and not self.cursor.settled(offset)


class _State(NamedTuple):
    state: DeliveryState
    reason: str | None = None
    message: str = ""
    due_ms: int | None = None


def find(
    connection: sqlite3.Connection,
    kind: Kind,
    wanted: str,
    held: Sequence[Place],
    destinations: Sequence[str],
) -> list[FoundEvent]:
    """Return at most `MAX_FOUND` events with this id, newest first.

    `held` is what the look-up's tail returned before this snapshot. Deliveries come in the order of
    `destinations`, followed by other destinations that had the event.
    """
    candidates = dict.fromkeys((*held, *places(connection, kind, wanted)))
    entries = {place: entry for place in candidates if (entry := _entry_at(connection, place))}
    entries |= _entries_that_wait(connection, wanted)
    if kind is Kind.EVENT:
        entries |= _entries_of_the_dead(connection, wanted)
    matching = [each for each in entries.items() if _has_id(each[1], kind, wanted)]
    newest = nlargest(MAX_FOUND, matching, key=lambda each: each[1].received_ms)
    return [
        FoundEvent(entry.conversion, deliveries(connection, place, entry, destinations))
        for place, entry in newest
    ]


def _has_id(entry: Entry, kind: Kind, wanted: str) -> bool:
    if kind is Kind.EVENT:
        return entry.event_id == wanted
    return entry.order_id == wanted


def _entry_at(connection: sqlite3.Connection, place: Place) -> Entry | None:
    """Return the entry at a place, None if retention has deleted it."""
    row = connection.execute(
        "SELECT first, entries FROM log WHERE lane = ? AND first <= ? ORDER BY first DESC LIMIT 1",
        place,
    ).fetchone()
    return decode_at(row[1], place.offset - row[0]) if row else None


def _entries_that_wait(connection: sqlite3.Connection, wanted: str) -> dict[Place, Entry]:
    """Return the entries of retries that the log has forgotten, such as those of a late replay."""
    rows = connection.execute(_FORGOTTEN, (log.NEVER, _stored(wanted), MAX_FOUND))
    return {Place(Lane(lane), offset): decode_entry(entry) for lane, offset, entry in rows}


def _stored(wanted: str) -> bytes:
    """Return an id as a record holds it, with its length: a shorter one is in many others."""
    return msgspec.msgpack.encode(wanted.encode(errors="replace").decode())


def _entries_of_the_dead(connection: sqlite3.Connection, event_id: str) -> dict[Place, Entry]:
    """Return the entries of dead letters, which outlive the log."""
    rows = connection.execute(
        "SELECT lane, position, entry FROM dead WHERE event_id = ? AND entry IS NOT NULL LIMIT ?",
        (event_id, MAX_FOUND),
    )
    return {Place(Lane(lane), offset): decode_entry(entry) for lane, offset, entry in rows}


def deliveries(
    connection: sqlite3.Connection, place: Place, entry: Entry, destinations: Sequence[str]
) -> list[Delivery]:
    """Return what became of an event at each destination that had it, in their given order."""
    rows = connection.execute(
        "SELECT destination, start, until, position, ahead FROM cursor WHERE lane = ?"
        " ORDER BY destination",
        (place.lane,),
    )
    known = {
        name: Reach(name, start, until, Cursor.stored(position, ahead))
        for name, start, until, position, ahead in rows
    }
    order = dict.fromkeys((*destinations, *known))
    told = (_delivery(connection, known[name], place, entry) for name in order if name in known)
    return [delivery for delivery in told if delivery]


def _delivery(
    connection: sqlite3.Connection, reach: Reach, place: Place, entry: Entry
) -> Delivery | None:
    """Return what became of the event, None if it was never meant for the destination."""
    passed = entry.passed.get(reach.destination)
    receipts = covering(connection, reach.destination, place, by_itself=passed is not None)
    state = _state(connection, reach, place, passed, sent=bool(receipts))
    if state is None:
        return None
    attempts = list(_attempts(connection, receipts[-MAX_ATTEMPTS:], place))
    message = state.message
    if state.state == "pending" and attempts:
        message = message or attempts[-1].message
    return Delivery(
        destination=reach.destination,
        state=state.state,
        reason=state.reason,
        message=message,
        attempt_count=len(receipts),
        attempts=attempts,
        due_ms=state.due_ms,
    )


def _state(
    connection: sqlite3.Connection,
    reach: Reach,
    place: Place,
    passed: Passed | None,
    *,
    sent: bool,
) -> _State | None:
    """Return the state; the row of an exception takes precedence over the log and the cursor."""
    exception = _exception(connection, reach.destination, place)
    if exception is not None:
        return exception
    if passed is None and reach.waits(place.offset):
        return _State("pending")
    if sent:
        return _State("delivered")
    return _State(passed.state, passed.reason, passed.message) if passed else None


def _exception(connection: sqlite3.Connection, destination: str, place: Place) -> _State | None:
    key = (destination, *place)
    dead = connection.execute(f"SELECT reason, message FROM dead WHERE {AT_PLACE}", key).fetchone()
    if dead:
        return _State("dead", *dead)
    retry = connection.execute(
        f"SELECT message, due_ms FROM retry WHERE {AT_PLACE}", key
    ).fetchone()
    return _State("pending", None, *retry) if retry else None


def covering(
    connection: sqlite3.Connection, destination: str, place: Place, *, by_itself: bool
) -> list[int]:
    """Return the ids of the receipts that cover an event, oldest first.

    A span also includes passed events. Such an event was sent only if it was replayed, and then its
    span covers nothing else.
    """
    lane, offset = place
    rows = connection.execute(
        "SELECT receipt FROM receipt_span WHERE destination = ? AND lane = ?"
        " AND first > ? AND first <= ? AND last >= ? AND (last = first OR NOT ?)"
        " ORDER BY receipt",
        (destination, lane, offset - SPAN_OFFSETS, offset, offset, by_itself),
    )
    return [receipt for (receipt,) in rows]


def _attempts(
    connection: sqlite3.Connection, receipts: Sequence[int], place: Place
) -> Iterator[Attempt]:
    for receipt in receipts:
        row = connection.execute(
            "SELECT at_ms, outcome, http_status, code, message, request_id, duration_ms, exceptions"
            " FROM receipt WHERE id = ?",
            (receipt,),
        ).fetchone()
        if row:
            yield _own(Attempt(*row[:-1]), row[-1], place)


def _own(attempt: Attempt, exceptions: bytes | None, place: Place) -> Attempt:
    """Return the attempt with the result of this event."""
    for *position, outcome, code, message in EXCEPTIONS.decode(exceptions) if exceptions else ():
        if position == [*place]:
            own = {"outcome": outcome, "code": code, "message": message}
            return msgspec.structs.replace(attempt, **own)
    if attempt.outcome == "partial":
        return msgspec.structs.replace(attempt, outcome="ok", code="", message="")
    return attempt


# CROSS JOIN: by itself, SQLite would read all retries, and not only those that are older.
_FORGOTTEN: Final = """
    SELECT lane, retry.position, entry FROM cursor CROSS JOIN retry USING (destination, lane)
    WHERE retry.position < coalesce((SELECT min(first) FROM log WHERE log.lane = cursor.lane), ?)
    AND instr(entry, ?) LIMIT ?
"""
