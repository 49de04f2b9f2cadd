"""The page's headline: do the sales arrive? It never promises too much.

*Delivered* means that the platform says so, and shares are never rounded up: 100 % means all.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from relay.outcome.insight.attention import Arrivals, Kind, Task
from relay.outcome.insight.condition import Tone
from relay.outcome.insight.situation import BY_HAND, Situation, Trouble
from relay.outcome.notation import listed

NONE: Final = "\N{EN DASH}"
"""Shown instead of a share of nothing."""


class Headline(msgspec.Struct, frozen=True):
    """A sentence, and another one with the reason for it."""

    tone: Tone
    sentence: str
    detail: str


class Labels(NamedTuple):
    """The names of the destinations and of the range, as people use them."""

    names: Mapping[str, str]
    lately: str

    def listed(self, situations: Sequence[Situation]) -> str:
        """Return the destinations' names as a list in a sentence."""
        return listed([self.names[each.view.name] for each in situations], "others")


def headline(
    arrivals: Arrivals,
    situations: Sequence[Situation],
    tasks: Sequence[Task],
    labels: Labels,
    *,
    ever: bool,
) -> Headline:
    """Return whether conversions arrive. `ever`: any event came since the journal was created."""
    if not situations:
        return Headline(
            "quiet",
            "No platform is set up yet.",
            "Ask whoever runs this relay to name one in its settings.",
        )
    trouble = _trouble(situations, tasks, labels)
    if trouble is not None:
        return trouble
    if not arrivals.received:
        return _nothing(arrivals, labels.lately, ever=ever)
    arriving = _arriving(situations, labels)
    if arriving.tone in ("good", "quiet") and arrivals.are_refused:
        return Headline("warn", "Part of what the shop sends cannot be used.", _refused(arrivals))
    return arriving


def share(part: int, whole: int) -> str:
    """Return a percentage with one decimal, rounded down, so that 100 % means all."""
    if not whole:
        return NONE
    tenths = part * 1000 // whole
    if part and not tenths:
        return "< 0.1 %"
    return "100 %" if part == whole else f"{tenths / 10:.1f} %"


def _trouble(
    situations: Sequence[Situation], tasks: Sequence[Task], labels: Labels
) -> Headline | None:
    for kind, (sentence, detail) in _NOT_TAKEN.items():
        if any(task.kind == kind for task in tasks):
            return Headline("bad", sentence, detail)
    troubled = [each for each in situations if each.trouble is not None]
    if not troubled:
        return None
    found = [
        (tone, words[len(those) > 1].format(labels.listed(those)))
        for trouble, (tone, *words) in _TROUBLES.items()
        if (those := [each for each in troubled if each.trouble == trouble])
    ]
    (tone, sentence), *others = found
    rest = [each for each in situations if each.trouble is None]
    kept = f"What waits is kept, and goes out {_once(troubled)}."
    fine = ["The other platforms are not affected."] if rest and all(map(_is_fine, rest)) else []
    return Headline(tone, sentence, " ".join([*(words for _, words in others), kept, *fine]))


def _once(troubled: Sequence[Situation]) -> str:
    """Return what has to happen before waiting events are sent."""
    reasons = {each.view.reason for each in troubled if each.trouble == "paused"}
    fixed = ["once that is fixed"] if reasons - {BY_HAND} else []
    resumed = ["once somebody resumes it"] if BY_HAND in reasons else []
    return " or ".join(fixed + resumed) or "by itself"


def _nothing(arrivals: Arrivals, lately: str, *, ever: bool) -> Headline:
    if arrivals.are_refused:
        return Headline("bad", "Nothing that the shop sends can be used.", _refused(arrivals))
    if not ever:
        return Headline(
            "quiet",
            "Waiting for the first conversion.",
            "It shows here within seconds of the shop sending it.",
        )
    return Headline("quiet", f"No conversion came in during {lately}.", "All is ready for more.")


def _refused(arrivals: Arrivals) -> str:
    whole = arrivals.received + arrivals.rejected
    return f"{share(arrivals.rejected, whole)} of what came in was refused on arrival."


def _arriving(situations: Sequence[Situation], labels: Labels) -> Headline:
    """Return how the sent events fared, judged by the worst destination."""
    real = [each for each in situations if not each.view.test]
    if not real:
        detail = _delivered(situations, labels.lately, "tests sent")
        return Headline("warn", "Nothing is recorded: only tests are sent.", detail)
    tried = [each for each in real if each.tried]
    if not tried:
        return _untried(real, labels.lately)
    none = [each for each in tried if not each.view.delivered]
    short = none or [each for each in tried if each.is_short]
    if not short:
        detail = _delivered(tried, labels.lately)
        return Headline("good", "Your conversions are arriving.", detail)
    return _falling_short(short, tried, labels)


def _untried(situations: Sequence[Situation], lately: str) -> Headline:
    detail = _delivered(situations, lately)
    if any(each.view.pending for each in situations):
        return Headline("good", "Conversions are coming in.", detail)
    return Headline("quiet", "Conversions are coming in, but none is sent on.", detail)


def _falling_short(
    short: Sequence[Situation], tried: Sequence[Situation], labels: Labels
) -> Headline:
    """Return the headline for destinations that accept only some of the events, or none."""
    everywhere, names = len(short) == len(tried), labels.listed(short)
    sent = "conversions sent" if everywhere else f"conversions sent to {names}"
    detail = _delivered(short, labels.lately, sent)
    if any(each.view.delivered for each in short):
        where = "are arriving" if everywhere else f"reach {names}"
        return Headline("warn", f"Not all of your conversions {where}.", detail)
    if everywhere:
        return Headline("bad", "Your conversions are not being taken.", detail)
    takes = "takes" if len(short) == 1 else "take"
    return Headline("bad", f"{names} {takes} none of your conversions.", detail)


def _delivered(situations: Sequence[Situation], lately: str, what: str = "conversions sent") -> str:
    delivered = sum(each.view.delivered for each in situations)
    tried = sum(each.tried for each in situations)
    aside = _aside(sum(each.view.dead - each.failed for each in situations))
    if not tried:
        return f"{_none_sent(situations, lately)}{aside}."
    return f"{share(delivered, tried)} of the {what} in {lately} were delivered{aside}."


def _none_sent(situations: Sequence[Situation], lately: str) -> str:
    if any(each.view.pending for each in situations):
        return f"None of {lately} was sent yet"
    if any(each.view.skipped for each in situations):
        return f"All of {lately} were skipped on purpose"
    return f"None of {lately} was sent"


def _aside(settled: int) -> str:
    """Return a note on the undelivered events that a share leaves out."""
    were = "was" if settled == 1 else "were"
    return f", leaving aside {settled:,} that {were} dismissed or erased" if settled else ""


def _is_fine(situation: Situation) -> bool:
    return situation.view.state == "active" and not situation.is_short


_NOT_TAKEN: Final[dict[Kind, tuple[str, str]]] = {
    "refusing": (
        "New conversions cannot be taken at the moment.",
        "What was accepted before is safe; a shop that does not send again loses the rest.",
    ),
    "unread": (
        "Conversions are not read from Kafka at the moment.",
        "They wait there, and are read once that is fixed.",
    ),
}
"""What is said of a task of these kinds, the first one that there is."""

_TROUBLES: Final[dict[Trouble, tuple[Tone, str, str]]] = {
    "paused": (
        "bad",
        "Conversions are not reaching {}.",
        "Conversions are not reaching {}.",
    ),
    "degraded": (
        "warn",
        "{} does not answer at the moment.",
        "{} do not answer at the moment.",
    ),
    "late": ("warn", "Conversions reach {} late.", "Conversions reach {} late."),
}
"""The tone, and the words for one destination and for several; the most urgent first."""
