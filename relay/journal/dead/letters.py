"""Dead letters: listed page by page, replayed or dropped in bounded steps.

A replay makes a dead event wait again: its row moves to `retry`, due at once, and the roll-up has
one dead less, while the lifetime total keeps it. A drop changes only what is said about it: the
event has been counted dead once, and `relay_events_dead_total` neither falls nor counts it twice.

A step touches at most `STEP_ROWS` rows, so that no transaction holds up the producers. Whoever
calls repeats it with the `next` of the last one; the order is by time of death, newest first, so
an event that dies meanwhile is not met again. Ids that are no dead letters match nothing.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from relay.journal.codec import decode_entry
from relay.journal.dead.selection import Position, beyond, conditions, cursor_text, parse_cursor
from relay.journal.entry import Entry
from relay.journal.figures.rollup import Deltas
from relay.journal.letter import DeadFilter, DeadLetter, DeadPage, Prospect, Replayed

STEP_ROWS: Final = 1_000
"""Rows of one page or step, at most."""
DROPPED: Final = "dropped_by_operator"
ERASED: Final = "erased"

Judge = Callable[[str, Entry], Prospect]
"""What sending an event to a destination again would come to."""


class ReplayStep(NamedTuple):
    """What one step of a replay did; `next` is None after the last one."""

    done: Replayed
    next: Position | None


class DropStep(NamedTuple):
    """What one step of a drop did; `next` is None after the last one."""

    dropped: int
    next: Position | None


class _Letter(NamedTuple):
    """What a replay needs of a row."""

    dead_ms: int
    id: int
    destination: str
    lane: int
    offset: int
    reason: str
    received_ms: int
    event: str
    entry: bytes | None


def page(
    connection: sqlite3.Connection, where: DeadFilter, limit: int, cursor: str | None
) -> DeadPage:
    """Return at most `limit` letters and the count of all. Raises ValueError for a bad cursor."""
    limit = max(1, min(limit, STEP_ROWS))
    matching, bound = conditions(where)
    after, after_bound = beyond(parse_cursor(cursor) if cursor is not None else None)
    rows = connection.execute(
        f"SELECT dead_ms, id, {_LISTED} FROM dead WHERE {matching} AND {after} {_NEWEST_FIRST}",
        (*bound, *after_bound, limit + 1),
    ).fetchall()
    following = cursor_text(Position(*rows[limit - 1][:2])) if len(rows) > limit else None
    return DeadPage(
        [_letter(row) for row in rows[:limit]], following, _count(connection, matching, bound)
    )


def letter_of(connection: sqlite3.Connection, row_id: int) -> DeadLetter:
    """Return one letter that is there."""
    query = f"SELECT dead_ms, id, {_LISTED} FROM dead WHERE id = ?"
    return _letter(connection.execute(query, (row_id,)).fetchone())


def replay(
    connection: sqlite3.Connection,
    where: DeadFilter,
    prospect: Judge,
    now_ms: int,
    after: Position | None,
) -> ReplayStep:
    """Make the next matching letters wait again, in the open transaction.

    Those that are too old, and those whose payload is gone or damaged, stay dead and count as
    expired; so do those that the settings keep back, but they count as barred. One that an operator
    has dropped is only meant where its id or that reason is named.
    """
    letters = _matching(connection, where, after, but=_passed_over(where))
    prospects = [_prospect(letter, prospect) for letter in letters]
    replayable = [
        letter for letter, comes in zip(letters, prospects, strict=True) if comes in _SENT
    ]
    connection.executemany(_WAIT_AGAIN, [(now_ms, letter.id) for letter in replayable])
    connection.executemany("DELETE FROM dead WHERE id = ?", [(each.id,) for each in replayable])
    deltas = Deltas()
    for letter in replayable:
        if letter.entry is not None:
            deltas.replayed(letter.destination, decode_entry(letter.entry))
    deltas.flush(connection, now_ms)
    return _replay_step(letters, prospects)


def replay_dry(
    connection: sqlite3.Connection, where: DeadFilter, prospect: Judge, after: Position | None
) -> ReplayStep:
    """Return what `replay` would do."""
    letters = _matching(connection, where, after, but=_passed_over(where))
    return _replay_step(letters, [_prospect(letter, prospect) for letter in letters])


def drop(
    connection: sqlite3.Connection, where: DeadFilter, note: str, after: Position | None
) -> DropStep:
    """Mark the next matching letters as dropped, in the open transaction.

    Those that were dropped before, and erased ones, stay as they are and do not count.
    """
    droppable = _matching(connection, where, after, but=_UNDROPPABLE)
    connection.executemany(
        "UPDATE dead SET reason = ?, note = ? WHERE id = ?",
        [(DROPPED, note, letter.id) for letter in droppable],
    )
    return DropStep(len(droppable), _next(droppable))


def count_droppable(connection: sqlite3.Connection, where: DeadFilter) -> int:
    """Return how many letters `drop` would mark."""
    matching, bound = conditions(where, but=_UNDROPPABLE)
    return _count(connection, matching, bound)


def _prospect(letter: _Letter, prospect: Judge) -> Prospect:
    if letter.entry is None or letter.reason == ERASED:
        return "expired"
    try:
        return prospect(letter.destination, decode_entry(letter.entry))
    except (msgspec.DecodeError, UnicodeDecodeError):  # damaged: as good as gone
        return "expired"


def _replay_step(letters: Sequence[_Letter], prospects: Sequence[Prospect]) -> ReplayStep:
    done = Replayed(
        matched=len(letters),
        replayed=sum(each in _SENT for each in prospects),
        expired=prospects.count("expired"),
        barred=prospects.count("barred"),
        late=prospects.count("late"),
    )
    return ReplayStep(done, _next(letters))


def _next(letters: Sequence[_Letter]) -> Position | None:
    return Position(*letters[-1][:2]) if len(letters) == STEP_ROWS else None


def _passed_over(where: DeadFilter) -> Sequence[str]:
    return [DROPPED] if where.ids is None and where.reason is None else []


def _count(connection: sqlite3.Connection, matching: str, bound: Sequence[Any]) -> int:
    row = connection.execute(f"SELECT count(*) FROM dead WHERE {matching}", bound).fetchone()
    count: int = row[0]
    return count


def _matching(
    connection: sqlite3.Connection,
    where: DeadFilter,
    after: Position | None,
    *,
    but: Sequence[str],
) -> list[_Letter]:
    matching, bound = conditions(where, but=but)
    onwards, onwards_bound = beyond(after)
    rows = connection.execute(
        "SELECT dead_ms, id, destination, lane, position, reason, received_ms, event, entry"
        f" FROM dead WHERE {matching} AND {onwards} {_NEWEST_FIRST}",
        (*bound, *onwards_bound, STEP_ROWS),
    )
    return [_Letter(*row) for row in rows]


def _letter(row: Sequence[Any]) -> DeadLetter:
    dead_ms, row_id, *columns = row
    event_id, event, event_time, destination, reason, code, message, note, replayable = columns
    return DeadLetter(
        id=str(row_id),
        event_id=event_id,
        event=event,
        event_time=event_time,
        destination=destination,
        reason=reason,
        code=code,
        message=message,
        dead_at_ms=dead_ms,
        note=note,
        replayable=bool(replayable),
    )


_SENT: Final = frozenset({"sent", "late"})
_UNDROPPABLE: Final = (DROPPED, ERASED)
_LISTED: Final = (
    "event_id, event, event_time, destination, reason, code, message, note,"
    f" entry IS NOT NULL AND reason != '{ERASED}'"
)
_NEWEST_FIRST: Final = "ORDER BY dead_ms DESC, id DESC LIMIT ?"
_WAIT_AGAIN: Final = """
    INSERT OR REPLACE INTO retry
    (destination, lane, position, received_ms, due_ms, attempts, replay, code, message, entry)
    SELECT destination, lane, position, received_ms, ?, 0, 1, '', '', entry FROM dead WHERE id = ?
"""
