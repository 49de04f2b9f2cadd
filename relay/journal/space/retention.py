"""What the journal deletes, and when: by age (retention), and to make room at its size limit.

Everything happens in steps. Each is a transaction that touches a bounded amount, so that producers
hardly notice; the caller repeats a step until it returns that nothing is left. An event that a
configured destination still has to send is never deleted, however old it is; one that waits for a
retry has a copy in its own row. A destination that is no longer configured keeps no events, and
what waits there for a retry ends as expired.

Kept are: events with their receipts and look-up for the configured retention, and what platforms
said about an event no longer than the event; the payloads of dead letters, with what was said about
them, for 30 days; the letters themselves for 400 days; roll-ups by the minute for 48 hours, and by
the hour for 400 days; the last 1,000 rejections.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from relay.event_name import Lane
from relay.journal import log, outbox
from relay.journal.disk.connection import pragma
from relay.journal.erase.words import silence
from relay.journal.figures.fold import fold_minutes, forget_hours
from relay.journal.figures.reports import MAX_REJECTIONS, oldest_received_ms
from relay.journal.figures.rollup import DAY_S
from relay.journal.report import FOR_EVER_MS
from relay.journal.settlement import SPAN_OFFSETS
from relay.journal.space.gone import end_gone
from relay.journal.space.misdated import IsOld, old_events, old_letter, old_receipts

PAYLOADS_KEPT_MS: Final = 30 * DAY_S * 1000
DEAD_KEPT_MS: Final = 400 * DAY_S * 1000
STEP_ROWS: Final = 500
"""The most rows that a step deletes from one table."""
OUTCOME_ROWS: Final = 10
"""The most rows of outcomes that a step gives up; each row holds up to 1,000 outcomes."""
STEP_BYTES: Final = 512 * 1024
"""Bytes of a lane's events after which a step stops; a single group may be larger."""
STEP_PAGES: Final = 128
"""The most database pages that a step returns to the file system."""
ENDLESS_BYTES: Final = 2**62
"""More than any file has."""
SPARE_PAGES: Final = 2_500
"""Free pages (10 MB) that are kept for new events, and a tenth of the file besides."""

Step = Callable[[sqlite3.Connection], bool]
"""Runs in a transaction of its own; returns True if there may be more to do."""


def steps(
    destinations: Sequence[str], retention_ms: int, now_ms: int, file_bytes: int = ENDLESS_BYTES
) -> Sequence[Step]:
    """Return all upkeep steps; each is repeated until it returns False, then the next follows.

    `file_bytes` is how large the file may be, which takes effect where a limit was lowered.
    """
    return (
        lambda connection: forget_events(
            connection, destinations, now_ms - retention_ms, now_ms=now_ms
        ),
        lambda connection: forget_receipts(connection, now_ms - retention_ms, now_ms),
        forget_spans,
        forget_lookup,
        lambda connection: end_gone(connection, now_ms - retention_ms, now_ms),
        lambda connection: forget_payloads(connection, now_ms - PAYLOADS_KEPT_MS),
        lambda connection: forget_misdated(connection, now_ms - PAYLOADS_KEPT_MS, now_ms),
        lambda connection: forget_dead(connection, now_ms - DEAD_KEPT_MS),
        lambda connection: fold_minutes(connection, now_ms // 1000),
        lambda connection: forget_hours(connection, now_ms // 1000),
        forget_rejections,
        lambda connection: give_back(connection, file_bytes=file_bytes),
    )


def relieve(
    connection: sqlite3.Connection, destinations: Sequence[str], max_bytes: int = STEP_BYTES
) -> bool:
    """Delete the oldest data that can be spared, to make room; return False if there is none.

    About `max_bytes` of delivered events go first, whatever the retention is. Then follow the
    leftovers of deleted events; the payloads of dead letters that nobody can send any more (expired
    or dropped ones); these letters themselves, oldest first; and finally unpublished outcomes.
    """
    return (
        forget_events(connection, destinations, FOR_EVER_MS, max_bytes)
        or forget_receipts(connection, FOR_EVER_MS)
        or forget_spans(connection)
        or forget_lookup(connection)
        or _relieve_of_spent(connection)
        or outbox.give_up(connection, OUTCOME_ROWS)
    )


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return how many bytes of the database are in use; free pages do not count."""
    pages = pragma(connection, "page_count") - pragma(connection, "freelist_count")
    return pages * pragma(connection, "page_size")


def forget_events(
    connection: sqlite3.Connection,
    destinations: Sequence[str],
    before_ms: int,
    max_bytes: int = STEP_BYTES,
    *,
    now_ms: int = FOR_EVER_MS,
) -> bool:
    """Delete groups received before `before_ms` that no destination has to send any more.

    What platforms said about their events goes with them, however late it was said.
    """
    ids: list[int] = []
    for lane in Lane:
        end = _settled_by_all(connection, lane, destinations)
        is_old = old_events(connection, lane, before_ms, now_ms)
        groups = _groups(connection, lane, end, is_old, max_bytes)
        ids += [row for row, *_ in groups]
        if groups:
            (_, start, _), (_, first, count) = groups[0], groups[-1]
            _silence(connection, lane, start, first + count)
    return _delete(connection, "log", ids)


def forget_receipts(
    connection: sqlite3.Connection, before_ms: int, now_ms: int = FOR_EVER_MS
) -> bool:
    """Delete receipts from before `before_ms`, but none that is younger than the oldest event."""
    oldest_ms = oldest_received_ms(connection)
    bound_ms = before_ms if oldest_ms is None else min(before_ms, oldest_ms)
    is_old = old_receipts(connection, bound_ms, now_ms)
    rows = connection.execute("SELECT id, at_ms FROM receipt ORDER BY id LIMIT ?", (STEP_ROWS,))
    return _delete(connection, "receipt", [row for row, at_ms in rows if is_old(row, at_ms)])


def forget_spans(connection: sqlite3.Connection) -> bool:
    """Delete the spans of receipts that cover no event of the log, and words about these events."""
    cursors = connection.execute("SELECT destination, lane FROM cursor").fetchall()
    return any(_delete_spans(connection, *cursor) for cursor in cursors)


def forget_lookup(connection: sqlite3.Connection) -> bool:
    """Delete the oldest look-up run if all of its events are gone."""
    run = connection.execute(
        "SELECT lane, first FROM lookup_run WHERE first + count <= coalesce("
        "(SELECT min(first) FROM log WHERE log.lane = lookup_run.lane), first + count) LIMIT 1"
    ).fetchone()
    if run is None:
        return False
    connection.execute("DELETE FROM lookup_run WHERE lane = ? AND first = ?", run)
    return True


def forget_payloads(connection: sqlite3.Connection, before_ms: int) -> bool:
    """Delete the payloads of letters that died before `before_ms`; they cannot be replayed then."""
    return _empty_dead(connection, "TRUE", before_ms)


def forget_misdated(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> bool:
    """Delete the payloads of letters dated ahead that came before an old letter."""
    old = old_letter(connection, before_ms)
    if not old:
        return False
    return _empty_dead(connection, f"dead_ms > {now_ms} AND id < {old}", FOR_EVER_MS)


def forget_dead(connection: sqlite3.Connection, before_ms: int) -> bool:
    """Delete letters that died before `before_ms`; the totals still count them."""
    rows = connection.execute(
        "SELECT id FROM dead WHERE dead_ms < ? ORDER BY dead_ms LIMIT ?", (before_ms, STEP_ROWS)
    )
    return _delete(connection, "dead", [row for (row,) in rows])


def forget_rejections(connection: sqlite3.Connection) -> bool:
    """Delete all but the latest rejections."""
    rows = connection.execute(
        "SELECT id FROM rejection WHERE id <= (SELECT max(id) FROM rejection) - ? LIMIT ?",
        (MAX_REJECTIONS, STEP_ROWS),
    )
    return _delete(connection, "rejection", [row for (row,) in rows])


def give_back(
    connection: sqlite3.Connection, spare_pages: int | None = None, file_bytes: int = ENDLESS_BYTES
) -> bool:
    """Return free pages to the file system.

    By default some are kept, since the file is about to grow again, but none beyond `file_bytes`.
    """
    free, pages = pragma(connection, "freelist_count"), pragma(connection, "page_count")
    if spare_pages is None:
        spare_pages = max(SPARE_PAGES, pages // 10)
    surplus = max(free - spare_pages, pages - file_bytes // pragma(connection, "page_size"))
    if surplus <= 0:
        return False
    # Python's sqlite3 steps this pragma only once, which frees one page whatever number is given.
    for _ in range(min(surplus, STEP_PAGES)):
        connection.execute("PRAGMA incremental_vacuum(1)")
    return surplus > STEP_PAGES and pragma(connection, "freelist_count") < free


def _settled_by_all(connection: sqlite3.Connection, lane: Lane, destinations: Sequence[str]) -> int:
    """Return the first offset of a lane that some destination has not settled."""
    rows = connection.execute("SELECT destination, position FROM cursor WHERE lane = ?", (lane,))
    positions = dict(rows.fetchall())
    return min((positions.get(name, 0) for name in destinations), default=log.NEVER)


def _groups(
    connection: sqlite3.Connection, lane: Lane, end: int, is_old: IsOld, max_bytes: int
) -> list[tuple[int, int, int]]:
    """Return id, first offset and size of the oldest groups that end before an offset.

    It reads row by row up to the first that is too young, and never looks at the rest of the log.
    """
    found: list[tuple[int, int, int]] = []
    size = 0
    groups = connection.execute(_SETTLED_GROUPS, {"lane": lane, "end": end})
    for row, first, count, received_ms, length in groups:
        if not is_old(first, received_ms) or len(found) >= STEP_ROWS or size >= max_bytes:
            break
        found.append((row, first, count))
        size += length
    return found


def _silence(connection: sqlite3.Connection, lane: int, start: int, end: int) -> None:
    """Delete what platforms said about the events of a lane from `start` to before `end`."""
    receipts = connection.execute(_COVERING, {"lane": lane, "start": start, "end": end}).fetchall()
    for (receipt,) in receipts:
        silence(connection, receipt, lambda it: it.lane == lane and start <= it.offset < end)


def _delete_spans(connection: sqlite3.Connection, destination: str, lane: int) -> bool:
    bound = log.oldest_offset(connection, lane)
    rows = connection.execute(
        "SELECT destination, lane, first, receipt FROM receipt_span"
        " WHERE destination = ? AND lane = ? AND first < ? AND last < ? ORDER BY first LIMIT ?",
        (destination, lane, bound, bound, STEP_ROWS),
    ).fetchall()
    connection.executemany(
        "DELETE FROM receipt_span WHERE destination = ? AND lane = ? AND first = ? AND receipt = ?",
        rows,
    )
    for *_, receipt in rows:  # a retry may have been sent after its event had gone
        silence(connection, receipt, lambda it: it.lane == lane and it.offset < bound)
    return bool(rows)


def _empty_dead(connection: sqlite3.Connection, condition: str, before_ms: int) -> bool:
    """Replace letters by copies without their payload: a row that only shrinks frees no page.

    The words about them go as well: they may quote the person, and an erasure could not find them.
    """
    ids = connection.execute(
        f"SELECT id FROM dead WHERE entry IS NOT NULL AND {condition} AND dead_ms < ?"
        " ORDER BY dead_ms LIMIT ?",
        (before_ms, STEP_ROWS),
    ).fetchall()
    rows = [connection.execute(_LETTER, each).fetchone() for each in ids]
    connection.executemany("DELETE FROM dead WHERE id = ?", ids)
    connection.executemany(_ADD_LETTER, rows)
    return bool(ids)


def _relieve_of_spent(connection: sqlite3.Connection) -> bool:
    """Delete letters that nobody can send any more, payloads first; return False if there are none.

    They are selected by reason: selecting by age would read all letters that can still be sent.
    """
    return bool(connection.execute(_ANY_SPENT).fetchone()[0]) and (
        _empty_dead(connection, _SPENT, FOR_EVER_MS) or _forget_spent(connection)
    )


def _forget_spent(connection: sqlite3.Connection) -> bool:
    """Delete the oldest letters that nobody can send any more; the totals still count them."""
    rows = connection.execute(
        f"SELECT id FROM dead WHERE entry IS NULL AND {_SPENT} ORDER BY dead_ms LIMIT ?",
        (STEP_ROWS,),
    )
    return _delete(connection, "dead", [row for (row,) in rows])


def _delete(connection: sqlite3.Connection, table: str, ids: Sequence[int]) -> bool:
    connection.executemany(f"DELETE FROM {table} WHERE id = ?", [(row,) for row in ids])
    return bool(ids)


_SPENT: Final = "reason IN ('expired', 'dropped_by_operator')"
_ANY_SPENT: Final = f"""
    SELECT EXISTS (
        SELECT 1 FROM (SELECT DISTINCT destination AS name FROM cursor)
        JOIN dead INDEXED BY dead_group ON destination = name AND {_SPENT}
    )
"""
_LETTER_COLUMNS: Final = (
    "id, destination, lane, position, reason, code, note, dead_ms, received_ms, event, event_id,"
    " event_time"
)
_LETTER: Final = f"SELECT {_LETTER_COLUMNS} FROM dead WHERE id = ?"
_ADD_LETTER: Final = (
    f"INSERT INTO dead ({_LETTER_COLUMNS}, message) VALUES ({', '.join('?' * 12)}, '')"
)
_SETTLED_GROUPS: Final = """
    SELECT id, first, count, received_ms, length(entries) FROM log
    WHERE lane = :lane AND first < :end AND first + count <= :end ORDER BY first
"""
# CROSS JOIN: by itself, SQLite would read all spans.
_COVERING: Final = f"""
    SELECT DISTINCT receipt FROM cursor CROSS JOIN receipt_span USING (destination, lane)
    WHERE lane = :lane AND first > :start - {SPAN_OFFSETS} AND first < :end AND last >= :start
"""
