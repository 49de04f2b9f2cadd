"""Decides whether a platform counts a server event and a browser event with the same id twice.

Both platforms compare event id and name, and drop the later event if it comes within their window
(Pinterest: "Conversion overview", 2026; TikTok: "Event deduplication", 2026). If their documents
leave a case open, the event is reported as doubtful: a needless warning is better than a sale that
is counted twice. Pure functions only.
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
"""`alone`: the browser sent no such event, so the server event is counted once."""

LOOSE_NAMES: Final = frozenset({"pinterest"})
"""Platforms whose pixel and API spell names differently, and which allow for it: Pinterest's tag
says `addtocart` and `pagevisit` (help.business.pinterest.com, "Add event codes", 2026). To TikTok,
a name with another capital letter is another event."""
RENAMED: Final[Mapping[str, frozenset[str]]] = {
    "tiktok": frozenset({"CompletePayment", "SubmitForm"})
}
"""Names from before May 2025, which a pixel may still send. TikTok converts them, but does not say
whether it does so before it compares; so both sides should use one spelling (ads.tiktok.com/help,
"How to adopt TikTok's updated standard events")."""


class Sent(NamedTuple):
    """A server event, as it is sent to one destination."""

    event: str
    """The relay's own name for the event."""
    platform_event: str | None
    """None if the event was delivered, but is erased or would not be sent by today's settings."""
    action_source: ActionSource
    event_time: int
    sent_s: float
    """Unix seconds at which a request delivered it; the present time if it still waits."""


class Judge(NamedTuple):
    """A destination's name, platform and limits, and what they mean for an event."""

    name: str
    type: str
    limits: Limits

    def concerns(self, browser: PixelEvent) -> bool:
        """Whether an event of the browser went to this platform."""
        return browser.platform in ("", self.type, self.name)

    def fate(self, sent: Sent, browser: Sequence[PixelEvent]) -> tuple[Fate, PixelEvent | None]:
        """Return how a server event is counted, and the browser event that decides it.

        `browser` are the browser's events with its id that concern this destination.
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
        """Whether the platform takes both names for the same event."""
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
    """Whether the browser may have meant the same action, under a name of its own.

    Another standard action with the same id (the start of a checkout, and the purchase) is not
    meant.
    """
    return browser.standard == sent.event or browser.standard not in STANDARD_NAMES
