"""Finds the bytes that moved rows left behind in the file, and overwrites them.

SQLite overwrites what is deleted (`secure_delete`). But when it moves rows between pages to keep a
table balanced, their old bytes stay in the unused middle of a page, and survive the row's erasure.
So this module reads the leaf pages of the tables that keep events from the file, as SQLite's
documents describe it. If the middle of a page holds something, a row on that page is enlarged as
far as the page allows, and then restored: growing overwrites the middle, and shrinking overwrites
the filler. Only SQLite ever writes to the file.

What is computed from the file is stale as soon as somebody commits. At worst, a page is then missed
or a row moved, so the caller looks again. Format: https://sqlite.org/fileformat.html#b_tree_pages
(2026).
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

KEPT_IN: Final[Mapping[str, str]] = {
    "log": "entries",
    "retry": "entry",
    "dead": "entry",
    "receipt": "exceptions",
}
"""The tables that keep events or words about them, each with a column of bytes."""

_HEADER_BYTES: Final = 100
_PAGE_HEADER_BYTES: Final = 8
_INTERIOR, _LEAF = 5, 13
_REMAINS: Final = re.compile(rb"[\x20-\xff]{4}")
_MORE_REMAINS: Final = re.compile(rb"[\x20-\xff]{24}")
"""Matches what looks like text, unlike old two-byte pointers to rows."""
_MORE_FOLLOWS: Final = 0x80
_SLACK_BYTES: Final = 16
"""A generous bound on how much a row's header grows with the row."""


class Gap(NamedTuple):
    """A leaf page that has something in its unused middle."""

    page: int
    table: str
    rowid: int | None
    """A row on the page, None if there is none."""
    payload_bytes: int
    """The size of that row, including its header."""
    room_bytes: int
    """How much the row can grow until its share of the page is as large as it gets."""


def find(path: Path, roots: Mapping[str, int], filled: frozenset[int] | None) -> list[Gap]:
    """Return the gaps in the trees at these root pages.

    `filled` are the pages that were filled before, if any: then only those are checked, and the few
    bytes that a row cannot reach are ignored.
    """
    with path.open("rb") as file:
        pages = _Pages(file, _REMAINS if filled is None else _MORE_REMAINS)
        found = (
            gap
            for table, root in roots.items()
            for number, data in pages.leaves(root)
            if filled is None or number in filled
            if (gap := pages.gap(table, number, data)) is not None
        )
        return list(found)


def roots(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the root page of each table that keeps events."""
    rows = connection.execute("SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'")
    return {name: root for name, root in rows if name in KEPT_IN}


def fill(connection: sqlite3.Connection, gap: Gap) -> None:
    """Overwrite a gap, in the open transaction; the content stays as it is."""
    table, column = gap.table, KEPT_IN[gap.table]
    if gap.rowid is None:
        if connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,):
            connection.execute(f"DELETE FROM {table}")  # without a condition, this renews the page
        return
    row = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (gap.rowid,))
    (kept,) = row.fetchone() or (None,)
    more = _growth(gap, len(kept or b""), is_null=kept is None)
    if more > 0:
        write = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
        connection.execute(write, ((kept or b"") + bytes(more), gap.rowid))
        connection.execute(write, (kept, gap.rowid))


def _growth(gap: Gap, length: int, *, is_null: bool) -> int:
    """Return how many bytes the column has to grow to use all the room on its page."""
    now = _varint_bytes(gap.payload_bytes)
    kind = 1 if is_null else _varint_bytes(2 * length + 12)
    for more in range(gap.room_bytes, max(0, gap.room_bytes - _SLACK_BYTES), -1):
        head = _varint_bytes(2 * (length + more) + 12) - kind
        payload = gap.payload_bytes + head + more
        if head + more + _varint_bytes(payload) - now <= gap.room_bytes:
            return more
    return 0


class _Pages:
    """A database file, page by page. Raises `ValueError` if a page is not one of a table."""

    def __init__(self, file: BinaryIO, remains: re.Pattern[bytes]) -> None:
        self._file = file
        self._remains = remains
        head = file.read(_HEADER_BYTES)
        size = int.from_bytes(head[16:18], "big")
        self._page_bytes = 65_536 if size == 1 else size
        self._usable = self._page_bytes - head[20]

    def leaves(self, root: int) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the bytes of each leaf below a page."""
        ahead = [root]
        while ahead:
            number = ahead.pop()
            self._file.seek((number - 1) * self._page_bytes)
            data = self._file.read(self._page_bytes)
            if data[:1] == bytes([_LEAF]):
                yield number, data
            elif data[:1] == bytes([_INTERIOR]):
                cells = _Numbers(data)
                ahead += [cells.number(at, 4) for at in cells.pointers(first=12)]
                ahead.append(cells.number(8, 4))

    def gap(self, table: str, number: int, data: bytes) -> Gap | None:
        """Return the gap of a leaf, None if its middle is empty."""
        page = _Numbers(data)
        pointers = page.pointers(first=_PAGE_HEADER_BYTES)
        begin, end = _PAGE_HEADER_BYTES + 2 * len(pointers), page.number(5, 2) or 65_536
        if not self._remains.search(data, begin, end):
            return None
        room = end - begin + page.free_blocks_bytes() + data[7]
        payload, rowid = min(map(page.varints, pointers), default=(0, None))
        return Gap(number, table, rowid, payload, self._room_of(payload, room))

    def _room_of(self, payload: int, room: int) -> int:
        """Return by how much a row can grow until its share of the page has grown by `room`.

        Or until it is as large as it gets: what does not fit is on pages of its own, each of them
        full. So where its share is small, up to a page more may go there first.
        """
        longest, shortest = self._usable - 35, (self._usable - 12) * 32 // 255 - 23
        if payload <= longest:
            return min(room, longest - payload)
        local = shortest + (payload - shortest) % (self._usable - 4)
        if local <= longest:
            return min(room, longest - local)
        return self._usable - 4 - (local - shortest) + min(room, longest - shortest)


class _Numbers:
    """Reads the numbers in a page."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self, at: int, size: int) -> int:
        """Return the number of `size` bytes at a position."""
        return int.from_bytes(self._data[at : at + size], "big")

    def pointers(self, *, first: int) -> list[int]:
        """Return the positions of the cells."""
        return [self.number(first + 2 * at, 2) for at in range(self.number(3, 2))]

    def varints(self, at: int) -> tuple[int, int]:
        """Return the two numbers with which a leaf's cell begins: payload size and rowid."""
        size, after = self._varint(at)
        rowid, _ = self._varint(after)
        return size, rowid

    def free_blocks_bytes(self) -> int:
        """Return how many bytes between cells are free."""
        before, at, total = 0, self.number(1, 2), 0
        while at > before:  # in order, if the page is sound
            total += self.number(at + 2, 2)
            before, at = at, self.number(at, 2)
        return total

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for taken, byte in enumerate(self._data[at : at + 8]):
            value = value << 7 | byte & 0x7F
            if byte < _MORE_FOLLOWS:
                return value, at + taken + 1
        return value << 8 | self._data[at + 8], at + 9


def _varint_bytes(value: int) -> int:
    """Return how many bytes a varint takes; none here needs more than five."""
    return max(1, (value.bit_length() + 6) // 7)
