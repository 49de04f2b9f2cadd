"""The timeline of an event: what became of it at each destination, and each try to send it.

No event of the happy path has a row of its own, so its story is put together when somebody asks:
the log says what it is and for whom it never was, the cursors how far each destination is, `retry`
and `dead` which events are the exceptions, the receipts which requests covered it. Only reads, on
one snapshot.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, Literal, NamedTuple

import msgspec

from relay.delivery import Outcome
from relay.event_name import Lane
from relay.journal.base import Attempt, Delivery, Entry, FoundEvent, Passed
from relay.journal.codec import decode_at, decode_entry
from relay.journal.lookup import MAX_FOUND, Kind, Place, places

MAX_ATTEMPTS: Final = 20
"""Attempts that a timeline shows; all are counted."""
SPAN_OFFSETS: Final = 1_000
"""The widest span of a receipt."""

_RANGES: Final = msgspec.msgpack.Decoder(list[tuple[int, int]])
_EXCEPTIONS: Final = msgspec.msgpack.Decoder(list[tuple[int, int, Outcome, str, str]])


class _Cursor(NamedTuple):
    destination: str
    start: int
    position: int
    ahead: bytes

    def has_settled(self, offset: int) -> bool:
        if offset < self.position:
            return True
        return any(first <= offset <= last for first, last in _RANGES.decode(self.ahead))


class _State(NamedTuple):
    state: Literal["skipped", "pending", "delivered", "dead"]
    reason: str | None = None
    message: str = ""


def find(
    connection: sqlite3.Connection,
    kind: Kind,
    wanted: str,
    held: Sequence[Place],
    destinations: Sequence[str],
) -> list[FoundEvent]:
    """Return the events with this id, newest first, at most `MAX_FOUND`.

    `held` is what the look-up's tail said before this snapshot. Deliveries come in the order of
    `destinations`, the configured ones; others follow that once had the event.
    """
    candidates = dict.fromkeys((*held, *places(connection, kind, wanted)))
    entries = {place: entry for place in candidates if (entry := _entry_at(connection, place))}
    if kind is Kind.EVENT:
        entries |= _entries_of_the_dead(connection, wanted)
    found = [
        FoundEvent(entry.conversion, _deliveries(connection, place, entry, destinations))
        for place, entry in islice(entries.items(), MAX_FOUND)
        if _has_id(entry, kind, wanted)
    ]
    return sorted(found, key=lambda event: event.conversion.received_ms, reverse=True)


def _has_id(entry: Entry, kind: Kind, wanted: str) -> bool:
    if kind is Kind.EVENT:
        return entry.conversion.event_id == wanted
    order = entry.conversion.order
    return order is not None and order.order_id == wanted


def _entry_at(connection: sqlite3.Connection, place: Place) -> Entry | None:
    """Return the entry at a place, None if retention has taken it."""
    row = connection.execute(
        "SELECT first, entries FROM log WHERE lane = ? AND first <= ? ORDER BY first DESC LIMIT 1",
        place,
    ).fetchone()
    return decode_at(row[1], place.offset - row[0]) if row else None


def _entries_of_the_dead(connection: sqlite3.Connection, event_id: str) -> dict[Place, Entry]:
    """Return dead entries, which outlive the log."""
    rows = connection.execute(
        "SELECT lane, position, entry FROM dead WHERE event_id = ? AND entry IS NOT NULL LIMIT ?",
        (event_id, MAX_FOUND),
    )
    return {Place(Lane(lane), offset): decode_entry(entry) for lane, offset, entry in rows}


def _deliveries(
    connection: sqlite3.Connection, place: Place, entry: Entry, destinations: Sequence[str]
) -> list[Delivery]:
    rows = connection.execute(
        "SELECT destination, start, position, ahead FROM cursor WHERE lane = ?"
        " ORDER BY destination",
        (place.lane,),
    )
    cursors = {row[0]: _Cursor(*row) for row in rows}
    found = []
    for name in dict.fromkeys((*destinations, *cursors)):
        delivery = name in cursors and _delivery(connection, cursors[name], place, entry)
        if delivery and (name in destinations or delivery.state != "pending"):
            found.append(delivery)
    return found


def _delivery(
    connection: sqlite3.Connection, cursor: _Cursor, place: Place, entry: Entry
) -> Delivery | None:
    """Return what became of the event, None if it came before the destination was there."""
    receipts = _covering(connection, cursor.destination, place)
    state = _state(connection, cursor, place, entry.passed.get(cursor.destination), bool(receipts))
    if state is None:
        return None
    attempts = list(_attempts(connection, receipts[-MAX_ATTEMPTS:], place))
    message = state.message
    if state.state == "pending" and attempts:
        message = message or attempts[-1].message
    return Delivery(
        destination=cursor.destination,
        state=state.state,
        reason=state.reason,
        message=message,
        attempt_count=len(receipts),
        attempts=attempts,
    )


def _state(
    connection: sqlite3.Connection,
    cursor: _Cursor,
    place: Place,
    passed: Passed | None,
    was_sent: bool,  # noqa: FBT001 - one of the facts that decide, as the others
) -> _State | None:
    """Return the state; the row of an exception says it, whatever the log and the cursor say."""
    exception = _exception(connection, cursor.destination, place)
    if exception is not None:
        return exception
    if passed is not None and not (passed.state == "dead" and was_sent):
        return _State(passed.state, passed.reason, passed.message)
    if passed is not None:
        return _State("delivered")  # dead on arrival, but replayed since
    if place.offset < cursor.start:
        return None
    return _State("delivered" if cursor.has_settled(place.offset) else "pending")


def _exception(connection: sqlite3.Connection, destination: str, place: Place) -> _State | None:
    key = (destination, *place)
    where = "WHERE destination = ? AND lane = ? AND position = ?"
    dead = connection.execute(f"SELECT reason, message FROM dead {where}", key).fetchone()
    if dead:
        return _State("dead", *dead)
    retry = connection.execute(f"SELECT message FROM retry {where}", key).fetchone()
    return _State("pending", None, *retry) if retry else None


def _covering(connection: sqlite3.Connection, destination: str, place: Place) -> list[int]:
    """Return the ids of the receipts that cover an event, oldest first."""
    lane, offset = place
    rows = connection.execute(
        "SELECT receipt FROM receipt_span WHERE destination = ? AND lane = ?"
        " AND first > ? AND first <= ? AND last >= ? ORDER BY receipt",
        (destination, lane, offset - SPAN_OFFSETS, offset, offset),
    )
    return [receipt for (receipt,) in rows]


def _attempts(
    connection: sqlite3.Connection, receipts: Sequence[int], place: Place
) -> Iterator[Attempt]:
    for receipt in receipts:
        row = connection.execute(
            "SELECT at_ms, outcome, http_status, code, message, request_id, exceptions"
            " FROM receipt WHERE id = ?",
            (receipt,),
        ).fetchone()
        if row:
            yield _own(Attempt(*row[:-1]), row[-1], place)


def _own(attempt: Attempt, exceptions: bytes | None, place: Place) -> Attempt:
    """Return the attempt as this event fared in it."""
    for *position, outcome, code, message in _EXCEPTIONS.decode(exceptions) if exceptions else ():
        if position == [*place]:
            own = {"outcome": outcome, "code": code, "message": message}
            return msgspec.structs.replace(attempt, **own)
    if attempt.outcome == "partial":
        return msgspec.structs.replace(attempt, outcome="ok", code="", message="")
    return attempt
