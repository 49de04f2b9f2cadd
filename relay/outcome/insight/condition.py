"""The condition of a destination in a word and a sentence, as its card shows it."""

from typing import Final, Literal

import msgspec

from relay.outcome.insight.situation import Situation
from relay.outcome.views.api import DestinationView

Tone = Literal["good", "warn", "bad", "quiet"]


class Condition(msgspec.Struct, frozen=True):
    """See the module docstring."""

    tone: Tone
    word: str
    meaning: str


def condition(situation: Situation) -> Condition:
    """Return the most urgent thing that people have to know about a destination."""
    state = situation.view.state
    if state in _TROUBLED:
        return _TROUBLED[state]
    if situation.is_late:
        return _SLOWED_TOO_MUCH if state == "throttled" else _DELAYED
    if situation.is_short:
        return Condition("warn", "Not all delivered", "The reasons are listed below.")
    return _calm(situation.view)


def _calm(view: DestinationView) -> Condition:
    if view.state == "throttled":
        return Condition("quiet", "Slowed down", _SLOWED_TOO_MUCH.meaning)
    if view.test:
        return Condition(
            "quiet", "Test mode", "The platform checks what it gets, and records none."
        )
    if not view.received:
        return Condition("quiet", "No recent events", "Nothing came in.")
    return Condition("good", "Working", "Conversions are sent as they come.")


_TROUBLED: Final[dict[str, Condition]] = {
    "paused": Condition("bad", "Paused", "Nothing is sent; events wait on disk."),
    "degraded": Condition("warn", "Not answering", "The platform is tried again by itself."),
}
_DELAYED: Final = Condition("warn", "Delayed", "Sending goes on, and is behind.")
_SLOWED_TOO_MUCH: Final = Condition("warn", "Slowed down", "The platform asks for fewer requests.")
"""Throttles alone are normal: they show the allowed pace. They matter once events are late."""
