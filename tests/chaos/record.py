"""What the emulated platforms saw, request by request: the other side of every account."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from relay.sandbox.answer import Fate, PlatformName

PLATFORMS: tuple[PlatformName, ...] = ("pinterest", "tiktok")


class Kill(msgspec.Struct, kw_only=True):
    """A moment without a relay, in Unix seconds of the real clock.

    What was sent before it may be read by a platform during it: the bytes outlive their sender.
    """

    at: float
    back_at: float = math.inf


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `broken`: its answer never reached the relay whole."""

    received_at: float
    """Unix seconds of the real clock."""
    platform: PlatformName
    status: int
    code: str
    """The platform's own code in the body of the answer, empty if there was none."""
    broken: bool
    events: Sequence[tuple[str, Fate]]
    """Each event's id, and what became of it."""

    @property
    def accepted(self) -> int:
        """How many events the platform took."""
        return sum(fate == "accepted" for _, fate in self.events)


def read(file: Path) -> Sequence[Request]:
    """Return all requests of a record, in order."""
    decode = msgspec.json.Decoder(Request).decode
    return [decode(line) for line in file.read_bytes().splitlines()]


def by_event(
    requests: Sequence[Request], platform: PlatformName
) -> dict[str, list[tuple[Request, Fate]]]:
    """Return by event id the requests to a platform that held it, in order."""
    found: dict[str, list[tuple[Request, Fate]]] = {}
    for request, event_id, fate in _events(requests, platform):
        found.setdefault(event_id, []).append((request, fate))
    return found


def _events(
    requests: Sequence[Request], platform: PlatformName
) -> Iterator[tuple[Request, str, Fate]]:
    for request in requests:
        if request.platform == platform:
            for event_id, fate in request.events:
                yield request, event_id, fate
