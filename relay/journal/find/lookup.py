"""Look-up of events by event id and order id, built off the acknowledge path.

A B-tree over random ids would cost more than the rest of the journal. Instead, each event leaves a
checksum of four bytes per id. The checksums of consecutive events of a lane form a *run*; a
checksum's position in it says which event it belongs to. The latest run grows in memory (`Tail`)
and is stored once it is full; the others are rows that never change. A look-up asks the tail and
then scans the runs, newest first, at the speed of memory: 40 MB for ten million events.

Checksums only say where to look: the caller compares the id itself. A crash loses nothing:
`recover` reads the ids of the events that no run covers.
"""

import sqlite3
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import islice
from struct import pack
from typing import Final, NamedTuple
from zlib import crc32

from relay.event_name import Lane
from relay.journal.codec import entries_of
from relay.journal.entry import Entry

RUN_EVENTS: Final = 16_384
"""The fewest events of a stored run; with both ids, such a run is 128 KiB."""
MAX_FOUND: Final = 100
"""The most places per lane that a look-up returns, the newest ones."""

_CHECKSUM_BYTES: Final = 4
_NO_ID: Final = 0


class Kind(IntEnum):
    """The kind of id to look up."""

    EVENT = 0
    ORDER = 1


class Place(NamedTuple):
    """Where an event is in the log."""

    lane: Lane
    offset: int


class Run:
    """The checksums of consecutive events of a lane, from the offset `first` on."""

    def __init__(self, lane: Lane, first: int) -> None:
        self.lane = lane
        self.first = first
        self._checksums = {kind: array("I") for kind in Kind}

    def __len__(self) -> int:
        return len(self._checksums[Kind.EVENT])

    def add(self, entries: Sequence[Entry]) -> None:
        """Add the ids of the next events."""
        self._checksums[Kind.EVENT].extend([_checksum(each.event_id) for each in entries])
        self._checksums[Kind.ORDER].extend(
            [_NO_ID if (id_ := each.order_id) is None else _checksum(id_) for each in entries]
        )

    def packed(self, kind: Kind) -> bytes:
        """Return the checksums of one kind as they are stored."""
        checksums = self._checksums[kind]
        return pack(f"<{len(checksums)}I", *checksums)


class Tail:
    """The newest events, which no stored run covers yet. Used on one thread.

    Whoever adds events checks `full` and has that run stored, so this holds little more than one
    run per lane.
    """

    def __init__(self) -> None:
        self._runs: dict[Lane, deque[Run]] = {lane: deque() for lane in Lane}

    def add(
        self,
        lane: Lane,
        first: int,
        entries: Sequence[Entry],
    ) -> None:
        """Add the ids of a lane's next events, once they are committed."""
        runs = self._runs[lane]
        if not runs or len(runs[-1]) >= RUN_EVENTS:
            runs.append(Run(lane, first))
        runs[-1].add(entries)

    @property
    def full(self) -> Run | None:
        """A run to be stored, the oldest of its lane; it stays here until `release`."""
        oldest = (runs[0] for runs in self._runs.values() if runs)
        return next((run for run in oldest if len(run) >= RUN_EVENTS), None)

    def release(self, run: Run) -> None:
        """Forget a run that has been stored."""
        self._runs[run.lane].remove(run)

    def places(self, kind: Kind, wanted: str) -> list[Place]:
        """Return where an id may be among the events held here, newest first in each lane."""
        return [
            place
            for lane, runs in self._runs.items()
            for place in _places(
                lane, ((run.first, run.packed(kind)) for run in reversed(runs)), wanted
            )
        ]


def store(connection: sqlite3.Connection, run: Run) -> None:
    """Write a run, in the open transaction."""
    connection.executemany(
        "INSERT INTO lookup_run (lane, kind, first, count, checksums) VALUES (?, ?, ?, ?, ?)",
        [(run.lane, kind, run.first, len(run), run.packed(kind)) for kind in Kind],
    )


def recover(connection: sqlite3.Connection, tail: Tail) -> None:
    """Fill an empty tail when the journal is opened; full runs are stored on the way."""
    for lane in Lane:
        covered = connection.execute(_COVERED, (lane,)).fetchone()[0]
        for first, count, received_ms, data in connection.execute(_UNCOVERED, (lane, covered)):
            tail.add(lane, first, entries_of(data, count, received_ms))
            if run := tail.full:
                store(connection, run)
                tail.release(run)


def places(connection: sqlite3.Connection, kind: Kind, wanted: str) -> list[Place]:
    """Return where an id may be according to the runs, newest first in each lane.

    Ask the tail first: its events may move into a run in between.
    """
    return [place for lane in Lane for place in _stored_places(connection, lane, kind, wanted)]


def _stored_places(
    connection: sqlite3.Connection, lane: Lane, kind: Kind, wanted: str
) -> Iterator[Place]:
    runs = connection.execute(
        "SELECT first, checksums FROM lookup_run WHERE lane = ? AND kind = ? ORDER BY first DESC",
        (lane, kind),
    )
    return _places(lane, runs, wanted)


def _places(lane: Lane, runs: Iterable[tuple[int, bytes]], wanted: str) -> Iterator[Place]:
    checksum = pack("<I", _checksum(wanted))
    found = (
        Place(lane, first + at)
        for first, checksums in runs
        for at in _positions(checksums, checksum)
    )
    return islice(found, MAX_FOUND)


def _positions(checksums: bytes, wanted: bytes) -> Iterator[int]:
    """Yield the positions of a checksum in a run, the last one first."""
    at = checksums.rfind(wanted)
    while at >= 0:
        position, misaligned = divmod(at, _CHECKSUM_BYTES)
        if not misaligned:
            yield position
        at = checksums.rfind(wanted, 0, at + _CHECKSUM_BYTES - 1)


def _checksum(text: str) -> int:
    return crc32(text.encode(errors="surrogatepass")) or 1


_COVERED: Final = "SELECT coalesce(max(first + count), 0) FROM lookup_run WHERE lane = ?"
_UNCOVERED: Final = """
    SELECT first, count, received_ms, entries FROM log WHERE lane = ? AND first >= ? ORDER BY first
"""
