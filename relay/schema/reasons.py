"""The closed sets of words that people and programs meet, each with a sentence and a fix.

Programs may rely on them being all there are; a new word is a change of the interface.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from relay.delivery import Outcome
from relay.intake.problem import Code
from relay.outcome.health import STATES
from relay.outcome.wording import DEAD, PAUSED, SKIPPED, Wording
from relay.schema.document import Json
from relay.sources.answer import RefusalCode

DELIVERIES: Final[dict[str, Wording]] = {
    "skipped": Wording("Kept from this platform on purpose.", "See its reason."),
    "pending": Wording("It waits on disk, and is sent as soon as it can be.", "Nothing to do."),
    "delivered": Wording(
        "The platform's own answer says that it took this event.",
        "Nothing to do. What it makes of the event shows in its own reports.",
    ),
    "dead": Wording("It will not be sent unless somebody acts.", "See its reason."),
}

REJECTED: Final[dict[Code, Wording]] = {
    "not_json": Wording(
        "This is no JSON that can be read.", "Send UTF-8 JSON, one event or a list of them."
    ),
    "unknown_key": Wording(
        "The event has a key that is not known.", "Check its spelling against the schema."
    ),
    "missing": Wording("The event lacks a key that it needs.", "Add the key at `path`."),
    "wrong_type": Wording(
        "A value has the wrong JSON type.", "Send the type that the message names."
    ),
    "invalid_value": Wording("A value is none that is allowed.", "See the schema for the values."),
    "out_of_range": Wording(
        "A value is too small, too large or too long.", "Keep to the bounds in the message."
    ),
    "no_identifier": Wording(
        "Nothing in `user` points at one person, device or click.",
        "Send at least an e-mail address, a phone number or an id.",
    ),
    "future": Wording(
        "The event lies ahead of the relay's clock.",
        "Check the clock of the shop, and whether the number is in seconds or milliseconds.",
    ),
}

REFUSED: Final[dict[RefusalCode, Wording]] = {
    "bad_request": Wording("The request is no valid HTTP.", "Check what stands in between."),
    "not_found": Wording("There is nothing at this path.", "Post events to `/v1/events`."),
    "method_not_allowed": Wording("The path takes another method.", "Use the one in `Allow`."),
    "unauthorized": Wording(
        "The key is missing, unknown, revoked or expired.", "Use a key that is in force."
    ),
    "forbidden": Wording(
        "The key may not do this, or is used up.", "Use a key with the scope, or a new one."
    ),
    "timeout": Wording("The body did not arrive in time.", "Post smaller batches."),
    "too_large": Wording("The body is over the limit.", "Post smaller batches."),
    "unsupported_media_type": Wording(
        "The body is neither JSON nor NDJSON, plain or as gzip.",
        "Set `Content-Type` and `Content-Encoding` to what the body is.",
    ),
    "rate_limited": Wording(
        "The key is over its rate.", "Wait for `Retry-After` seconds and post the same again."
    ),
    "unavailable": Wording(
        "No events can be taken now.", "Wait for `Retry-After` seconds and post the same again."
    ),
    "internal": Wording("The relay failed.", "Post the same again; its log says where it failed."),
}


def reasons() -> Json:
    """Return all sets as one document."""
    return {
        "states": _told(STATES),
        "paused": _told(PAUSED),
        "deliveries": _told(DELIVERIES),
        "skipped": _told(SKIPPED),
        "dead": _told(DEAD),
        "rejected": _told(REJECTED),
        "refused": _told(REFUSED),
        "request_outcomes": list(get_args(Outcome)),
    }


def _told(words: Mapping[Any, Wording]) -> Json:
    return {
        word: {"sentence": wording.sentence, "fix": wording.fix} for word, wording in words.items()
    }
