"""What stands out in the counts of a group of events; what is looked for is data, in `pattern`."""

from collections.abc import Iterator, Sequence
from typing import Final

from relay.outcome.doctor.finding import Advice, Finding, Group
from relay.outcome.doctor.patient import Patient
from relay.outcome.doctor.pattern import (
    HASHED_FORM,
    KNOWN_BY_NAME,
    OF_PERSONS,
    OF_VISITS,
    PATTERNS,
    Pattern,
)

MIN_EVENTS: Final = 20
"""With fewer events of a group, nothing is said about it: anything may be chance."""
MIN_COUNT: Final = 2
"""One event alone is no pattern."""
UNUSABLE_SHARE: Final = 0.01
"""People mistype; from here on it is the shop's own doing."""
HASHED_SHARE: Final = 0.1
"""Of an identifier; fewer may be what somebody tried."""


def findings_of(group: Group, patient: Patient) -> Iterator[Finding]:
    """Return what stands out in a group that is large enough to say so."""
    if patient.events < MIN_EVENTS:
        return
    yield from _too_many(group, patient)
    if group.event in KNOWN_BY_NAME:
        yield from _too_few(group, patient, OF_PERSONS)
    yield from _too_few(group, patient, OF_VISITS)
    yield from _hashed(group, patient)
    yield from _unusable(group, patient)


def _too_many(group: Group, patient: Patient) -> Iterator[Finding]:
    for pattern in PATTERNS:
        count, of = pattern.count(patient), pattern.of(patient)
        if of >= MIN_EVENTS and count >= max(MIN_COUNT, pattern.share * of):
            yield pattern.advice.finding(group, count, of)


def _too_few(group: Group, patient: Patient, wanted: Sequence[Pattern]) -> Iterator[Finding]:
    for pattern in wanted:
        count, of = pattern.count(patient), pattern.of(patient)
        if of >= MIN_EVENTS and count < pattern.share * of:
            yield pattern.advice.finding(group, of - count, of, shown=count)


def _hashed(group: Group, patient: Patient) -> Iterator[Finding]:
    carried = patient.quality.carried()
    for name, advice in HASHED_FORM.items():
        count, of = patient.quality.hashed[name], carried[name]
        if of >= MIN_EVENTS and count >= HASHED_SHARE * of:
            yield advice.finding(group, count, of)


def _unusable(group: Group, patient: Patient) -> Iterator[Finding]:
    for (name, reason), count in patient.quality.unusable.items():
        if count >= max(MIN_COUNT, UNUSABLE_SHARE * patient.events):
            yield _left_out(name, reason).finding(group, count, patient.events)


def _left_out(name: str, reason: str) -> Advice:
    """Return what to say of an identifier whose values are `left out: …` or `sent to …`."""
    return Advice(
        "unusable",
        0.5,
        f"{{count}} values of `user.{name}` {reason}.",
        "Send it as the person entered it, or leave it out.",
    )
