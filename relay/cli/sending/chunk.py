"""NDJSON cut into requests: bounded in events and bytes, each event with its line in the file.

Blank lines are left out and counted, so that a line number is what an editor shows (from 1).
Nothing is decoded here: the relay says what is wrong with a line.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import msgspec

from relay.errors import ConfigError

MAX_EVENTS: Final = 500
"""Events of a request: few enough that one answer lists every rejected one (at most 1,000)."""
MAX_BYTES: Final = 2**20
"""Bytes of a request, far below the 5 MiB that a relay takes unless told otherwise; an event that
is larger goes alone."""
MAX_LINE_BYTES: Final = 16 * 2**20
"""A longer line is no event, and an error: the file is not what it is taken for."""

_BLANKS: Final = b" \t\r\n"
_FOREIGN: Final = {
    b"\x1f\x8b": "compressed: gunzip -c FILE | relay send -",
    b"\xff\xfe": "UTF-16: iconv -f UTF-16 -t UTF-8 FILE | relay send -",
    b"\xfe\xff": "UTF-16: iconv -f UTF-16 -t UTF-8 FILE | relay send -",
}
"""How files begin of which no line is an event, and what makes events of them."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Chunk(msgspec.Struct, frozen=True):
    """The body of one request, and the line that each event of it stands in."""

    body: bytes
    lines: tuple[int, ...]

    def halves(self) -> tuple["Chunk", "Chunk"]:
        """Return two chunks with the events of this one, which holds more than one."""
        middle = len(self.lines) // 2
        held = list(zip(self.lines, self.body.removesuffix(b"\n").split(b"\n"), strict=True))
        return _chunk(held[:middle]), _chunk(held[middle:])


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, each of bounded length. Raises `ConfigError` for a longer one."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise ConfigError(f"line {number} is longer than 16 MiB; one event a line is needed")
        yield line


def chunks(lines: Iterable[bytes]) -> Iterator[Chunk]:
    """Yield the events of `lines` in requests, in order.

    Raises `ConfigError` for a file that is compressed, or UTF-16, and for one that is a JSON array:
    it would be one event, and a wrong one.
    """
    held: list[tuple[int, bytes]] = []
    size_bytes = 0
    for number, line in _events(lines):
        if held and (len(held) == MAX_EVENTS or size_bytes + len(line) >= MAX_BYTES):
            yield _chunk(held)
            held, size_bytes = [], 0
        held.append((number, line))
        size_bytes += len(line) + 1
    if held:
        yield _chunk(held)


def _events(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    first = True
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        text = text.strip(_BLANKS)
        if not text:
            continue
        if first:
            _refuse_foreign(text)
        first = False
        yield number, text


def _refuse_foreign(beginning: bytes) -> None:
    for sign, told in _FOREIGN.items():
        if beginning.startswith(sign):
            raise ConfigError(f"the file is {told}")
    if beginning.startswith(b"["):
        raise ConfigError(
            "the file is a JSON array; one event a line is needed: jq -c '.[]' FILE | relay send -"
        )


def _chunk(held: list[tuple[int, bytes]]) -> Chunk:
    numbers, events = zip(*held, strict=True)
    return Chunk(b"\n".join(events) + b"\n", numbers)
