"""One answer of a platform, as a value that fault scripts can use any number of times.

It says what the body holds and what becomes of the request's events. The bytes are made by
`relay.sandbox.pinterest.reply` and `relay.sandbox.tiktok.reply`.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

PlatformName = Literal["pinterest", "tiktok"]

Fate = Literal["accepted", "refused", "turned_away", "unanswered"]
"""What became of an event: accepted; refused for a fault of its own; not processed (throttle,
outage, no access, or refused with a bad neighbour); or the sender cannot know."""

Results = Literal["none", "processed", "failed", "first_failed", "short", "strange", "bare"]
"""What the body says about each event: nothing; all accepted; all refused; only the first refused;
one entry too few; an unknown status; all accepted, without optional keys."""

Form = Literal["json", "html", "empty", "raw"]
"""The platform's JSON; a gateway's page; nothing; the text in `body`."""

Place = Literal["top", "details"]
"""Where Pinterest puts the results of the events."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a platform; what depends on the request is filled in when it is given."""

    platform: PlatformName
    status: int = 200
    headers: Mapping[str, str] = {}
    form: Form = "json"
    code: int | None = None
    """The platform's own code in the body."""
    message: str = ""
    body: str = ""
    """The whole body, for the form `raw`."""
    results: Results = "none"
    place: Place = "top"
    fate: Fate = "turned_away"
    """The fate of events about which `results` says nothing."""

    def fates(self, count: int) -> list[Fate]:
        """Return the fate of each of the `count` events of a request that gets this answer."""
        match self.results:
            case "none":
                return [self.fate] * count
            case "processed" | "bare":
                return ["accepted"] * count
            case "failed":
                return ["refused"] * count
            case "first_failed":
                return ["refused" if position == 0 else "accepted" for position in range(count)]
            case "short" | "strange":
                return ["unanswered"] * count
