"""Reads the browser pixel's events from a CSV file of the shop's tag manager or data layer.

The event id and name are required. A time allows windows to be checked, an order id finds sales
whose event ids differ, and with a platform, names are compared as that platform does.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from relay.comparison.listing import Column, Faults, Line, Listing, Unusable, identifier, moment
from relay.event_name import canonical_name

COLUMNS: Final = (
    Column("event id", ("event_id", "eid", "id"), required=True),
    Column("event name", ("event_name", "event", "name", "action"), required=True),
    Column("time", ("time", "event_time", "created_at", "timestamp", "date")),
    Column("order id", ("order_id", "order", "transaction_id", "order_number")),
    Column("platform", ("platform", "destination", "pixel", "tag")),
)
TEMPLATE: Final = """\
event_id,event_name,time,order_id,platform
order-1001,checkout,2026-01-31T12:00:05Z,1001,pinterest
order-1001,Purchase,2026-01-31T12:00:05Z,1001,tiktok
"""
"""An example to start from; a line without a platform stands for all of them."""

_WORDS: Final = re.compile(r"^(?:order|purchase|checkout|transaction|event|txn|id|no)+")


class PixelEvent(NamedTuple):
    """One event of the browser; `platform` is '' if it stands for all of them."""

    line: int
    event_id: str
    name: str
    """As it was passed to the pixel."""
    standard: str
    time_s: int | None
    order_id: str
    platform: str


class PixelFile:
    """The events of a file; lines that cannot be used are noted in `faults`.

    `columns` maps each wanted column to the file's name for it.
    """

    def __init__(
        self, file: BinaryIO, platforms: Sequence[str], watch: Callable[[int], None]
    ) -> None:
        """Read the first line. `platforms` are the values that the platform column may have."""
        self.faults = Faults()
        self._listing = Listing(file, COLUMNS, self.faults, watch)
        self.columns = self._listing.columns
        self._platforms = platforms

    def __iter__(self) -> Iterator[PixelEvent]:
        """Yield the events, in the order of the file."""
        for line in self._listing:
            try:
                yield self._event(line)
            except Unusable as unusable:
                self.faults.add(line.number, str(unusable))

    def _event(self, line: Line) -> PixelEvent:
        event_id, name, time, order_id, platform = line.cells
        return PixelEvent(
            line.number,
            identifier(event_id, "event id"),
            identifier(name, "event name"),
            canonical_name(name),
            moment(time),
            order_id,
            self._platform(platform.lower()),
        )

    def _platform(self, platform: str) -> str:
        if platform and platform not in self._platforms:
            raise Unusable(f"its platform is none of {', '.join(self._platforms)}")
        return platform


def loose(text: str) -> str:
    """Return an id as people would call it the same: `Order-1001`, `#1001` and `1001`."""
    kept = "".join(filter(str.isalnum, text)).casefold()
    return _WORDS.sub("", kept) if any(map(str.isdecimal, kept)) else kept
