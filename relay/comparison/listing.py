"""A CSV file of a shop, read line by line: whatever separates its cells, whatever they are called.

The first line names the columns; names are compared without case, blanks, hyphens and underscores.
UTF-8, with or without a byte order mark; cells may be quoted. A line that cannot be used is noted
in `Faults` and passed over; a file that cannot be used at all is a `ConfigError`. Memory is bounded
by one line, of which 1 MiB is read.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import BinaryIO, Final, NamedTuple

import msgspec

from relay.errors import ConfigError
from relay.event_name import spelling

MAX_LINE_BYTES: Final = 2**20
LISTED: Final = 20
"""Faults that are told one by one; the others are counted."""
MILLISECONDS_FROM: Final = 10**11
"""A number from here on is read as milliseconds, as in an event."""
SECONDS_FROM: Final = 10**9
"""A number below, of 2001, is none of Unix time: a spreadsheet's day, or a date without hyphens."""

_DELIMITERS: Final = ",;\t|"
_FOREIGN: Final = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a workbook or an archive",
    b"\x1f\x8b": "compressed",
}
"""How files begin that people take for CSV."""
_QUOTED: Final = re.compile(r'"[^"]*"?')
_ROUNDED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
"""What a spreadsheet makes of a long number; many ids end as the same one."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NOT_UTF_8: Final = "\N{REPLACEMENT CHARACTER}"
_DATE_DIGITS: Final = len("20260131")
_MAX_TIME: Final = 100
"""Characters of a time; a longer cell holds none."""
_LOOSE_OFFSET: Final = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)|\s+UTC$")


class Column(NamedTuple):
    """A column that is looked for, by the names that shops give it, the likeliest first."""

    name: str
    aliases: Sequence[str]
    required: bool = False


class Line(NamedTuple):
    """The number of a line, as an editor shows it, and its cells in the order of the columns.

    A cell is '' where there is none.
    """

    number: int
    cells: Sequence[str]


class Fault(msgspec.Struct, frozen=True):
    """A line that could not be used, and why; nothing of it is quoted."""

    line: int
    problem: str


class Unusable(Exception):
    """A line cannot be used; the text says why, and quotes nothing."""


class Faults:
    """Counts the lines that could not be used, and keeps the first `LISTED`."""

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[Fault] = []

    def add(self, line: int, problem: str) -> None:
        """Note a line."""
        self.count += 1
        if len(self.listed) < LISTED:
            self.listed.append(Fault(line, problem))


class Listing:
    """The lines of a file. `watch` is told how many bytes each line had.

    `columns` says which of the file's columns is taken for which.
    """

    def __init__(
        self,
        file: BinaryIO,
        wanted: Sequence[Column],
        faults: Faults,
        watch: Callable[[int], None],
    ) -> None:
        self._faults = faults
        self._texts = _texts(file, watch)
        lines = enumerate(self._texts, 1)
        self._header_at, header = next(((at, text) for at, text in lines if text.strip()), (0, ""))
        if not header:
            raise ConfigError("the file is empty; its first line must name the columns")
        delimiter = max(_DELIMITERS, key=_QUOTED.sub("", header).count)
        # Strict, as a quote that is not closed would take the orders behind it into its cell.
        self._reader = csv.reader(chain([header], self._texts), delimiter=delimiter, strict=True)
        named = _named(self._reader)
        self._width = len(named)
        self._at = [_position(column, named) for column in wanted]
        self.columns = {
            column.name: named[at].strip()
            for column, at in zip(wanted, self._at, strict=True)
            if at is not None
        }

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that can be read; blank ones are left out."""
        while True:
            first = self._number + 1
            try:
                row = next(self._reader, None)
            except csv.Error:
                self._faults.add(first, _torn(first, self._number))
                continue
            if row is None:
                return
            if len(row) > self._width:
                self._faults.add(self._number, "it has more cells than there are columns")
            elif any(map(str.strip, row)):
                yield Line(self._number, self._cells(row))

    def _cells(self, row: Sequence[str]) -> list[str]:
        width = len(row)
        return ["" if at is None or at >= width else row[at].strip() for at in self._at]

    @property
    def _number(self) -> int:
        """The line that was read last; this reader has read none before the header."""
        return self._header_at - 1 + self._reader.line_num


def moment(text: str) -> int | None:
    """Return Unix seconds of a time as shops write it, None for none; without an offset it is UTC.

    Raises `Unusable`.
    """
    if not text:
        return None
    try:
        return _unix_seconds(text)
    except (ValueError, OverflowError):
        raise Unusable("its time is none that can be read; write 2026-01-31T12:00:00Z") from None


@lru_cache(4_096)
def rfc3339(at_s: int | None) -> str | None:
    """Return a moment as text, in UTC."""
    return at_s if at_s is None else f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _unix_seconds(text: str) -> int:
    """Return the moment; in UTC, too, it is of the years 1 to 9999, so that it can be shown."""
    if len(text) > _MAX_TIME:
        raise ValueError
    if text.isdecimal() and len(text) != _DATE_DIGITS:
        return _seconds(int(text))
    found = datetime.fromisoformat(_LOOSE_OFFSET.sub("", text))
    return int(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC).timestamp())


def _seconds(number: int) -> int:
    seconds = number // 1000 if number >= MILLISECONDS_FROM else number
    if not SECONDS_FROM <= seconds < MILLISECONDS_FROM:
        raise ValueError
    return seconds


def identifier(text: str, what: str) -> str:
    """Return an id. Raises `Unusable` if there is none, or one that cannot be compared."""
    if not text:
        raise Unusable(f"it has no {what}")
    if _NOT_UTF_8 in text:
        raise Unusable("it is not UTF-8; save the file as CSV UTF-8")
    if not text.isprintable():
        raise Unusable(f"its {what} holds a line break, or what cannot be printed")
    if _ROUNDED.fullmatch(text):
        raise Unusable(
            f"its {what} was rounded by a spreadsheet; use the file as the shop exported it"
        )
    return text


def _torn(first: int, last: int) -> str:
    """Return what is wrong with lines that are no row; the reader does not tell it apart."""
    problem = "a quote is not closed, a cell is too long, or a line ends as on old Macs"
    return problem if last <= first else f"{problem}; nothing up to line {last} can be used"


def _named(lines: Iterator[Sequence[str]]) -> Sequence[str]:
    try:
        return next(lines, [])
    except csv.Error:
        raise ConfigError(
            "the first line cannot be read as CSV; it must name the columns"
        ) from None


def _position(column: Column, named: Sequence[str]) -> int | None:
    """Return where a column is; the first alias that the file has counts."""
    known = [spelling(name.strip()) for name in named]
    for alias in map(spelling, column.aliases):
        if alias in known:
            return known.index(alias)
    if column.required:
        raise ConfigError(
            f"the file has no column for the {column.name}; its first line must name the columns,"
            f" one of them {column.aliases[0]}"
        )
    return None


def _texts(file: BinaryIO, watch: Callable[[int], None]) -> Iterator[str]:
    first = True
    while line := file.readline(MAX_LINE_BYTES + 1):
        if first and (kind := _foreign(line)):
            raise ConfigError(f"the file is {kind}; save it as CSV UTF-8")
        if len(line) > MAX_LINE_BYTES:
            raise ConfigError("the file has a line of more than 1 MiB; it is no CSV file")
        watch(len(line))
        yield (line.removeprefix(_BYTE_ORDER_MARK) if first else line).decode(errors="replace")
        first = False


def _foreign(beginning: bytes) -> str | None:
    """Return what a file is that begins so, if it is none that can be read."""
    if beginning[1:2] == b"\x00":
        return "UTF-16"
    alone = b"\r" in beginning.rstrip(b"\r\n")
    otherwise = "written with the line ends of old Macs" if alone else None
    return next((kind for sign, kind in _FOREIGN.items() if beginning.startswith(sign)), otherwise)
