"""The result of comparing the browser's events with the server's, as it is printed."""

from collections.abc import Mapping, Sequence

import msgspec

from relay.comparison.listing import Fault
from relay.comparison.pixel_book import Evidence
from relay.comparison.twin import Cause


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A server event and one of the browser that are counted as two."""

    event: str
    event_id: str
    platform_event: str | None
    browser_id: str
    browser_event: str
    evidence: Evidence | None
    """What suggests that they are one, where their ids differ."""
    hours_apart: float | None
    """From the browser's event to the moment in which the server's was sent."""


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted twice at a destination for one cause, and what to do."""

    cause: Cause
    events: int
    advice: str
    examples: Sequence[Example]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One destination: `once + server_only + twice` is what it was sent, or will be."""

    destination: str
    type: str
    once: int
    server_only: int
    """The browser has nothing like it within the time of the file: it counts for itself."""
    twice: int
    outside: int
    """Sent before or after the time that the file covers; nothing can be said of them."""
    doubts: Sequence[Doubt]
    """Most frequent first."""
    test: bool
    """Whether it sends in test mode, in which the platform counts nothing."""
    sentence: str = ""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """Events of the browser of one name without a twin at the server."""

    event: str
    events: int
    forgotten: int
    """Of them, those from before what the relay still keeps."""
    server_sends: bool
    """Whether the server sends events of this name at all."""
    example: str


class DedupResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result, as `--json` prints it."""

    journal: str
    sound: bool
    """Whether nothing is counted twice, and every line could be read, of which there is one."""
    browser_events: int
    unreadable: int
    faults: Sequence[Fault]
    columns: Mapping[str, str]
    kept_since: str | None
    """When the oldest event that the relay still keeps was received."""
    destinations: Sequence[Checked]
    browser_only: Sequence[Unsent]
    """By name, most frequent first, at most 25 names."""
