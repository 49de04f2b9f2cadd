"""The state of a destination as people see it, with a sentence for every reason to pause."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from relay.delivery import PauseReason
from relay.outcome.wording import PAUSED, Wording

State = Literal["paused", "degraded", "throttled", "active"]


class Health(msgspec.Struct, frozen=True):
    """One destination's current state; `since` and `until` are Unix seconds.

    `in_flight` requests are under way; `max_in_flight` is how many there may be at the moment.
    `latest_requests` ended within the last minute, answered or not.
    """

    state: State
    reason: PauseReason | None
    message: str
    since: float | None
    until: float | None
    in_flight: int = 0
    max_in_flight: int = 0
    latest_requests: int = 0


DEGRADED = "The platform does not answer as it should; sending goes on by itself."
THROTTLED = "The platform asks for fewer requests; sending goes on by itself."
UNREACHED: Final[Mapping[str, Wording]] = {
    "name": Wording(
        "The platform's name cannot be resolved.",
        "Check the name server and `base_url`.",
        "engineer",
    ),
    "connect": Wording(
        "The platform cannot be reached.",
        "Check the network, its firewall and `base_url`.",
        "engineer",
    ),
    "tls": Wording(
        "The platform's certificate or its TLS is not trusted.",
        "Check `base_url`, the clock, and what inspects TLS on the way, whose authority "
        "SSL_CERT_FILE has to name.",
        "engineer",
    ),
    "proxy": Wording(
        "The proxy does not connect the relay with the platform.",
        "Check HTTPS_PROXY, and whether the proxy may connect to the platform.",
        "engineer",
    ),
}
"""What each code means of a request that never reached the platform."""

STATES: Final[dict[State, Wording]] = {
    "paused": Wording(
        "Nothing is sent; events wait on disk.",
        "Do what its reason asks for; sending then goes on by itself.",
        "marketing",
    ),
    "degraded": Wording(
        "The platform does not answer as it should.",
        "Nothing to do: it is tried again by itself, and events wait on disk.",
    ),
    "throttled": Wording(
        "The platform asks for fewer requests.",
        "Nothing to do: the relay finds out what is allowed, and sending goes on by itself.",
    ),
    "active": Wording("Events are sent as they come.", "Nothing to do."),
}


MESSAGES: Final = {code: f"{words.sentence} {words.fix}" for code, words in UNREACHED.items()}
"""The same as a destination's message, by code."""

NO_FIXES: Final[Mapping[PauseReason, str]] = {}


def wording_of_state(state: State, message: str) -> Wording:
    """Return what a state means; if `message` explains it, an engineer has to act."""
    for code, words in UNREACHED.items():
        if message == MESSAGES[code]:
            return words
    return STATES[state]


def sentence_of(reason: PauseReason, fixes: Mapping[PauseReason, str] = NO_FIXES) -> str:
    """Return what a pause means and what to do, in a few sentences.

    `fixes` name the platform's own screens; see `relay.delivery.Destination`.
    """
    return f"{PAUSED[reason].sentence} {fixes.get(reason, PAUSED[reason].fix)}"
