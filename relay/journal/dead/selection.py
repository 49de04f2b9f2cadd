"""Selects dead letters in SQL: the conditions of a filter, and the position in a list.

Values from outside are bound, never part of the SQL text. Ids and cursors are opaque to everybody
else: an id is a row id, and a cursor is the last row of a page, newest first.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from relay.journal.letter import DeadFilter

_MOST_DIGITS: Final = 18
"""The most digits of a number, so that it fits SQLite's integers."""


class Position(NamedTuple):
    """How far a list, newest first, has been read: the last row that was returned."""

    dead_ms: int
    id: int


def conditions(where: DeadFilter, *, but: Sequence[str] = ()) -> tuple[str, list[Any]]:
    """Return the condition in SQL, and its parameters; `but` are reasons to leave out."""
    found = {
        # The plus keeps SQLite from using an index by destination and then sorting all the rows.
        "+destination = ?": where.destination,
        "reason = ?": where.reason,
        "event = ?": where.event,
        "code = ?": where.code,
        "dead_ms >= ?": where.since_ms,
        "dead_ms < ?": where.until_ms,
        "+received_ms >= ?": where.received_since_ms,
        "+received_ms < ?": where.received_until_ms,
        "id IN (SELECT value FROM json_each(?))": _row_ids(where.ids),
        "event_id = ?": where.event_id,
        "reason NOT IN (SELECT value FROM json_each(?))": _json(but) if but else None,
    }
    given = {condition: value for condition, value in found.items() if value is not None}
    return " AND ".join(["TRUE", *given]), [*given.values()]


def _row_ids(ids: frozenset[str] | None) -> str | None:
    if ids is None:
        return None
    return _json([int(text) for text in ids if _is_number(text)])


def _json(values: Sequence[str | int]) -> str:
    return msgspec.json.encode(values).decode()


def _is_number(text: str) -> bool:
    """Whether a text is a row id or a moment as this module writes them."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return False
    return str(int(text)) == text


def beyond(position: Position | None) -> tuple[str, Sequence[int]]:
    """Return the condition in SQL for the rows after a position, and its parameters."""
    return ("(dead_ms, id) < (?, ?)", position) if position else ("TRUE", ())


def parse_cursor(text: str) -> Position:
    """Return the position at which a page ended. Raises ValueError for any other text."""
    dead_ms, _, row = text.partition("-")
    if not (_is_number(dead_ms) and _is_number(row)):
        raise ValueError("not a cursor of this list")
    return Position(int(dead_ms), int(row))


def cursor_text(position: Position) -> str:
    """Return a position as text that `parse_cursor` reads."""
    return f"{position.dead_ms}-{position.id}"
