"""A settlement becomes rows: receipt, cursors, counts, and exceptions; in one transaction.

An event settles once: an offset that its cursor has settled, or a retry that is not there any more
as it was read, is passed over without a count. So a settlement may come twice.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from relay.delivery import Outcome
from relay.event_name import Lane
from relay.journal import exception_row
from relay.journal.base import Dead, Pending, Receipt, Retry, Settlement
from relay.journal.ledger import Ledger

SPAN_OFFSETS: Final = 1_000
"""The widest span of a receipt; what goes beyond gets a span of its own."""


class Stretch(NamedTuple):
    """Offsets of a lane, both ends included."""

    lane: Lane
    first: int
    last: int


def settle(
    connection: sqlite3.Connection, ledger: Ledger, destination: str, settlement: Settlement
) -> None:
    """Record a settlement in the open transaction."""
    fresh = _Fresh(connection, ledger, destination)
    delivered = fresh.pendings(settlement.delivered)
    dead = [each for each in settlement.dead if fresh.is_fresh(each.pending)]
    retry = [each for each in settlement.retry if fresh.is_fresh(each.pending)]
    ended = [*delivered, *(each.pending for each in dead), *(each.pending for each in retry)]
    if settlement.receipt and (ended or settlement.waiting):
        _add_receipt(connection, destination, settlement.receipt, settlement)
    ledger.deltas.delivered(destination, [each.entry.conversion for each in delivered])
    for each in dead:
        event = each.pending.entry.conversion
        ledger.deltas.dead(destination, event.event, event.received_ms, each.reason)
    exception_row.end_retries(connection, destination, ended)
    exception_row.add_dead(connection, destination, dead, ledger.now_ms())
    exception_row.add_retries(connection, destination, retry)
    for lane, first, last in stretches(pending for pending in ended if not pending.retry):
        ledger.settle(destination, lane, first, last)


def stretches(pendings: Iterable[Pending]) -> Iterator[Stretch]:
    """Join events that follow on each other, with what was passed before each."""
    lane, first, last = Lane.MONEY, 0, -1
    for pending in pendings:
        if pending.start == last + 1 and pending.lane is lane and last >= first:
            last = pending.offset
            continue
        if last >= first:
            yield Stretch(lane, first, last)
        lane, first, last = pending.lane, pending.start, pending.offset
    if last >= first:
        yield Stretch(lane, first, last)


class _Fresh:
    """Tells which events no settlement has ended yet."""

    def __init__(self, connection: sqlite3.Connection, ledger: Ledger, destination: str) -> None:
        self._connection = connection
        self._ledger = ledger
        self._destination = destination

    def pendings(self, pendings: Sequence[Pending]) -> Sequence[Pending]:
        """Return those that are fresh; as good as free if all are, and none is a retry."""
        if not any(map(self._is_in_doubt, stretches(pendings))) and not any(
            pending.retry for pending in pendings
        ):
            return pendings
        return [pending for pending in pendings if self.is_fresh(pending)]

    def is_fresh(self, pending: Pending) -> bool:
        """Tell whether an event is still to be settled."""
        if pending.retry:
            return exception_row.still_waits(self._connection, self._destination, pending)
        cursor = self._ledger.cursor(self._destination, pending.lane)
        return not cursor.settled(pending.offset)

    def _is_in_doubt(self, stretch: Stretch) -> bool:
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
    """Return what a receipt covers; a retry has a span of its own, one offset wide."""
    covered = [
        *settlement.delivered,
        *(each.pending for each in settlement.dead),
        *(each.pending for each in settlement.retry),
        *settlement.waiting,
    ]
    for pending in covered:
        if pending.retry:
            yield Stretch(pending.lane, pending.offset, pending.offset)
    yield from _log_spans(pending for pending in covered if not pending.retry)


def _log_spans(pendings: Iterable[Pending]) -> Iterator[Stretch]:
    """Join like `stretches`, but leave out what was passed before the first event of each."""
    lane, first, last = Lane.MONEY, 0, -1
    for pending in pendings:
        follows = pending.start == last + 1 and pending.lane is lane and last >= first
        if follows and pending.offset - first < SPAN_OFFSETS:
            last = pending.offset
            continue
        if last >= first:
            yield Stretch(lane, first, last)
        lane, first, last = pending.lane, pending.offset, pending.offset
    if last >= first:
        yield Stretch(lane, first, last)


def _exceptions(
    receipt: Receipt, settlement: Settlement
) -> Iterator[tuple[Lane, int, Outcome, str, str]]:
    """Return those that fared otherwise than the request as a whole."""
    for dead in settlement.dead:
        yield _exception(dead, "invalid")
    for retry in settlement.retry:
        yield _exception(retry, "transient")
    if receipt.outcome in {"ok", "partial"}:
        for pending in settlement.waiting:
            yield pending.lane, pending.offset, "transient", "", ""


def _exception(each: Dead | Retry, outcome: Outcome) -> tuple[Lane, int, Outcome, str, str]:
    return each.pending.lane, each.pending.offset, outcome, each.code, each.message


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
