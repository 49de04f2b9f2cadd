"""The browser's events, and the server events without a twin among them, in a temporary database.

A server event whose id the browser never sent is kept until the whole log has been read. Then it
may be paired with a browser event that is probably the same sale: by the order, by ids that differ
only in spelling, or, if no other event is near, by name and time.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final, Literal, NamedTuple, Self

from relay.comparison.pixel_file import PixelEvent, loose
from relay.comparison.temporary_database import errors_told, temporary_database
from relay.event_name import MONEY_NAMES

BATCH: Final = 500
SAME_ID: Final = 20
"""How many browser events of one id are compared; a pixel that fires more often adds nothing."""
NEAR_S: Final = 2
"""The most seconds between two events of the same name that are taken for the same sale."""

Evidence = Literal["order", "spelling", "time"]


class Alone(NamedTuple):
    """A server event without a twin at some destinations; `where` holds their indexes."""

    event_id: str
    event: str
    time_s: int
    order_id: str
    where: bytes


class Pair(NamedTuple):
    """A server event and the browser's events that are probably the same sale."""

    server: Alone
    browser: Sequence[PixelEvent]
    evidence: Evidence


class BrowserOnly(NamedTuple):
    """The browser's events of one name that the server did not send."""

    event: str
    events: int
    forgotten: int
    """How many of them are so old that the relay may have had and deleted them."""
    example: str


class PixelBook:
    """See the module docstring; made by `open`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Open an empty book."""
        with temporary_database(_TABLES) as connection:
            yield cls(connection)

    def add(self, events: Iterable[PixelEvent]) -> None:
        """Add the browser's events."""
        rows = ((*each, loose(each.event_id), loose(each.order_id)) for each in events)
        while batch := list(islice(rows, BATCH)):
            self._connection.executemany(_ADD_PIXEL, batch)
        self._connection.execute("CREATE INDEX IF NOT EXISTS pixel_id ON pixel (id)")

    def period(self) -> tuple[int | None, int | None]:
        """Return the Unix seconds of the first and last browser event; None if none has a time."""
        first, last = self._connection.execute(
            "SELECT min(time_s), max(time_s) FROM pixel"
        ).fetchone()
        return first, last

    @property
    def count(self) -> int:
        """The number of browser events."""
        return int(self._connection.execute("SELECT count(*) FROM pixel").fetchone()[0])

    def forget_server(self) -> None:
        """Delete the server's side, before the journal is read again."""
        with errors_told():
            self._connection.execute("DELETE FROM alone")
            self._connection.execute("UPDATE pixel SET matched = 0 WHERE matched")

    def same_ids(self, event_ids: Collection[str]) -> Mapping[str, Sequence[PixelEvent]]:
        """Return the browser's events by id, for those of these ids that it sent."""
        found: dict[str, list[PixelEvent]] = {}
        marks = ", ".join("?" * len(event_ids))
        with errors_told():
            query = f"SELECT {_PIXEL} FROM pixel WHERE id IN ({marks}) ORDER BY line"
            for row in self._connection.execute(query, list(event_ids)):
                events = found.setdefault(row[1], [])
                if len(events) < SAME_ID:
                    events.append(PixelEvent(*row))
        return found

    def mark(self, event_ids: Collection[str]) -> None:
        """Note that the server has events with these ids."""
        with errors_told():
            self._connection.executemany(
                "UPDATE pixel SET matched = 1 WHERE id = ?", [(each,) for each in event_ids]
            )

    def note_alone(self, events: Iterable[Alone]) -> None:
        """Keep server events for the search for pairs."""
        with errors_told():
            self._connection.executemany("INSERT INTO alone VALUES (?, ?, ?, ?, ?)", events)

    def pairs(self) -> Iterator[Pair]:
        """Yield probable pairs among the events without a twin, the best evidence first.

        No event is in two pairs.
        """
        for index in _INDEXES:
            self._connection.execute(index)
        for find in (self._by_name, self._by_time):
            for row_id, *row in self._connection.execute(_ALONE):
                server = Alone(*row)
                found = find(server)
                if found is not None:
                    taken = [(each.line,) for each in found.browser]
                    self._connection.executemany(_TAKE, taken)
                    self._connection.execute(
                        "UPDATE alone SET places = x'' WHERE rowid = ?", (row_id,)
                    )
                    yield found

    def browser_only(self, before_s: int | None) -> list[BrowserOnly]:
        """Return the browser's events that the server did not send, by name, most frequent first.

        Before `before_s` (Unix seconds), the relay may have had events and deleted them.
        """
        rows = self._connection.execute(_BROWSER_ONLY, (before_s,))
        return [BrowserOnly(*row) for row in rows]

    def _by_name(self, server: Alone) -> Pair | None:
        """Find an event with the same name whose order or id differs at most in its spelling."""
        order, event_id = loose(server.order_id), loose(server.event_id)
        ways: Sequence[tuple[str, str, Evidence]] = (
            (_BY_ORDER, order, "order"),
            (_BY_ID, order, "order"),
            (_BY_ID, event_id, "spelling"),
        )
        for query, wanted, evidence in ways:
            row = self._connection.execute(query, (server.event, wanted)).fetchone()
            if wanted and row is not None:
                return Pair(server, self._of_all_platforms(server, *row), evidence)
        return None

    def _by_time(self, server: Alone) -> Pair | None:
        """Find the only browser event of this name within seconds, unless it has a rival."""
        if server.event not in MONEY_NAMES:
            return None
        near = (server.event, server.time_s - NEAR_S, server.time_s + NEAR_S)
        ids = self._connection.execute(_BY_TIME, near).fetchall()
        rivals = self._connection.execute(_RIVALS, near).fetchone()[0]
        if len(ids) != 1 or rivals != 1:
            return None
        browser = self._of_all_platforms(server, *ids[0])
        if server.order_id and any(each.order_id for each in browser):
            return None  # both name an order, and not the same one
        return Pair(server, browser, "time")

    def _of_all_platforms(self, server: Alone, browser_id: str) -> Sequence[PixelEvent]:
        rows = self._connection.execute(_OF_ALL_PLATFORMS, (server.event, browser_id))
        return [PixelEvent(*row) for row in rows]


_PIXEL: Final = "line, id, name, standard, time_s, order_id, platform"
_TABLES: Final = """
    CREATE TABLE pixel (
        line        INTEGER PRIMARY KEY,
        id          TEXT NOT NULL,
        name        TEXT NOT NULL,
        standard    TEXT NOT NULL,
        time_s      INTEGER,
        order_id    TEXT NOT NULL,
        platform    TEXT NOT NULL,
        loose_id    TEXT NOT NULL,
        loose_order TEXT NOT NULL,
        matched     INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE alone (
        id       TEXT NOT NULL,
        event    TEXT NOT NULL,
        time_s   INTEGER NOT NULL,
        order_id TEXT NOT NULL,
        places   BLOB NOT NULL
    ) STRICT;
"""
_INDEXES: Final = (
    "CREATE INDEX pixel_loose_id ON pixel (standard, loose_id) WHERE NOT matched",
    "CREATE INDEX pixel_loose_order ON pixel (standard, loose_order) WHERE NOT matched",
    "CREATE INDEX pixel_time ON pixel (standard, time_s) WHERE NOT matched",
    "CREATE INDEX alone_time ON alone (event, time_s)",
)
_ADD_PIXEL: Final = "INSERT INTO pixel VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
_TAKE: Final = "UPDATE pixel SET matched = 1 WHERE line = ?"
_ALONE: Final = "SELECT rowid, * FROM alone WHERE places != x'' ORDER BY rowid"
_BY_ORDER: Final = """
    SELECT id FROM pixel WHERE NOT matched AND standard = ? AND loose_order = ? LIMIT 1
"""
_BY_ID: Final = """
    SELECT id FROM pixel WHERE NOT matched AND standard = ? AND loose_id = ? LIMIT 1
"""
_BY_TIME: Final = """
    SELECT DISTINCT id FROM pixel
    WHERE NOT matched AND standard = ? AND time_s BETWEEN ? AND ? LIMIT 2
"""
_OF_ALL_PLATFORMS: Final = f"""
    SELECT {_PIXEL} FROM pixel WHERE NOT matched AND standard = ? AND id = ?
    ORDER BY line LIMIT {SAME_ID}
"""
_RIVALS: Final = """
    SELECT count(*) FROM (
        SELECT 1 FROM alone WHERE places != x'' AND event = ? AND time_s BETWEEN ? AND ? LIMIT 2
    )
"""
_BROWSER_ONLY: Final = """
    SELECT standard, count(*), count(*) FILTER (WHERE time_s < ?), min(id) FROM pixel
    WHERE NOT matched GROUP BY standard ORDER BY count(*) DESC, standard LIMIT 25
"""
