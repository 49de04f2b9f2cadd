"""Writes a settlement as rows (receipt, cursors, counts and exceptions), in one transaction.

An event settles only once: an offset that is already settled, or a retry whose row is no longer as
it was read, is skipped without being counted. So a settlement may safely come twice.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

from relay.delivery import Outcome
from relay.event_name import Lane
from relay.journal import exception_row
from relay.journal.entry import Pending
from relay.journal.ledger import Ledger
from relay.journal.settlement import SPAN_OFFSETS, Dead, Receipt, Retry, Settlement


class Stretch(NamedTuple):
    """Offsets of a lane, both ends included."""

    lane: Lane
    first: int
    last: int


def settle(
    connection: sqlite3.Connection, ledger: Ledger, destination: str, settlement: Settlement
) -> None:
    """Record a settlement in the open transaction."""
    fresh, pendings = settlement, ended(settlement)
    first_tries = _first_tries(pendings)
    moves = list(stretches(first_tries))
    look = _Look(connection, ledger, destination)
    if len(first_tries) < len(pendings) or any(map(look.is_in_doubt, moves)):
        fresh = look.fresh_part(settlement)
        pendings = ended(fresh)
        moves = list(stretches(_first_tries(pendings)))
    delivered, dead, retry = fresh.delivered, fresh.dead, fresh.retry
    if settlement.receipt and (pendings or settlement.waiting):
        _add_receipt(connection, destination, settlement.receipt, settlement)
    entries = [each.entry for each in delivered]
    ledger.deltas.delivered(destination, entries)
    ledger.outcomes.delivered(destination, entries, settlement.receipt, ledger.now_ms())
    ledger.outcomes.dead(destination, dead, settlement.receipt, ledger.now_ms())
    for each in dead:
        ledger.deltas.dead(destination, each.pending.entry, each.reason)
    exception_row.end_retries(connection, destination, pendings)
    kept = [each for each in dead if not (ledger.is_full and each.reason == "expired")]
    exception_row.add_dead(connection, destination, kept, ledger.now_ms(), spare=ledger.is_tight)
    exception_row.add_retries(connection, destination, retry)
    for lane, first, last in moves:
        ledger.settle(destination, lane, first, last)


def ended(settlement: Settlement) -> list[Pending]:
    """Return the events that a settlement delivers, ends or moves to a retry."""
    return [
        *settlement.delivered,
        *(each.pending for each in settlement.dead),
        *(each.pending for each in settlement.retry),
    ]


def stretches(pendings: Iterable[Pending]) -> Iterator[Stretch]:
    """Join adjacent events into stretches, together with what was passed before each."""
    for run in _runs(pendings):
        yield Stretch(run[0].lane, run[0].start, run[-1].offset)


def _first_tries(pendings: Iterable[Pending]) -> list[Pending]:
    return [each for each in pendings if not each.retry]


def _runs(pendings: Iterable[Pending]) -> Iterator[Sequence[Pending]]:
    """Split the events into runs of adjacent ones; this is quick if all are adjacent."""
    for _, group in groupby(pendings, _LANE):
        run = list(group)
        starts, ends = [each.start for each in run], [each.offset for each in run]
        if starts[1:] == ends[1:] == list(range(ends[0] + 1, ends[0] + len(run))):
            yield run
        else:
            yield from _cut_where_they_do_not(run, starts, ends)


def _cut_where_they_do_not(
    run: Sequence[Pending], starts: Sequence[int], offsets: Sequence[int]
) -> Iterator[Sequence[Pending]]:
    first = 0
    for at, (start, offset) in enumerate(zip(starts[1:], offsets, strict=False), 1):
        if start != offset + 1:
            yield run[first:at]
            first = at
    yield run[first:]


class _Look:
    """Tells which events no settlement has ended yet."""

    def __init__(self, connection: sqlite3.Connection, ledger: Ledger, destination: str) -> None:
        self._connection = connection
        self._ledger = ledger
        self._destination = destination

    def fresh_part(self, settlement: Settlement) -> Settlement:
        """Return the fresh part of a settlement; events that only wait stay as they are."""
        return msgspec.structs.replace(
            settlement,
            delivered=[each for each in settlement.delivered if self.is_fresh(each)],
            dead=[each for each in settlement.dead if self.is_fresh(each.pending)],
            retry=[each for each in settlement.retry if self.is_fresh(each.pending)],
        )

    def is_fresh(self, pending: Pending) -> bool:
        """Return whether an event is still to be settled."""
        if pending.retry:
            return exception_row.still_waits(self._connection, self._destination, pending)
        cursor = self._ledger.cursor(self._destination, pending.lane)
        return not cursor.settled(pending.offset)

    def is_in_doubt(self, stretch: Stretch) -> bool:
        """Return whether any offset of a stretch is settled, although none should be."""
        cursor = self._ledger.cursor(self._destination, stretch.lane)
        return cursor.touches(stretch.first, stretch.last)


def _add_receipt(
    connection: sqlite3.Connection, destination: str, receipt: Receipt, settlement: Settlement
) -> None:
    exceptions = list(_exceptions(receipt, settlement))
    row = connection.execute(
        _ADD_RECEIPT,
        (
            *(destination, receipt.at_ms, receipt.duration_ms, receipt.outcome),
            *(receipt.http_status, receipt.code, receipt.message, receipt.request_id),
            _ENCODER.encode(exceptions) if exceptions else None,
        ),
    ).lastrowid
    rows = ((destination, lane, first, row, last) for lane, first, last in _spans(settlement))
    connection.executemany(_ADD_SPAN, rows)


def _spans(settlement: Settlement) -> Iterator[Stretch]:
    """Yield the spans that a receipt covers; a retry has its own, one offset wide."""
    covered = [*ended(settlement), *settlement.waiting]
    for pending in covered:
        if pending.retry:
            yield Stretch(pending.lane, pending.offset, pending.offset)
    yield from _log_spans(_first_tries(covered))


def _log_spans(pendings: Iterable[Pending]) -> Iterator[Stretch]:
    """Join like `stretches`, but leave out what was passed before the first event of each."""
    for run in _runs(pendings):
        first, last = run[0].offset, run[-1].offset
        if last - first < SPAN_OFFSETS:
            yield Stretch(run[0].lane, first, last)
        else:
            yield from _cut(run)


def _cut(run: Sequence[Pending]) -> Iterator[Stretch]:
    """Yield the spans of a run that is too wide for one."""
    first = last = run[0].offset
    for pending in run:
        if pending.offset - first >= SPAN_OFFSETS:
            yield Stretch(pending.lane, first, last)
            first = pending.offset
        last = pending.offset
    yield Stretch(run[0].lane, first, last)


def _exceptions(
    receipt: Receipt, settlement: Settlement
) -> Iterator[tuple[Lane, int, Outcome, str, str]]:
    """Yield the events whose outcome differs from that of the request as a whole."""
    for dead in settlement.dead:
        yield _exception(dead, "invalid")
    for retry in settlement.retry:
        yield _exception(retry, "transient")
    if receipt.outcome in {"ok", "partial"}:
        for pending in settlement.waiting:
            yield pending.lane, pending.offset, "transient", "", ""


def _exception(each: Dead | Retry, outcome: Outcome) -> tuple[Lane, int, Outcome, str, str]:
    return each.pending.lane, each.pending.offset, outcome, each.code, each.message


_LANE: Final = attrgetter("lane")
_ENCODER: Final = msgspec.msgpack.Encoder()
_ADD_RECEIPT: Final = """
    INSERT INTO receipt
    (destination, at_ms, duration_ms, outcome, http_status, code, message, request_id, exceptions)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_SPAN: Final = """
    INSERT OR REPLACE INTO receipt_span (destination, lane, first, receipt, last)
    VALUES (?, ?, ?, ?, ?)
"""
