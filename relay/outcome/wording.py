"""A sentence, a fix, and who can do it, for every reason, in words for marketing people.

`relay.outcome.platform_code` has the same for the platforms' own codes.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from relay.delivery import DeadReason, LateCode, PauseReason, SkipReason

Who = Literal["nobody", "marketing", "shop", "engineer"]

WHO: Final[dict[Who, str]] = {
    "nobody": "Nobody has to act",
    "marketing": "You can do this",
    "shop": "Whoever builds the shop",
    "engineer": "Whoever runs this relay",
}


class Wording(msgspec.Struct, frozen=True):
    """What a reason or code means, what to do, and who can do it."""

    sentence: str
    fix: str
    who: Who = "nobody"


SKIPPED: Final[dict[SkipReason, Wording]] = {
    "not_selected": Wording(
        "The shop or the settings keep this event from this platform.",
        "Nothing to do. To send it, widen `destinations` of the event or `events` in the settings.",
    ),
    "not_mapped": Wording(
        "This platform has no such event.",
        "Nothing to do. Event names of your own are sent with `custom_events = true`.",
    ),
    "not_configured": Wording(
        "This platform is not set up for events of this source.",
        "Set the id for it (pixel, app, offline or CRM event set) in the settings.",
        "engineer",
    ),
    "no_consent": Wording(
        "The person has not agreed to advertising.",
        "Nothing to do: the relay keeps to the person's choice.",
    ),
    "limited": Wording(
        "The person limited data use, and this platform cannot honour that.",
        "Nothing to do. With the person's public IP address it can be sent in limited form.",
    ),
    "duplicate": Wording(
        "The same event was accepted before.",
        "Nothing to do. If it is another conversion, give it an event id of its own.",
    ),
}

DEAD: Final[dict[DeadReason, Wording]] = {
    "invalid_event": Wording(
        "The event lacks something that this platform needs.",
        "Have the shop add the field that the message names, and post the event again.",
        "shop",
    ),
    "no_identifier": Wording(
        "The event holds nothing by which this platform could recognise the person.",
        "Have the shop add an e-mail address, or IP address and browser, to its events.",
        "shop",
    ),
    "expired": Wording(
        "The event was too old for this platform when it could be sent.",
        "It cannot be sent any more. Find out what it waited for.",
        "engineer",
    ),
    "platform_rejected": Wording(
        "The platform refused this event.",
        "Read its message and fix the cause. If it lay with the platform, send the event again; "
        "if it lies in the event, have the shop post it corrected, with an event id of its own.",
        "shop",
    ),
    "dropped_by_operator": Wording(
        "Somebody decided that this event will not be sent.",
        "Nothing to do.",
    ),
    "erased": Wording(
        "The person asked to be forgotten, and the event was erased.",
        "Nothing to do.",
    ),
}

SETTLED: Final[frozenset[DeadReason]] = frozenset({"dropped_by_operator", "erased"})
"""Reasons that somebody decided on, and so knows of."""
TOO_OLD_ON_ARRIVAL: Final = "It was too old for this platform when it arrived."
"""The message of an event that never waited."""
_LATE_SHOP: Final = Wording(
    "The event was too old for this platform when the shop sent it.",
    "It cannot be sent any more. Have the shop send events as they happen.",
    "shop",
)


def dead_wording(reason: DeadReason, message: str) -> Wording:
    """Return the wording for a dead event; its message shows whether an expired one ever waited."""
    if reason == "expired" and message == TOO_OLD_ON_ARRIVAL:
        return _LATE_SHOP
    return DEAD[reason]


_PLACE: Final = (
    "Whoever runs this relay puts it where `token` of this destination points: a file is read "
    "again by itself, an environment variable after a restart."
)
_SET: Final = "Whoever runs this relay changes it there, and restarts it."

PAUSED: Final[dict[PauseReason, Wording]] = {
    "token_missing": Wording("No access token is set.", f"Have one made. {_PLACE}", "engineer"),
    "token_rejected": Wording(
        "The platform refuses the access token.", f"Make a new one. {_PLACE}", "marketing"
    ),
    "token_expired": Wording(
        "The access token has expired.", f"Make a new one. {_PLACE}", "marketing"
    ),
    "no_permission": Wording(
        "The token's user may not send events to this account or pixel.",
        "Give that user a role on it, or use another token.",
        "marketing",
    ),
    "account_not_found": Wording(
        "The platform knows no ad account with this id.",
        f"Compare the id in the settings with the platform's own page. {_SET}",
        "marketing",
    ),
    "pixel_not_found": Wording(
        "The platform knows no event source with this id.",
        f"Compare `pixel_code` and the other ids with the platform's own page. {_SET}",
        "marketing",
    ),
    "request_refused": Wording(
        "The platform refuses the request as such, whatever the events are.",
        "Check this destination's settings and the relay's version.",
        "engineer",
    ),
    "paused_by_operator": Wording("Paused by hand.", "Resume it to send what waits.", "marketing"),
}

LATE: Final[dict[LateCode, Wording]] = {
    "may_count_twice": Wording(
        "The event arrived so late that the platform may count it twice: it no longer compares it"
        " with the browser's own report, or with an earlier try that was never answered.",
        "Compare the platform's figures of these days with the shop's.",
        "marketing",
    ),
    "may_be_offline": Wording(
        "The event arrived so late that the platform may file it as an offline one.",
        "Nothing to do: it counts, though not beside the browser's own report.",
    ),
}

REJECTED: Final[Mapping[str, Wording]] = {
    "not_json": Wording(
        "This is not readable JSON.", "Send UTF-8 JSON, one event or a list of them.", "shop"
    ),
    "unknown_key": Wording(
        "The event has an unknown key.", "Check its spelling against the schema.", "shop"
    ),
    "missing": Wording(
        "The event lacks a key that it needs.", "Add that key to the event.", "shop"
    ),
    "wrong_type": Wording(
        "A value has the wrong JSON type.", "Send the type that the message names.", "shop"
    ),
    "invalid_value": Wording(
        "A value is not one of those allowed.", "See the schema for the values.", "shop"
    ),
    "out_of_range": Wording(
        "A value is too small, too large or too long.", "Keep to the bounds in the message.", "shop"
    ),
    "no_identifier": Wording(
        "Nothing in `user` points at one person, device or click.",
        "Send at least an e-mail address, a phone number or an id.",
        "shop",
    ),
    "future": Wording(
        "The event's time is ahead of the relay's clock.",
        "Check the clock of the shop, and whether the number is in seconds or milliseconds.",
        "shop",
    ),
}
"""By the codes of `relay.intake.problem`; a test compares the two."""

UNKNOWN: Final = Wording("It could not be used.", "Read the message beside it.", "shop")
"""For a code that another version of the relay wrote."""
