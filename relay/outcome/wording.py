"""A sentence and a fix for every reason, in a marketer's words."""

from typing import Final

import msgspec

from relay.delivery import DeadReason, LateCode, PauseReason, SkipReason


class Wording(msgspec.Struct, frozen=True):
    """What it means, and what to do."""

    sentence: str
    fix: str


SKIPPED: Final[dict[SkipReason, Wording]] = {
    "not_selected": Wording(
        "The shop or the settings keep this event from this platform.",
        "Nothing to do. To send it, widen `destinations` of the event or `events` in the settings.",
    ),
    "not_mapped": Wording(
        "This platform has no such event.",
        "Nothing to do. Own event names are sent with `custom_events = true`.",
    ),
    "not_configured": Wording(
        "This platform is not set up for events of this source.",
        "Set the id for it (pixel, app, offline or CRM event set) in the settings.",
    ),
    "no_consent": Wording(
        "The person has not agreed to advertising.",
        "Nothing to do: the relay keeps to the person's choice.",
    ),
    "limited": Wording(
        "The person limited data use, and this platform could not have kept to it.",
        "Nothing to do. With the person's public IP address it can be sent in limited form.",
    ),
    "duplicate": Wording(
        "The same event was sent before.",
        "Nothing to do. If it is another conversion, give it an event id of its own.",
    ),
}

DEAD: Final[dict[DeadReason, Wording]] = {
    "invalid_event": Wording(
        "The event lacks something that this platform needs.",
        "Have the shop add the field that the message names, and post the event again.",
    ),
    "no_identifier": Wording(
        "The event holds nothing by which this platform could recognise the person.",
        "Have the shop add an e-mail address, or IP address and browser, to its events.",
    ),
    "expired": Wording(
        "The event was too old for this platform when it could be sent.",
        "It cannot be sent any more. Find out why it waited for so long.",
    ),
    "platform_rejected": Wording(
        "The platform refused this event.",
        "Read its message, mend the cause in the shop, and send it again.",
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

PAUSED: Final[dict[PauseReason, Wording]] = {
    "token_missing": Wording(
        "No access token is set.", "Put one where `token` of this destination points."
    ),
    "token_rejected": Wording(
        "The platform refuses the access token.", "Make a new one and replace it."
    ),
    "token_expired": Wording("The access token has expired.", "Make a new one and replace it."),
    "no_permission": Wording(
        "The token's user may not send events to this account or pixel.",
        "Give that user a role on it, or use another token.",
    ),
    "account_not_found": Wording(
        "The platform knows no ad account with this id.",
        "Check the id of this destination in the settings.",
    ),
    "pixel_not_found": Wording(
        "The platform knows no event source with this id.",
        "Check `pixel_code` and the other ids.",
    ),
    "request_refused": Wording(
        "The platform refuses the request as such, whatever the events are.",
        "Check this destination's settings and the relay's version.",
    ),
    "paused_by_operator": Wording(
        "Paused by hand.", "Nothing is lost; resume it to send what waits."
    ),
}

LATE: Final[dict[LateCode, Wording]] = {
    "may_count_twice": Wording(
        "The event arrived so late that the platform may count it twice: it compares it no more"
        " with the browser's own report, or with an earlier try whose answer never came.",
        "Compare the platform's figures of these days with the shop's.",
    ),
    "may_be_offline": Wording(
        "The event arrived so late that the platform may file it as an offline one.",
        "Nothing to do: it counts, though not beside the browser's own report.",
    ),
}
