"""The closed sets of words that people and programs see, each word with a sentence and a fix.

Programs may rely on the sets being complete; a new word is a change of the interface.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from relay.delivery import Outcome
from relay.outcome.health import STATES
from relay.outcome.wording import DEAD, PAUSED, REJECTED, SKIPPED, Wording
from relay.schema.document import Json
from relay.sources.answer import RefusalCode

DELIVERIES: Final[dict[str, Wording]] = {
    "skipped": Wording("Kept from this platform on purpose.", "See its reason."),
    "pending": Wording("It waits on disk, and is sent as soon as it can be.", "Nothing to do."),
    "delivered": Wording(
        "The platform's own answer says that it took this event.",
        "Nothing to do. What it makes of the event shows in its own reports.",
    ),
    "dead": Wording("It will not be sent unless somebody acts.", "See its reason.", "marketing"),
}

REFUSED: Final[dict[RefusalCode, Wording]] = {
    "bad_request": Wording(
        "The request is no valid HTTP.", "Check what stands in between.", "engineer"
    ),
    "not_found": Wording("There is nothing at this path.", "Post events to `/v1/events`.", "shop"),
    "method_not_allowed": Wording(
        "The path takes another method.", "Use the one in `Allow`.", "shop"
    ),
    "unauthorized": Wording(
        "The key is missing, unknown, revoked or expired.", "Use a key that is in force.", "shop"
    ),
    "forbidden": Wording(
        "The key may not do this, or is used up.", "Use a key with the scope, or a new one.", "shop"
    ),
    "timeout": Wording("The body did not arrive in time.", "Post smaller batches.", "shop"),
    "too_large": Wording("The body is over the limit.", "Post smaller batches.", "shop"),
    "unsupported_media_type": Wording(
        "The body is neither JSON nor NDJSON, plain or as gzip.",
        "Set `Content-Type` and `Content-Encoding` to what the body is.",
        "shop",
    ),
    "rate_limited": Wording(
        "The key is over its rate.",
        "Wait for `Retry-After` seconds and post the same again.",
        "nobody",
    ),
    "unavailable": Wording(
        "No events can be taken now.",
        "Wait for `Retry-After` seconds and post the same again.",
        "nobody",
    ),
    "internal": Wording(
        "The relay failed.", "Post the same again; its log says where it failed.", "engineer"
    ),
}


def reasons() -> Json:
    """Return all sets as one document."""
    return {
        "states": _texts(STATES),
        "paused": _texts(PAUSED),
        "deliveries": _texts(DELIVERIES),
        "skipped": _texts(SKIPPED),
        "dead": _texts(DEAD),
        "rejected": _texts(REJECTED),
        "refused": _texts(REFUSED),
        "request_outcomes": list(get_args(Outcome)),
    }


def _texts(words: Mapping[Any, Wording]) -> Json:
    return {
        word: {"sentence": wording.sentence, "fix": wording.fix, "who": wording.who}
        for word, wording in words.items()
    }
