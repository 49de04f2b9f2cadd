"""Counts dead letters that are alike, from an index that holds everything but the money.

The worth of the purchases among them is in their payloads, which are read one by one: at most 2,000
of them, the latest of each group first. The result says if there were more.
"""

import sqlite3
from typing import Any, Final

from relay.journal.codec import readable
from relay.journal.dead.letters import letter_of
from relay.journal.entry import Entry
from relay.journal.figures.worth import sums
from relay.journal.letter import DeadGroup
from relay.journal.report import FOR_EVER_MS

MAX_GROUPS: Final = 200
"""Smaller groups beyond these are left out; there are few reasons, and few codes per platform."""
MAX_PAYLOADS: Final = 2_000

_GROUPS: Final = """
    SELECT destination, reason, code, count(*), sum(event = 'purchase'), min(dead_ms), max(dead_ms),
    max(id) FROM dead INDEXED BY dead_group WHERE received_ms >= ? AND received_ms < ? {where}
    GROUP BY destination, reason, code ORDER BY count(*) DESC LIMIT ?
"""


def groups(
    connection: sqlite3.Connection,
    destination: str | None,
    since_ms: int,
    until_ms: int = FOR_EVER_MS,
) -> list[DeadGroup]:
    """Return the groups of what was received between two moments, largest first."""
    span_ms = since_ms, until_ms
    where, bound = ("", []) if destination is None else ("AND destination = ?", [destination])
    rows = connection.execute(_GROUPS.format(where=where), (*span_ms, *bound, MAX_GROUPS))
    left, found = MAX_PAYLOADS, []
    for row in rows.fetchall():
        worth = _worth(connection, row[:3], span_ms, left) if row[4] and left else []
        left -= len(worth)
        found.append(_group(connection, row, worth))
    return found


def _group(
    connection: sqlite3.Connection, row: tuple[Any, ...], worth: list[Entry | None]
) -> DeadGroup:
    destination, reason, code, count, purchases, since_ms, until_ms, latest = row
    kept = [entry for entry in worth if entry is not None]
    return DeadGroup(
        destination=destination,
        reason=reason,
        code=code,
        count=count,
        purchases=purchases,
        value=dict(sorted(sums(kept).items())),
        valued=len(kept),
        since_ms=since_ms,
        until_ms=until_ms,
        latest=letter_of(connection, latest),
    )


def _worth(
    connection: sqlite3.Connection, key: tuple[str, ...], span_ms: tuple[int, int], limit: int
) -> list[Entry | None]:
    """Return the purchases of a group, None where the payload is gone or damaged."""
    rows = connection.execute(
        "SELECT entry FROM dead INDEXED BY dead_group WHERE destination = ? AND reason = ?"
        " AND code = ? AND received_ms >= ? AND received_ms < ? AND event = 'purchase'"
        " ORDER BY received_ms DESC LIMIT ?",
        (*key, *span_ms, limit),
    )
    return [None if record is None else readable(record) for (record,) in rows]
