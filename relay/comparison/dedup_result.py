"""The result of comparing the browser's events with the server's, as it is printed."""

from collections.abc import Mapping, Sequence

import msgspec

from relay.comparison.listing import Fault
from relay.comparison.pixel_book import Evidence
from relay.comparison.twin import Cause


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A server event and a browser event that are counted as two."""

    event: str
    event_id: str
    platform_event: str | None
    browser_id: str
    browser_event: str
    evidence: Evidence | None
    """If their ids differ: what suggests that they are the same sale."""
    hours_apart: float | None
    """Hours from the browser's event to the moment at which the server's event was sent."""


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Events that are counted twice at a destination for one cause, and what to do about it."""

    cause: Cause
    events: int
    advice: str
    examples: Sequence[Example]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One destination: `once + server_only + twice` events were sent to it, or will be."""

    destination: str
    type: str
    once: int
    server_only: int
    """The browser sent no such event in the time that the file covers: it counts once."""
    twice: int
    outside: int
    """Events from before or after the time that the file covers; nothing is known about them."""
    doubts: Sequence[Doubt]
    """Most frequent first."""
    test: bool
    """Whether it sends in test mode, in which the platform counts nothing."""
    sentence: str = ""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """The browser's events of one name that have no twin on the server."""

    event: str
    events: int
    forgotten: int
    """How many of them are older than anything that the relay still keeps."""
    server_sends: bool
    """Whether the server sends events of this name at all."""
    example: str


class DedupResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result, as `--json` prints it."""

    journal: str
    sound: bool
    """Whether there is at least one line, every line and event could be read, and nothing counts
    twice."""
    browser_events: int
    unreadable: int
    faults: Sequence[Fault]
    columns: Mapping[str, str]
    events_unreadable: int
    """Events of the journal that cannot be read; whether they count twice is unknown."""
    kept_since: str | None
    """When the oldest event that the relay still keeps was received."""
    destinations: Sequence[Checked]
    browser_only: Sequence[Unsent]
    """By name, most frequent first, at most 25 names."""
