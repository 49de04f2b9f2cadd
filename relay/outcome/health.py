"""The state of a destination as people see it, with a sentence for every reason to pause."""

from typing import Literal

import msgspec

from relay.delivery import PauseReason

State = Literal["paused", "degraded", "throttled", "active"]


class Health(msgspec.Struct, frozen=True):
    """One destination's state now; `since` and `until` are Unix seconds."""

    state: State
    reason: PauseReason | None
    message: str
    since: float | None
    until: float | None


DEGRADED = "The platform does not answer as it should; sending goes on by itself."
THROTTLED = "The platform asks for fewer requests; sending goes on by itself."
SENTENCES: dict[PauseReason, str] = {
    "token_missing": "No access token is set. Put one where `token` of this destination points.",
    "token_rejected": "The platform refuses the access token. Make a new one and replace it.",
    "token_expired": "The access token has expired. Make a new one and replace it.",
    "no_permission": "The token's user may not send events to this account or pixel."
    " Give that user a role on it, or use another token.",
    "account_not_found": "The platform knows no ad account with this id. Check `ad_account_id`.",
    "pixel_not_found": "The platform knows no event source with this id."
    " Check `pixel_code` and the other ids.",
    "request_refused": "The platform refuses the request as such, whatever the events are."
    " Check this destination's settings and the relay's version.",
    "paused_by_operator": "Paused by hand. Nothing is lost; resume it to send what waits.",
}


def sentence_of(reason: PauseReason) -> str:
    """Return what a pause means and what to do, in one or two sentences."""
    return SENTENCES[reason]
