"""Splits NDJSON into requests of bounded size, and keeps the line number of each event.

Blank lines are left out but counted, so that line numbers are those of an editor (from 1). Nothing
is decoded here: the relay says what is wrong with a line.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import msgspec

from relay.errors import ConfigError

MAX_EVENTS: Final = 500
"""The most events of a request: few enough that the answer can list every rejected one."""
MAX_BYTES: Final = 2**20
"""The most bytes of a request, far below a relay's default limit of 5 MiB; a larger event is sent
alone."""
MAX_LINE_BYTES: Final = 16 * 2**20
"""A longer line is an error: the file cannot be NDJSON with events."""

_BLANKS: Final = b" \t\r\n"
_FOREIGN: Final = {
    b"\x1f\x8b": "compressed: gunzip -c FILE | relay send -",
    b"\xff\xfe": "UTF-16: iconv -f UTF-16 -t UTF-8 FILE | relay send -",
    b"\xfe\xff": "UTF-16: iconv -f UTF-16 -t UTF-8 FILE | relay send -",
}
"""First bytes of files that are not NDJSON, each with what they are and how to convert them."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Chunk(msgspec.Struct, frozen=True):
    """The body of one request, and the line number of each of its events."""

    body: bytes
    lines: tuple[int, ...]

    def halves(self) -> tuple["Chunk", "Chunk"]:
        """Split this chunk, which must hold several events, into two."""
        middle = len(self.lines) // 2
        held = list(zip(self.lines, self.body.removesuffix(b"\n").split(b"\n"), strict=True))
        return _chunk(held[:middle]), _chunk(held[middle:])


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file. Raises `ConfigError` for one longer than `MAX_LINE_BYTES`."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise ConfigError(f"line {number} is longer than 16 MiB; one event a line is needed")
        yield line


def chunks(lines: Iterable[bytes]) -> Iterator[Chunk]:
    """Yield the events of `lines` in requests, in order.

    Raises `ConfigError` for a file that is compressed, UTF-16 or a JSON array, which would be sent
    as a single invalid event.
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
