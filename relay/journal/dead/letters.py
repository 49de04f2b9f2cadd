"""Dead letters: listed page by page, replayed or dropped in bounded steps.

A replay makes a dead event wait again: its row moves to `retry`, due at once, and the roll-up has
one dead less, while the lifetime total keeps it. A drop changes only a letter's reason and note:
the event was counted dead once, and `relay_events_dead_total` neither falls nor counts it twice.

A step touches at most `STEP_ROWS` rows, so that no transaction delays the producers. The rows are
searched for outside the transaction (`to_replay`, `to_drop`), since this takes seconds if few of a
million letters match. The transaction checks only the rows that were found, since they may have
changed. The caller continues at the `next` of the last search. The order is by time of death,
newest first, so events that die meanwhile are not met. Ids of no dead letter match nothing.
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
"""The most rows in one page or step."""
DROPPED: Final = "dropped_by_operator"
ERASED: Final = "erased"

Judge = Callable[[str, Entry], Prospect]
"""Returns what a replay would do with an event at a destination."""


class Found(NamedTuple):
    """The letters of the next step, by their rows; `next` is None after the last one."""

    rows: Sequence[int]
    next: Position | None


class _Letter(NamedTuple):
    """The columns of a row that a replay needs."""

    id: int
    destination: str
    reason: str
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
    """Return the letter of a row, which must exist."""
    query = f"SELECT dead_ms, id, {_LISTED} FROM dead WHERE id = ?"
    return _letter(connection.execute(query, (row_id,)).fetchone())


def to_replay(connection: sqlite3.Connection, where: DeadFilter, after: Position | None) -> Found:
    """Return the next letters that a replay applies to."""
    return _find(connection, where, after, but=_passed_over(where))


def to_drop(connection: sqlite3.Connection, where: DeadFilter, after: Position | None) -> Found:
    """Return the next letters that a drop applies to."""
    return _find(connection, where, after, but=_UNDROPPABLE)


def replay(
    connection: sqlite3.Connection,
    where: DeadFilter,
    prospect: Judge,
    now_ms: int,
    rows: Sequence[int],
) -> Replayed:
    """Make those of `rows` that still match wait again, in the open transaction.

    Letters that are too old, or whose payload is gone or damaged, stay dead and count as expired.
    Letters that the settings keep back stay dead as well, and count as barred. A letter that an
    operator has dropped is only replayed if the filter names its id or that reason.
    """
    letters = _matching(connection, where, rows, but=_passed_over(where))
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
    return _replayed(prospects)


def replay_dry(
    connection: sqlite3.Connection, where: DeadFilter, prospect: Judge, rows: Sequence[int]
) -> Replayed:
    """Return what `replay` would do."""
    letters = _matching(connection, where, rows, but=_passed_over(where))
    return _replayed([_prospect(letter, prospect) for letter in letters])


def drop(connection: sqlite3.Connection, where: DeadFilter, note: str, rows: Sequence[int]) -> int:
    """Mark those of `rows` that still match as dropped, in the open transaction; return how many.

    Letters that were dropped before, and erased ones, stay as they are and are not counted.
    """
    droppable = _matching(connection, where, rows, but=_UNDROPPABLE)
    connection.executemany(
        "UPDATE dead SET reason = ?, note = ? WHERE id = ?",
        [(DROPPED, note, letter.id) for letter in droppable],
    )
    return len(droppable)


def count_droppable(connection: sqlite3.Connection, where: DeadFilter) -> int:
    """Return how many letters `drop` would mark."""
    matching, bound = conditions(where, but=_UNDROPPABLE)
    return _count(connection, matching, bound)


def _prospect(letter: _Letter, prospect: Judge) -> Prospect:
    if letter.entry is None or letter.reason == ERASED:
        return "expired"
    try:
        return prospect(letter.destination, decode_entry(letter.entry))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # damaged: as good as gone
        return "expired"


def _replayed(prospects: Sequence[Prospect]) -> Replayed:
    return Replayed(
        matched=len(prospects),
        replayed=sum(each in _SENT for each in prospects),
        expired=prospects.count("expired"),
        barred=prospects.count("barred"),
        late=prospects.count("late"),
    )


def _passed_over(where: DeadFilter) -> Sequence[str]:
    return [DROPPED] if where.ids is None and where.reason is None else []


def _count(connection: sqlite3.Connection, matching: str, bound: Sequence[Any]) -> int:
    row = connection.execute(f"SELECT count(*) FROM dead WHERE {matching}", bound).fetchone()
    return int(row[0])


def _find(
    connection: sqlite3.Connection,
    where: DeadFilter,
    after: Position | None,
    *,
    but: Sequence[str],
) -> Found:
    matching, bound = conditions(where, but=but)
    onwards, onwards_bound = beyond(after)
    found = connection.execute(
        f"SELECT dead_ms, id FROM dead WHERE {matching} AND {onwards} {_NEWEST_FIRST}",
        (*bound, *onwards_bound, STEP_ROWS),
    ).fetchall()
    following = Position(*found[-1]) if len(found) == STEP_ROWS else None
    return Found([row for _, row in found], following)


def _matching(
    connection: sqlite3.Connection,
    where: DeadFilter,
    rows: Sequence[int],
    *,
    but: Sequence[str],
) -> list[_Letter]:
    matching, bound = conditions(where, but=but)
    found = connection.execute(
        "SELECT id, destination, reason, entry FROM dead NOT INDEXED"
        f" WHERE id IN (SELECT value FROM json_each(?)) AND {matching}",
        (msgspec.json.encode(rows).decode(), *bound),
    )
    return [_Letter(*row) for row in found]


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
