"""The outbox: how each event ended at each destination, stored until it is published.

An outcome is written in the transaction that ends its event, so none is missing after a crash. A
row is deleted once it is published, so only a crash can publish it twice. Events that ended alike
in one transaction share a row. Nothing is collected unless the configuration asks for it.

Rows count towards the journal's size. They stay while they cannot be published (the cluster is
down). At the journal's limit, the oldest are given up and counted as lost, after everything else
that can be spared and before producers are refused: a report must not cost a conversion.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from relay.journal.entry import Entry
from relay.journal.figures.rollup import ADD_TOTAL
from relay.journal.settlement import Dead, Receipt

MAX_EVENTS: Final = 1_000
"""The most events in a row; more take several rows."""
LOST: Final = "outcomes_lost"
"""The kind of the lifetime count of outcomes that were given up."""

EndState = Literal["delivered", "skipped", "dead"]
Ended = tuple[str, str, int]
"""Event id, event name, and when it was received, in Unix milliseconds."""


class End(NamedTuple):
    """How and where events ended; `reason` is None for delivered ones."""

    destination: str
    state: EndState
    reason: str | None
    code: str
    request_id: str
    at_ms: int


class Waiting(NamedTuple):
    """One row: events that ended alike. Later rows have a greater `id`."""

    id: int
    end: End
    events: Sequence[Ended]


class Backlog(NamedTuple):
    """How many outcomes wait, and how many were given up since the journal began."""

    waiting: int
    lost: int


class OutcomeLog(Protocol):
    """The part of a journal that a publisher needs."""

    async def outcomes(self, after: int, limit: int) -> Sequence[Waiting]:
        """Return the oldest rows after the id `after`, at most `limit`."""
        ...

    async def outcomes_published(self, up_to: int) -> None:
        """Delete the rows up to and including an id. Raises `JournalUnavailable`."""
        ...

    async def outcome_backlog(self) -> Backlog:
        """Return how many outcomes wait, and how many were lost."""
        ...


class Outcomes:
    """Collects the outcomes of one transaction; `flush` writes them."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._ended: defaultdict[End, list[Ended]] = defaultdict(list)

    def delivered(
        self, destination: str, entries: Sequence[Entry], receipt: Receipt | None, now_ms: int
    ) -> None:
        """Collect events that a platform confirmed."""
        if self._wanted and entries:
            code, request_id = (receipt.code, receipt.request_id) if receipt else ("", "")
            end = End(destination, "delivered", None, code, request_id, now_ms)
            self._ended[end] += map(_ENDED, entries)

    def dead(
        self, destination: str, dead: Sequence[Dead], receipt: Receipt | None, now_ms: int
    ) -> None:
        """Collect events that a settlement ended without delivery."""
        if self._wanted:
            request_id = receipt.request_id if receipt else ""
            for each in dead:
                end = End(destination, "dead", each.reason, each.code, request_id, now_ms)
                self._ended[end].append(_ENDED(each.pending.entry))

    def erased(self, destination: str, entry: Entry, now_ms: int) -> None:
        """Collect an event that ended because a person was erased."""
        if self._wanted:
            self._ended[End(destination, "dead", "erased", "", "", now_ms)].append(_ENDED(entry))

    def arrived(self, entries: Sequence[Entry], now_ms: int) -> None:
        """Collect events that ended on arrival, skipped or dead."""
        if self._wanted:
            for entry in entries:
                for destination, passed in entry.passed.items():
                    end = End(destination, passed.state, str(passed.reason), "", "", now_ms)
                    self._ended[end].append(_ENDED(entry))

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what was collected, in the open transaction."""
        if self._ended:
            connection.executemany(_ADD, self._rows())

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for end, ended in self._ended.items():
            for at in range(0, len(ended), MAX_EVENTS):
                events = ended[at : at + MAX_EVENTS]
                yield *end, len(events), _ENCODER.encode(events)


def read(connection: sqlite3.Connection, after: int, limit: int) -> list[Waiting]:
    """Return the oldest rows after the id `after`, at most `limit`."""
    rows = connection.execute(
        "SELECT id, destination, state, reason, code, request_id, at_ms, events FROM outcome"
        " WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [Waiting(row, End(*end), _DECODER.decode(events)) for row, *end, events in rows]


def forget(connection: sqlite3.Connection, up_to: int) -> None:
    """Delete the rows up to and including an id."""
    connection.execute("DELETE FROM outcome WHERE id <= ?", (up_to,))


def backlog(connection: sqlite3.Connection) -> Backlog:
    """Return how many outcomes wait, and how many were given up."""
    waiting = connection.execute("SELECT coalesce(sum(count), 0) FROM outcome").fetchone()[0]
    lost = connection.execute("SELECT sum(count) FROM total WHERE kind = ?", (LOST,)).fetchone()[0]
    return Backlog(waiting, lost or 0)


def give_up(connection: sqlite3.Connection, rows: int) -> bool:
    """Delete the oldest rows, and count their outcomes as lost; return False if there are none."""
    oldest = connection.execute("SELECT id, count FROM outcome ORDER BY id LIMIT ?", (rows,))
    found = oldest.fetchall()
    if found:
        forget(connection, found[-1][0])
        connection.execute(ADD_TOTAL, (LOST, "", "", sum(count for _, count in found)))
    return bool(found)


_ENDED: Final = attrgetter("event_id", "event", "received_ms")
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[Ended])
_ADD: Final = """
    INSERT INTO outcome (destination, state, reason, code, request_id, at_ms, count, events)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
