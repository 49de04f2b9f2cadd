"""Look-up of events by event id and order id, built off the acknowledge path.

A B-tree over random ids would cost more than the rest of the journal. Instead the ids of new log
rows wait in memory (`Tail`) until there are enough for a *run*: all their hashes in order, in pages
of one database page each, never changed afterwards. Eight small runs are merged into a large one;
there is no further level, since sorting holds the interpreter's lock for as long as it takes.
A look-up asks the tail first and then every run, newest first, for one page each.

Building (`build`, `merge`) only reads, and is meant for any thread but the writer's; `store` is the
short write. Hashes are the same in every process and only say where to look: the caller compares
the id itself. Nothing is lost by a crash: `recover` reads the ids of the rows that no run covers.
"""

import sqlite3
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from enum import IntEnum
from hashlib import blake2b
from itertools import islice
from typing import Final, NamedTuple

from relay.event_name import Lane
from relay.journal.codec import ids_in

RUN_RECORDS: Final = 16_384
"""Records of a small run, at least: sorting them takes a few milliseconds."""
MERGE_RUNS: Final = 8
MAX_FOUND: Final = 100
"""Places that a look-up returns at most: the newest."""

_HASH_BYTES: Final = 8
_RECORD_BYTES: Final = 16
_PAGE_RECORDS: Final = 240
"""3,840 bytes: with its key it fills one database page without an overflow page."""
_LAST_PLACE: Final = b"\xff" * (_RECORD_BYTES - _HASH_BYTES)


class Kind(IntEnum):
    """Which id is looked up; hashed in, so that one run serves both."""

    EVENT = 0
    ORDER = 1


_PREFIX: Final = {Kind.EVENT: b"e", Kind.ORDER: b"o"}


class Place(NamedTuple):
    """Where an event is in the log."""

    lane: Lane
    offset: int


class Group(NamedTuple):
    """The ids of one row of the log: (event id, order id) by position from `first` on."""

    log_id: int
    lane: Lane
    first: int
    ids: Sequence[tuple[str, str | None]]


class Run(NamedTuple):
    """A run that is ready to be stored; it takes the place of the runs in `replaces`."""

    level: int
    first_log: int
    last_log: int
    records: int
    pages: Sequence[tuple[bytes, bytes]]
    replaces: Sequence[int] = ()


class Tail:
    """The ids of the log rows that no run covers yet, oldest first. Used on one thread.

    Adding costs a fraction of a microsecond an event, since nothing is hashed. Whoever adds looks
    at `full` and has the oldest ids made into a run, so it holds little more than one run's worth.
    """

    def __init__(self) -> None:
        self._groups: deque[Group] = deque()
        self._events = 0

    def add(self, group: Group) -> None:
        """Take note of a row of the log, after its commit, in order of row ids."""
        self._groups.append(group)
        self._events += len(group.ids)

    @property
    def full(self) -> bool:
        """Whether there are enough ids for a run."""
        return self._events >= RUN_RECORDS

    def oldest(self) -> list[Group]:
        """Return the oldest rows, enough for a run; they stay here until `release`."""
        found: list[Group] = []
        events = 0
        for group in self._groups:
            if events >= RUN_RECORDS:
                break
            found.append(group)
            events += len(group.ids)
        return found

    def release(self, last_log: int) -> None:
        """Forget the rows up to this one: a stored run covers them."""
        while self._groups and self._groups[0].log_id <= last_log:
            self._events -= len(self._groups.popleft().ids)

    def places(self, kind: Kind, wanted: str) -> list[Place]:
        """Return where an id is among the rows held here, newest first, at most `MAX_FOUND`."""
        found = (
            Place(group.lane, group.first + index)
            for group in reversed(self._groups)
            for index, ids in enumerate(group.ids)
            if ids[kind] == wanted
        )
        return list(islice(found, MAX_FOUND))


def build(groups: Sequence[Group]) -> Run:
    """Return the run of these consecutive, non-empty rows."""
    records = sorted(record for group in groups for record in _records(group))
    return _run(0, groups[0].log_id, groups[-1].log_id, records)


def merge(connection: sqlite3.Connection) -> Run | None:
    """Return the run that takes the place of the oldest small ones, or None if they are few."""
    runs = connection.execute(
        "SELECT id, first_log, last_log FROM lookup_run WHERE level = 0 ORDER BY last_log LIMIT ?",
        (MERGE_RUNS,),
    ).fetchall()
    if len(runs) < MERGE_RUNS:
        return None
    records: list[bytes] = []
    for run, _, _ in runs:
        records += _stored_records(connection, run)
    records.sort()
    merged = _run(1, runs[0][1], runs[-1][2], records)
    return merged._replace(replaces=[run for run, _, _ in runs])


def store(connection: sqlite3.Connection, run: Run) -> None:
    """Write a run, and delete those that it takes the place of, in the open transaction."""
    for replaced in run.replaces:
        connection.execute("DELETE FROM lookup_page WHERE run = ?", (replaced,))
        connection.execute("DELETE FROM lookup_run WHERE id = ?", (replaced,))
    row = connection.execute(
        "INSERT INTO lookup_run (level, first_log, last_log, count) VALUES (?, ?, ?, ?)",
        (run.level, run.first_log, run.last_log, run.records),
    ).lastrowid
    connection.executemany(
        "INSERT INTO lookup_page (run, first, records) VALUES (?, ?, ?)",
        ((row, *page) for page in run.pages),
    )


def recover(connection: sqlite3.Connection, tail: Tail) -> None:
    """Fill an empty tail at opening; rows beyond one run's worth are indexed on the way."""
    rows = connection.execute(
        "SELECT id, lane, first, entries FROM log"
        " WHERE id > (SELECT coalesce(max(last_log), 0) FROM lookup_run) ORDER BY id"
    )
    for log_id, lane, first, entries in rows:
        tail.add(Group(log_id, Lane(lane), first, ids_in(entries)))
        if tail.full:
            run = build(tail.oldest())
            store(connection, run)
            tail.release(run.last_log)


def places(connection: sqlite3.Connection, kind: Kind, wanted: str) -> list[Place]:
    """Return where an id may be according to the runs, newest run first, at most `MAX_FOUND`.

    Ask the tail before: in between, its rows may have moved into a run.
    """
    hashed = _hash(kind, wanted)
    runs = connection.execute("SELECT id FROM lookup_run ORDER BY last_log DESC").fetchall()
    found = (place for (run,) in runs for place in _places_in(connection, run, hashed))
    return list(islice(found, MAX_FOUND))


def _places_in(connection: sqlite3.Connection, run: int, hashed: bytes) -> Iterator[Place]:
    pages = connection.execute(
        "SELECT records FROM lookup_page WHERE run = ? AND first <= ? ORDER BY first DESC",
        (run, hashed + _LAST_PLACE),
    )
    for (records,) in pages:
        yield from _places_on(records, hashed)
        if records[:_HASH_BYTES] < hashed:
            return


def _places_on(records: bytes, hashed: bytes) -> Iterator[Place]:
    """Return the places of a hash on one page, the greatest offset first."""
    count = len(records) // _RECORD_BYTES
    at = bisect_left(range(count), hashed, key=lambda index: _hash_at(records, index))
    end = at
    while end < count and _hash_at(records, end) == hashed:
        end += 1
    for index in range(end - 1, at - 1, -1):
        start = index * _RECORD_BYTES + _HASH_BYTES
        packed = int.from_bytes(records[start : start + _RECORD_BYTES - _HASH_BYTES], "big")
        yield Place(Lane(packed & 1), packed >> 1)


def _hash_at(records: bytes, index: int) -> bytes:
    start = index * _RECORD_BYTES
    return records[start : start + _HASH_BYTES]


def _records(group: Group) -> list[bytes]:
    """Return the unsorted records of a row; its loops are the cost of the whole index."""
    event, order = _PREFIX[Kind.EVENT], _PREFIX[Kind.ORDER]
    first, end, step = group.first << 1 | group.lane, len(group.ids) << 1, 2
    places = [place.to_bytes(8, "big") for place in range(first, first + end, step)]
    records = [
        blake2b(event + event_id.encode(), digest_size=_HASH_BYTES).digest() + place
        for (event_id, _), place in zip(group.ids, places, strict=True)
    ]
    records += [
        blake2b(order + order_id.encode(), digest_size=_HASH_BYTES).digest() + place
        for (_, order_id), place in zip(group.ids, places, strict=True)
        if order_id is not None
    ]
    return records


def _hash(kind: Kind, wanted: str) -> bytes:
    data = _PREFIX[kind] + wanted.encode(errors="surrogatepass")
    return blake2b(data, digest_size=_HASH_BYTES).digest()


def _run(level: int, first_log: int, last_log: int, records: Sequence[bytes]) -> Run:
    pages = [
        (records[at], b"".join(records[at : at + _PAGE_RECORDS]))
        for at in range(0, len(records), _PAGE_RECORDS)
    ]
    return Run(level, first_log, last_log, len(records), pages)


def _stored_records(connection: sqlite3.Connection, run: int) -> Iterator[bytes]:
    pages = connection.execute(
        "SELECT records FROM lookup_page WHERE run = ? ORDER BY first", (run,)
    )
    for (records,) in pages:
        for at in range(0, len(records), _RECORD_BYTES):
            yield records[at : at + _RECORD_BYTES]
