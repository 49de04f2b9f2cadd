"""Where to fix what pauses TikTok: the screens, by the names that they show.

Sources: ads.tiktok.com/help, "How to postback signals through Events API" (March 2025), and the
pages on authentication, on test events and on answers of business-api.tiktok.com/portal/docs, v1.3
(2026). Reasons that no screen of TikTok fixes have no entry.
"""

from collections.abc import Mapping
from typing import Final

from relay.delivery import PauseReason

_TOKEN: Final = "Events Manager → the event source → Settings → Events API → Generate Access Token"  # noqa: S105 - a screen
_PLACE: Final = (
    "Whoever runs this relay puts it where `token` of this destination points: a file is read "
    "again by itself, an environment variable after a restart."
)
_SET: Final = "Whoever runs this relay changes it in the settings, and restarts it."
_NEW: Final = f"Make a new one in {_TOKEN}. {_PLACE}"

FIXES: Final[Mapping[PauseReason, str]] = {
    "token_missing": f"Have one made in {_TOKEN}. {_PLACE}",
    "token_rejected": f"{_NEW} Making a new token may end the one before it.",
    "token_expired": _NEW,
    "no_permission": (
        "The ad account must be the one that this event source belongs to, and the token must come "
        "from somebody who is its admin or operator: have such a user make it in "
        f"{_TOKEN}. {_PLACE} App events also need a place on TikTok's own list: ask its sales. "
        "Until then, give `app_id` a destination of its own, so that web events do not wait, too."
    ),
    "account_not_found": (
        "See in Events Manager which ad account this event source belongs to, and have an admin or "
        f"operator of that one make the token in {_TOKEN}. {_PLACE}"
    ),
    "pixel_not_found": (
        "Compare `pixel_code` and the other ids with Events Manager → Data sources: the code of a "
        f"pixel stands beside its name, and is not the 19-digit pixel id. {_SET} The token must "
        "belong to the same ad account."
    ),
    "request_refused": (
        "If `test_event_code` is set, take the present one from Events Manager → the event source "
        "→ Test Events, or remove it; else check this destination's settings and the relay's "
        "version."
    ),
}
