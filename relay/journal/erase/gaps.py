"""Finds what moved rows left behind in the file, and overwrites it.

SQLite overwrites what is deleted (`secure_delete`), but where it moves rows from page to page to
keep a table balanced, their old bytes stay in the unused middle of the page: nobody reads them, and
they are still there after the row was erased. So the leaf pages of the tables that keep events are
read from the file, as SQLite's documents describe it, and where there is something in the middle of
one, a row on it is made as large as the page allows and then what it was: growing overwrites the
middle, and shrinking overwrites that. Nothing is ever written but by SQLite.

What is computed from the file is stale once somebody commits; at worst a page is then missed, or a
row moved, so whoever calls looks again. Format: https://sqlite.org/fileformat.html#b_tree_pages
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
"""The tables that keep events, or words about them, and a column of bytes in each."""

_HEADER_BYTES: Final = 100
_PAGE_HEADER_BYTES: Final = 8
_INTERIOR, _LEAF = 5, 13
_REMAINS: Final = re.compile(rb"[\x20-\xff]{4}")
_MORE_REMAINS: Final = re.compile(rb"[\x20-\xff]{24}")
"""What looks like text. Old numbers of two bytes, which tell where rows were, do not."""
_MORE_FOLLOWS: Final = 0x80
_SLACK_BYTES: Final = 16
"""By how much the head of a row can grow along with it, generously."""


class Gap(NamedTuple):
    """A leaf page with something in its unused middle."""

    page: int
    table: str
    rowid: int | None
    """A row on the page, None if it has none."""
    payload_bytes: int
    """Of that row, its head included."""
    room_bytes: int
    """By how much its share of the page can grow."""


def find(path: Path, roots: Mapping[str, int], filled: frozenset[int] | None) -> list[Gap]:
    """Return the gaps in the trees at these root pages.

    Where they were filled before, only those pages are looked at, and the little is passed over
    that a row cannot reach.
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
            connection.execute(f"DELETE FROM {table}")  # without a condition: the page is renewed
        return
    row = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (gap.rowid,))
    (kept,) = row.fetchone() or (None,)
    more = _growth(gap, len(kept or b""), is_null=kept is None)
    if more > 0:
        write = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
        connection.execute(write, ((kept or b"") + bytes(more), gap.rowid))
        connection.execute(write, (kept, gap.rowid))


def _growth(gap: Gap, length: int, *, is_null: bool) -> int:
    """Return by how many bytes the column has to grow to use up the room of its page."""
    now = _varint_bytes(gap.payload_bytes)
    kind = 1 if is_null else _varint_bytes(2 * length + 12)
    for more in range(gap.room_bytes, max(0, gap.room_bytes - _SLACK_BYTES), -1):
        head = _varint_bytes(2 * (length + more) + 12) - kind
        payload = gap.payload_bytes + head + more
        if head + more + _varint_bytes(payload) - now <= gap.room_bytes:
            return more
    return 0


class _Pages:
    """A database file, page by page. Raises `ValueError` for what is no page of a table."""

    def __init__(self, file: BinaryIO, remains: re.Pattern[bytes]) -> None:
        self._file = file
        self._remains = remains
        head = file.read(_HEADER_BYTES)
        size = int.from_bytes(head[16:18], "big")
        self._page_bytes = 65_536 if size == 1 else size
        self._usable = self._page_bytes - head[20]

    def leaves(self, root: int) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of each leaf below a page."""
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
        """Return the gap of a leaf, None if there is nothing in its middle."""
        page = _Numbers(data)
        pointers = page.pointers(first=_PAGE_HEADER_BYTES)
        begin, end = _PAGE_HEADER_BYTES + 2 * len(pointers), page.number(5, 2) or 65_536
        if not self._remains.search(data, begin, end):
            return None
        room = end - begin + page.free_blocks_bytes() + data[7]
        longest = self._usable - 35
        payload, rowid = min(map(page.varints, pointers), default=(0, None))
        left = longest - self._local_bytes(payload)
        return Gap(number, table, rowid, payload, min(room, left))

    def _local_bytes(self, payload: int) -> int:
        longest, shortest = self._usable - 35, (self._usable - 12) * 32 // 255 - 23
        if payload <= longest:
            return payload
        local = shortest + (payload - shortest) % (self._usable - 4)
        return local if local <= longest else shortest


class _Numbers:
    """The numbers in a page."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self, at: int, size: int) -> int:
        """Return a number of fixed size."""
        return int.from_bytes(self._data[at : at + size], "big")

    def pointers(self, *, first: int) -> list[int]:
        """Return where the cells are."""
        return [self.number(first + 2 * at, 2) for at in range(self.number(3, 2))]

    def varints(self, at: int) -> tuple[int, int]:
        """Return the two numbers that a cell of a leaf begins with: payload size and rowid."""
        size, after = self._varint(at)
        rowid, _ = self._varint(after)
        return size, rowid

    def free_blocks_bytes(self) -> int:
        """Return the bytes between cells that can be used again."""
        at, total = self.number(1, 2), 0
        while at and total < len(self._data):
            total += self.number(at + 2, 2)
            at = self.number(at, 2)
        return total

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for taken, byte in enumerate(self._data[at : at + 8]):
            value = value << 7 | byte & 0x7F
            if byte < _MORE_FOLLOWS:
                return value, at + taken + 1
        return value << 8 | self._data[at + 8], at + 9


def _varint_bytes(value: int) -> int:
    """Return how many bytes a number takes; none here needs more than five."""
    return max(1, (value.bit_length() + 6) // 7)
