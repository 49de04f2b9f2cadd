"""Finds what is wrong in the counts of a group, by the patterns in `pattern`."""

from collections.abc import Iterator, Sequence
from typing import Final

from relay.identity.phone import NO_COUNTRY
from relay.outcome.doctor.counts import GroupCounts
from relay.outcome.doctor.finding import Advice, Finding, Group
from relay.outcome.doctor.pattern import (
    HASHED_FORM,
    KNOWN_BY_NAME,
    OF_PERSONS,
    OF_VISITS,
    PATTERNS,
    Pattern,
)

MIN_EVENTS: Final = 20
"""A smaller group is not judged, since anything in it may be chance."""
MIN_COUNT: Final = 2
"""A single event is no pattern."""
UNUSABLE_SHARE: Final = 0.01
"""Below this share, people may have mistyped; above it, the shop's code is at fault."""
HASHED_SHARE: Final = 0.1
"""The share of events with an identifier; fewer may be a trial."""
_AS_ENTERED: Final = "Send it as the person entered it, or leave it out."
_FIXES: Final = {
    NO_COUNTRY: "Send it with its country code, or `user.country` beside it; if all are of one"
    " country, set `default_country` under `[intake]`."
}
"""The fix for a problem, by its message, if the value itself is right."""


def findings_of(group: Group, counts: GroupCounts) -> Iterator[Finding]:
    """Yield what is wrong in a group, if it is large enough to be judged."""
    if counts.events < MIN_EVENTS:
        return
    yield from _too_many(group, counts)
    if group.event in KNOWN_BY_NAME:
        yield from _too_few(group, counts, OF_PERSONS)
    yield from _too_few(group, counts, OF_VISITS)
    yield from _hashed(group, counts)
    yield from _unusable(group, counts)


def _too_many(group: Group, counts: GroupCounts) -> Iterator[Finding]:
    for pattern in PATTERNS:
        count, of = pattern.count(counts), pattern.of(counts)
        if of >= MIN_EVENTS and count >= max(MIN_COUNT, pattern.share * of):
            yield pattern.advice.finding(group, count, counts.events)


def _too_few(group: Group, counts: GroupCounts, wanted: Sequence[Pattern]) -> Iterator[Finding]:
    for pattern in wanted:
        count, of = pattern.count(counts), pattern.of(counts)
        if of >= MIN_EVENTS and count < pattern.share * of:
            yield pattern.advice.finding(group, of - count, of, shown=count)


def _hashed(group: Group, counts: GroupCounts) -> Iterator[Finding]:
    carried = counts.quality.carried()
    for name, advice in HASHED_FORM.items():
        count, of = counts.quality.hashed[name], carried[name]
        if of >= MIN_EVENTS and count >= HASHED_SHARE * of:
            yield advice.finding(group, count, of)


def _unusable(group: Group, counts: GroupCounts) -> Iterator[Finding]:
    for (name, reason), count in counts.quality.unusable.items():
        if count >= max(MIN_COUNT, UNUSABLE_SHARE * counts.events):
            yield _left_out(name, reason).finding(group, count, counts.events)


def _left_out(name: str, reason: str) -> Advice:
    """Return the advice on an identifier of which values were `left out: …` or `sent to …`."""
    sentence = f"{{count}} events had values of `user.{name}` that were {reason}."
    return Advice("unusable", 0.5, sentence, _FIXES.get(reason, _AS_ENTERED))
