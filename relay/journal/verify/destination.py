"""Verifies each destination: its cursors point into the log, and its counts add up.

accepted + replayed = skipped + pending + delivered + dead must hold. Pending events are counted one
by one: those of the log that the destination has neither settled nor passed, and those that wait
for a retry. All of it is read from one snapshot. Retention may have deleted events that waited for
a destination that is no longer configured. They are counted as dead once it is back; until then,
the sum may be short by as many.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final, NamedTuple

from relay.event_name import Lane
from relay.journal import log
from relay.journal.cursor import Cursor
from relay.journal.disk.connection import roll_back
from relay.journal.disk.storage import UNREADABLE
from relay.journal.verify.finding import REPORT, Finding, Problems, Watch, fine


class _Stored(NamedTuple):
    """A row of `cursor`, without the destination."""

    lane: int
    start: int
    position: int
    ahead: bytes
    until: int | None

    @property
    def cursor(self) -> Cursor:
        """The decoded cursor. Raises one of `UNREADABLE` if it is damaged."""
        return Cursor.stored(self.position, self.ahead)


class _Span(NamedTuple):
    """The offsets of a lane that the log holds: from `oldest` up to, but not including, `end`."""

    oldest: int
    end: int


class _Sum(NamedTuple):
    """The lifetime counts of one destination."""

    begun: int
    skipped: int
    delivered: int
    dead: int

    @property
    def pending(self) -> int:
        return self.begun - self.skipped - self.delivered - self.dead


def check_destinations(connection: sqlite3.Connection, watch: Watch) -> list[Finding]:
    """Return one or more findings for each destination that the journal knows."""
    findings: list[Finding] = []
    with _snapshot(connection):
        spans, sums, cursors = _spans(connection), _sums(connection), _stored(connection)
        names = sorted({*cursors, *sums})
        for done, name in enumerate(names):
            watch("Counting what waits", done, len(names))
            total = sums.get(name, _NOTHING)
            findings += _check(connection, name, cursors.get(name, ()), spans, total)
    return findings


def _check(
    connection: sqlite3.Connection,
    name: str,
    cursors: Sequence[_Stored],
    spans: Mapping[int, _Span],
    total: _Sum,
) -> list[Finding]:
    problems = Problems("destination")
    if [each.lane for each in cursors] != [*Lane]:
        problems.add(f"{name}: has no cursor in some lane")
    for each in cursors:
        for fault in _faults(each, spans.get(each.lane, _Span(0, 0))):
            problems.add(f"{name}, lane {each.lane}: {fault}")
    findings = problems.or_fine("")
    if not findings[0].fine:
        return findings  # such cursors cannot be used to count
    waiting = _waiting(connection, name, cursors, spans)
    if waiting is None:
        return []  # the check of the log reports what cannot be read
    lost = sum(_lost(each, spans[each.lane]) for each in cursors)
    return _judge(name, total, waiting, lost)


def _judge(name: str, total: _Sum, waiting: int, lost: int) -> list[Finding]:
    if waiting <= total.pending <= waiting + lost:
        return [
            fine("destination", f"{waiting:,} waiting at {name}, {total.begun:,} accounted for")
        ]
    problems = Problems("destination")
    problems.add(
        f"{name}: {waiting:,} wait, but {total.pending:,} should: of {total.begun:,} accepted or"
        f" replayed, {total.skipped:,} are counted skipped, {total.delivered:,} delivered,"
        f" {total.dead:,} dead",
        f"deliveries go on, but its figures are wrong; {REPORT}",
    )
    return problems.or_fine("")


def _faults(stored: _Stored, span: _Span) -> Iterator[str]:
    """Yield what is wrong with one cursor."""
    if not 0 <= stored.start <= stored.position:
        yield f"the cursor is at {stored.position}, before its start at {stored.start}"
    if stored.position > span.end:
        yield f"the cursor is at {stored.position}, but the log ends at {span.end}"
    if stored.until is None and stored.position < span.oldest:
        yield f"the cursor is at {stored.position}, but the log begins at {span.oldest}"
    if stored.until is not None and not stored.start <= stored.until <= span.end:
        yield f"it left at {stored.until}, which is not within the log"
    try:
        cursor = stored.cursor
    except UNREADABLE:
        yield "what it has settled ahead cannot be read"
        return
    if not _is_sane(cursor, span.end):
        yield "what it has settled ahead is out of order, or not within the log"


def _is_sane(cursor: Cursor, end: int) -> bool:
    """Whether the ranges are in order, do not touch, and lie within the log."""
    return all(cursor.position < first <= last < end for first, last in cursor.ahead) and all(
        one[1] + 1 < other[0] for one, other in pairwise(cursor.ahead)
    )


def _waiting(
    connection: sqlite3.Connection,
    name: str,
    cursors: Sequence[_Stored],
    spans: Mapping[int, _Span],
) -> int | None:
    """Return how many events wait, counted one by one; None if one of them cannot be read.

    Nothing shows whether such an event was meant for the destination.
    """
    found: int = connection.execute(_RETRIES, (name,)).fetchone()[0]
    for each in cursors:
        log_end = spans[each.lane].end
        end = log_end if each.until is None else each.until
        # Events that came after it had left were never meant for it.
        view = log.View(name, Lane(each.lane), each.cursor.settle_all(end, log_end))
        for waits in log.each_waiting(connection, view, end=end):
            if waits.entry.is_damaged:
                return None
            found += 1
    return found


def _lost(stored: _Stored, span: _Span) -> int:
    """Return how many events retention may have deleted for a destination that has left."""
    if stored.until is None:
        return 0
    return max(0, min(span.oldest, stored.until) - stored.position)


def _sums(connection: sqlite3.Connection) -> dict[str, _Sum]:
    return {name: _Sum(*counts) for name, *counts in connection.execute(_SUMS)}


def _spans(connection: sqlite3.Connection) -> dict[int, _Span]:
    stored = {lane: _Span(oldest, end) for lane, oldest, end in connection.execute(_SPANS)}
    return {lane: _Span(0, 0) for lane in Lane} | stored


def _stored(connection: sqlite3.Connection) -> dict[str, list[_Stored]]:
    found: defaultdict[str, list[_Stored]] = defaultdict(list)
    for name, *columns in connection.execute(_CURSORS):
        found[name].append(_Stored(*columns))
    return dict(found)


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read everything within the block from one snapshot."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        roll_back(connection)


_NOTHING: Final = _Sum(0, 0, 0, 0)
_CURSORS: Final = (
    "SELECT destination, lane, start, position, ahead, until FROM cursor ORDER BY destination, lane"
)
_RETRIES: Final = "SELECT count(*) FROM retry WHERE destination = ?"
_SUMS: Final = """
    SELECT who, coalesce(sum(count) FILTER (WHERE kind IN ('accepted', 'replayed')), 0),
    coalesce(sum(count) FILTER (WHERE kind = 'skipped'), 0),
    coalesce(sum(count) FILTER (WHERE kind = 'delivered'), 0),
    coalesce(sum(count) FILTER (WHERE kind = 'dead'), 0)
    FROM total WHERE kind IN ('accepted', 'replayed', 'skipped', 'delivered', 'dead') GROUP BY who
"""
"""Sums by destination; the other kinds count what sources received, or belong to no destination."""
_SPANS: Final = """
    SELECT lane, coalesce((SELECT min(first) FROM log WHERE log.lane = log_end.lane), next), next
    FROM log_end
"""
