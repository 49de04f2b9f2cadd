"""Whether a platform counts a server event and the browser's event of the same id once or twice.

Both platforms compare event id and name, and drop the later one if it comes within their window
(Pinterest: "Conversion overview", 2026; TikTok: "Event deduplication", 2026). Pure. What a platform
leaves open is told as a doubt: better one warning too many than a doubled sale.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from relay.comparison.pixel_file import PixelEvent
from relay.delivery import Limits
from relay.event import ActionSource
from relay.event_name import STANDARD_NAMES, spelling

Cause = Literal["id_differs", "name_differs", "window_passed", "never_compared", "filed_offline"]
"""Why one sale is counted twice, or may be."""
Fate = Literal["once", "alone"] | Cause
"""`alone`: the browser sent nothing of the kind, and the server event counts for itself."""

LOOSE_NAMES: Final = frozenset({"pinterest"})
"""Platforms whose pixel spells names otherwise than their API, and which know that: Pinterest's tag
says `addtocart` and `pagevisit` (help.business.pinterest.com, "Add event codes", 2026). TikTok
takes another capital letter for another event."""
RENAMED: Final[Mapping[str, frozenset[str]]] = {
    "tiktok": frozenset({"CompletePayment", "SubmitForm"})
}
"""Names of before May 2025, which a pixel may still send. TikTok converts them; whether before it
compares is not said, so use one spelling on both sides (ads.tiktok.com/help, "How to adopt TikTok's
updated standard events")."""


class Sent(NamedTuple):
    """A server event as one destination gets it."""

    event: str
    """The relay's own name of it."""
    platform_event: str | None
    """None for an event that was delivered, but would not be by today's settings, or is erased."""
    action_source: ActionSource
    event_time: int
    sent_s: float
    """When a request brought it; now, if it still waits."""


class Judge(NamedTuple):
    """What a destination is, as far as it matters here."""

    name: str
    type: str
    limits: Limits

    def concerns(self, browser: PixelEvent) -> bool:
        """Whether an event of the browser went to this platform."""
        return browser.platform in ("", self.type, self.name)

    def fate(self, sent: Sent, browser: Sequence[PixelEvent]) -> tuple[Fate, PixelEvent | None]:
        """Return how a server event counts beside the browser's events of its id, and beside which.

        `browser` are events that concern this destination.
        """
        named = [each for each in browser if self._same_name(sent, each)]
        twins = named or [each for each in browser if _same_action(sent, each)]
        if not twins:
            return "alone", None
        if sent.action_source in self.limits.undeduplicated:
            return "never_compared", twins[0]
        if not named:
            return "name_differs", twins[0]
        near = [each for each in named if not self._is_too_late(sent, each)]
        if not near:
            return "window_passed", named[0]
        if sent.sent_s - sent.event_time > self.limits.online_wall_s:
            return "filed_offline", near[0]
        return "once", near[0]

    def _same_name(self, sent: Sent, browser: PixelEvent) -> bool:
        """Whether the platform takes both names for one."""
        if browser.name == sent.platform_event:
            return True
        if browser.name in RENAMED.get(self.type, ()):
            return False
        if sent.platform_event is None:
            return browser.standard == sent.event
        if spelling(browser.name) == spelling(sent.platform_event) and self.type in LOOSE_NAMES:
            return True
        return not browser.platform and browser.standard == sent.event

    def _is_too_late(self, sent: Sent, browser: PixelEvent) -> bool:
        if browser.time_s is None:
            return False
        return abs(sent.sent_s - browser.time_s) > self.limits.deduplication_window_s


def _same_action(sent: Sent, browser: PixelEvent) -> bool:
    """Whether the browser may have meant the same, by a name that the platform takes for another.

    Another standard action that shares the id (a checkout that begins, and the purchase) is not.
    """
    return browser.standard == sent.event or browser.standard not in STANDARD_NAMES
