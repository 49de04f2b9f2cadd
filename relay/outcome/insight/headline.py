"""The one sentence: are my sales arriving? It never promises too much.

*Delivered* is the platform's word, and nothing is rounded up: only all of them are 100 %.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from relay.outcome.insight.attention import DELAYED_S, Task
from relay.outcome.view import DestinationView, RangeName, Summary

Tone = Literal["good", "warn", "bad", "quiet"]
SPOKEN: Final[dict[RangeName, str]] = {
    "1h": "hour",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}
NONE: Final = "\N{EN DASH}"
"""Where there is nothing to take a share of."""
NAMED: Final = 3
"""Of more platforms than that, a sentence names the first ones and counts the others."""
MANY: Final = 100
"""One in so many that was not delivered is no exception any more."""


class Headline(msgspec.Struct, frozen=True):
    """The sentence, and one more that says how it comes to that."""

    tone: Tone
    sentence: str
    detail: str


class Condition(msgspec.Struct, frozen=True):
    """How a destination is, in a word and a sentence."""

    tone: Tone
    word: str
    meaning: str


def headline(
    summary: Summary, tasks: Sequence[Task], labels: Mapping[str, str], *, ever: bool
) -> Headline:
    """Return whether the conversions arrive. `ever`: whether any came since the journal began."""
    if not summary.destinations:
        return Headline(
            "quiet",
            "No platform is set up yet.",
            "Ask whoever runs this relay to name one in its settings.",
        )
    trouble = _trouble(summary, tasks, labels)
    if trouble is not None:
        return trouble
    lately = f"the last {SPOKEN[summary.range]}"
    if not summary.received:
        if not ever:
            return Headline(
                "quiet",
                "Waiting for the first conversion.",
                "It shows here within seconds of the shop sending it.",
            )
        return Headline(
            "quiet", f"No conversion came in during {lately}.", "All is ready for more."
        )
    return _arriving(summary, lately)


def condition(view: DestinationView) -> Condition:
    """Return what somebody has to know about a destination, the most pressing first."""
    if view.state in _CONDITIONS:
        return _CONDITIONS[view.state]
    if _is_late(view):
        return Condition("warn", "Delayed", "Sending goes on, and is behind.")
    if view.dead and _is_many(view.dead, view.delivered):
        return Condition("warn", "Not all delivered", "The reasons are listed below.")
    if not view.received:
        return Condition("quiet", "No recent events", "Nothing came in.")
    return Condition("good", "Working", "Conversions are sent as they come.")


def share(part: int, whole: int) -> str:
    """Return a percentage with one digit, rounded down: only all of them are 100 %."""
    if not whole:
        return NONE
    tenths = part * 1000 // whole
    if part and not tenths:
        return "< 0.1 %"
    return "100 %" if part == whole else f"{tenths / 10:.1f} %"


def _trouble(summary: Summary, tasks: Sequence[Task], labels: Mapping[str, str]) -> Headline | None:
    if any(task.kind == "refusing" for task in tasks):
        return Headline(
            "bad",
            "New conversions cannot be taken at the moment.",
            "Shops send them again by themselves; what was accepted before is safe.",
        )
    for state, tone, words in _STATES:
        names = [labels[each.name] for each in summary.destinations if each.state == state]
        if names:
            rest = [each for each in summary.destinations if each.state != state]
            fine = rest and all(map(_is_fine, rest))
            others = " The other platforms are not affected." if fine else ""
            return Headline(tone, words.format(_listed(names)), f"{_SAFE}{others}")
    late = [labels[each.name] for each in summary.destinations if _is_late(each)]
    if late:
        return Headline("warn", f"Conversions reach {_listed(late)} late.", _SAFE)
    return None


def _arriving(summary: Summary, lately: str) -> Headline:
    delivered = sum(each.delivered for each in summary.destinations)
    ended = delivered + sum(each.dead for each in summary.destinations)
    if not ended:
        return Headline("good", "Conversions are coming in.", f"None of {lately} was sent yet.")
    detail = f"{share(delivered, ended)} of the conversions sent in {lately} were delivered."
    if not delivered:
        return Headline("bad", "Your conversions are not being taken.", detail)
    if _is_many(ended - delivered, delivered):
        return Headline("warn", "Not all of your conversions are arriving.", detail)
    return Headline("good", "Your conversions are arriving.", detail)


def _is_late(view: DestinationView) -> bool:
    return view.oldest_pending_seconds > DELAYED_S


def _is_fine(view: DestinationView) -> bool:
    return view.state == "active" and not _is_late(view)


def _is_many(dead: int, delivered: int) -> bool:
    """Return whether what was not delivered is more than an exception."""
    return dead * MANY >= dead + delivered


def _listed(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} others"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


_SAFE: Final = "Nothing is lost: what could not be sent is kept, and goes out by itself."
_STATES: Final[tuple[tuple[str, Tone, str], ...]] = (
    ("paused", "bad", "Conversions are not reaching {}."),
    ("degraded", "warn", "{} does not answer at the moment."),
)
_CONDITIONS: Final[dict[str, Condition]] = {
    "paused": Condition("bad", "Paused", "Nothing is sent, and nothing is lost: events wait."),
    "degraded": Condition("warn", "Not answering", "The platform is tried again by itself."),
    "throttled": Condition("warn", "Slowed down", "The platform asks for fewer requests."),
}
