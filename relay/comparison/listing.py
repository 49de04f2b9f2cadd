"""Reads a shop's CSV file line by line, with any of the usual delimiters and column names.

The first line names the columns; case, blanks, hyphens and underscores in the names do not matter.
The file is UTF-8, with or without a byte order mark, and cells may be quoted. A line that cannot be
used is noted in `Faults` and skipped; a file that cannot be used at all raises `ConfigError`. Only
one line is in memory at a time, and one of more than 1 MiB is an error.
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
"""How many faults are listed one by one; further ones are only counted."""
MILLISECONDS_FROM: Final = 10**11
"""A number of at least this is read as milliseconds, as in an event."""
SECONDS_FROM: Final = 10**9
"""A smaller number (before September 2001) is not Unix time, but a spreadsheet's day or a date."""

_DELIMITERS: Final = ",;\t|"
_FOREIGN: Final = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a workbook or an archive",
    b"\x1f\x8b": "compressed",
}
"""First bytes of files that people mistake for CSV."""
_QUOTED: Final = re.compile(r'"[^"]*"?')
_ROUNDED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
"""A long number as a spreadsheet rounds it; different ids become the same text."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NOT_UTF_8: Final = "\N{REPLACEMENT CHARACTER}"
_DATE_DIGITS: Final = len("20260131")
_MAX_TIME: Final = 100
"""Characters; a longer cell is not a time."""
_LOOSE_OFFSET: Final = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)|\s+UTC$")


class Column(NamedTuple):
    """A column to look for, with the names that shops give it, the likeliest first."""

    name: str
    aliases: Sequence[str]
    required: bool = False


class Line(NamedTuple):
    """A line's number, as an editor shows it, and its cells in the order of the wanted columns.

    A missing cell is ''.
    """

    number: int
    cells: Sequence[str]


class Fault(msgspec.Struct, frozen=True):
    """A line that could not be used, and why. It quotes nothing from the line."""

    line: int
    problem: str


class Unusable(Exception):
    """A line cannot be used; the message says why, and quotes nothing from the line."""


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
    """The lines of a file. `watch` is called with the number of bytes of each line.

    `columns` maps each wanted column to the file's name for it.
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
        # Strict: otherwise an unclosed quote would swallow the orders that follow it.
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
        """Yield the lines that can be read, without blank ones."""
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
        return ["" if at is None or at >= width else _text(row[at]) for at in self._at]

    @property
    def _number(self) -> int:
        """The number of the line that was read last; the CSV reader counts from the header."""
        return self._header_at - 1 + self._reader.line_num


def moment(text: str) -> int | None:
    """Return a time, as shops write it, in Unix seconds; None if the text is empty.

    A time without an offset is UTC. Raises `Unusable` if the text is not a time.
    """
    if not text:
        return None
    try:
        return _unix_seconds(text)
    except (ValueError, OverflowError):
        raise Unusable("its time is none that can be read; write 2026-01-31T12:00:00Z") from None


@lru_cache(4_096)
def rfc3339(at_s: int | None) -> str | None:
    """Return Unix seconds as an RFC 3339 timestamp in UTC; None stays None."""
    return at_s if at_s is None else f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _unix_seconds(text: str) -> int:
    """Return Unix seconds. The year lies within 1 to 9999 in UTC as well, so it can be shown."""
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
    """Return the id. Raises `Unusable` if it is missing, or cannot be compared."""
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


def _text(cell: str) -> str:
    """Return what a cell holds; `="1001"` keeps spreadsheets from taking a text for a number."""
    text = cell.strip()
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text


def _torn(first: int, last: int) -> str:
    """Return what may be wrong with lines that form no row; the CSV reader does not say which."""
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
    """Return the index of a column, found by its first alias that occurs in the file."""
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
    """Return what kind of unreadable file begins like this, None if it may be readable."""
    if beginning[1:2] == b"\x00":
        return "UTF-16"
    alone = b"\r" in beginning.rstrip(b"\r\n")
    otherwise = "written with the line ends of old Macs" if alone else None
    return next((kind for sign, kind in _FOREIGN.items() if beginning.startswith(sign)), otherwise)
