"""What stands out in the counts of a group of events: patterns, missing identifiers.

Patterns are data: a count, from which share on it is no chance, what to say and how to mend it. How
much an identifier gains follows the platforms' own advice on match quality (Pinterest business
help, "Enhanced match"; TikTok, "Event Match Quality", both 2026).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from relay.outcome.patient import Group, Patient

MIN_EVENTS: Final = 20
"""With fewer events of a group, nothing is said about it: anything may be chance."""

Code = Literal[
    "one_person",
    "own_address",
    "one_browser",
    "server_agent",
    "reused_event_id",
    "no_value",
    "no_currency",
    "time_zone",
    "no_email",
    "no_phone",
    "no_external_id",
    "no_click_id",
    "no_browser",
    "unusable",
    "rejected",
]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mend; `count` of `events` have it."""

    code: Code
    event: str
    key: str
    count: int
    events: int
    sentence: str
    fix: str
    gain: float
    """What mending it may bring, 0 to 1: the share of events times how much each gains."""


class _Advice(NamedTuple):
    """What to say, and what mending it gains an event."""

    code: Code
    weight: float
    sentence: str
    fix: str

    def finding(
        self, group: Group, count: int, events: int, *, shown: int | None = None
    ) -> Finding:
        """Return it for so many events; `shown` is the count that the sentence is about."""
        share = f"{(count if shown is None else shown) / events:.0%}"
        return Finding(
            code=self.code,
            event=group.event,
            key=group.key,
            count=count,
            events=events,
            sentence=self.sentence.format(share=share, count=f"{count:,}"),
            fix=self.fix,
            gain=round(self.weight * count / events, 4),
        )


class _Pattern(NamedTuple):
    """A count that should not be so high."""

    count: Callable[[Patient], int]
    of: Callable[[Patient], int]
    share: float
    advice: _Advice


class _Wanted(NamedTuple):
    """An identifier that events should carry, at least so often."""

    name: str
    share: float
    advice: _Advice


REUSED: Final = _Advice(
    "reused_event_id",
    1.0,
    "{count} events repeat the id of another order: all but the first are skipped.",
    "Give every order an event_id of its own, such as its number.",
)


PATTERNS: Final[Sequence[_Pattern]] = (
    _Pattern(
        lambda it: it.people.most,
        lambda it: it.people.total,
        1 / 3,
        _Advice(
            "one_person",
            1.0,
            "One e-mail address stands on {share} of these events: no customer buys so often.",
            "Send the address of the person who ordered, not the shop's own or a test account's.",
        ),
    ),
    _Pattern(
        lambda it: it.addresses.most,
        lambda it: it.addresses.total,
        0.3,
        _Advice(
            "own_address",
            0.7,
            "One IP address stands on {share} of these events: probably the server's own.",
            "Send the visitor's address, from X-Forwarded-For or the like.",
        ),
    ),
    _Pattern(
        lambda it: it.browsers.most,
        lambda it: it.browsers.total,
        0.9,
        _Advice(
            "one_browser",
            0.5,
            "The same browser stands on {share} of these events.",
            "Send the visitor's User-Agent header as it came to the shop.",
        ),
    ),
    _Pattern(
        lambda it: it.libraries,
        lambda it: it.browsers.total,
        0.02,
        _Advice(
            "server_agent",
            0.5,
            "{share} of these events name a program in place of the visitor's browser.",
            "Send the visitor's User-Agent header, not that of the shop's own request.",
        ),
    ),
    _Pattern(
        lambda it: it.worthless,
        lambda it: it.events,
        0.02,
        _Advice(
            "no_value",
            0.9,
            "{share} of these purchases have no value, or zero.",
            "Send order.value: the total before tax and shipping.",
        ),
    ),
    _Pattern(
        lambda it: it.without_currency,
        lambda it: it.events,
        0.02,
        _Advice(
            "no_currency",
            0.6,
            "{share} of these events have a value without a currency.",
            "Send order.currency, such as EUR.",
        ),
    ),
    _Pattern(
        lambda it: max((n for shift, n in it.shifts.items() if shift), default=0),
        lambda it: it.events,
        0.5,
        _Advice(
            "time_zone",
            0.8,
            "{share} of these events come late by the same half hours: a time zone is missing.",
            "Send event_time with its offset, or as Unix seconds.",
        ),
    ),
)


WANTED: Final[Sequence[_Wanted]] = (
    _Wanted(
        "email",
        0.5,
        _Advice(
            "no_email",
            1.0,
            "Only {share} carry an e-mail address, by which most people are recognised.",
            "Send user.email of everybody who is logged in or has typed it.",
        ),
    ),
    _Wanted(
        "browser",
        0.5,
        _Advice(
            "no_browser",
            0.6,
            "Only {share} carry both the visitor's IP address and browser.",
            "Send user.ip and user.user_agent as they came to the shop.",
        ),
    ),
    _Wanted(
        "click_id",
        0.1,
        _Advice(
            "no_click_id",
            0.5,
            "Only {share} carry a click id, which says which ad led to the visit.",
            "Keep epik and ttclid from the page's address, and send them with the event.",
        ),
    ),
    _Wanted(
        "phone",
        0.1,
        _Advice(
            "no_phone",
            0.4,
            "Only {share} carry a phone number.",
            "Send user.phone with its country code where the shop knows it.",
        ),
    ),
    _Wanted(
        "external_id",
        0.1,
        _Advice(
            "no_external_id",
            0.3,
            "Only {share} carry the shop's own customer number.",
            "Send user.external_id, the same that the browser's tag sends.",
        ),
    ),
)


def findings_of(group: Group, patient: Patient, reused: int) -> Iterator[Finding]:
    """Return what stands out; `reused` are events with the id of another order."""
    if reused:
        yield REUSED.finding(group, reused, patient.events)
    if patient.events < MIN_EVENTS:
        return
    for pattern in PATTERNS:
        count, of = pattern.count(patient), pattern.of(patient)
        if of >= MIN_EVENTS and count >= pattern.share * of:
            yield pattern.advice.finding(group, count, of)
    for wanted in WANTED:
        there = patient.carrying[wanted.name]
        if there < wanted.share * patient.events:
            lacking = patient.events - there
            yield wanted.advice.finding(group, lacking, patient.events, shown=there)
