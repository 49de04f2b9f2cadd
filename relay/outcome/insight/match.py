"""Match data: the share of events that carry each identifier by which a platform matches people.

These are figures that a shop can improve, in total and by event name. Only the presence of an
identifier is counted, never its value.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from relay.metrics import Carried


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier: how many events carry it, and what more of it would gain."""

    name: str
    count: int
    events: int
    gain: str


class KindMatch(msgspec.Struct, frozen=True, kw_only=True):
    """The chief identifiers of one event name, in the order of `MatchData.chief`.

    `lacking` is the strongest identifier that more than a tenth of the events lack, if any.
    """

    event: str
    events: int
    counts: Sequence[int]
    lacking: str | None
    lacking_count: int


class MatchData(msgspec.Struct, frozen=True, kw_only=True):
    """The match data of one destination; `events` were counted since the relay was started."""

    events: int
    identifiers: Sequence[Match]
    chief: Sequence[str]
    kinds: Sequence[KindMatch]


CHIEF: Final = ("email", "phone", "epik", "ttclid", "external_id")
"""The identifiers that match people best, the strongest first; each click id is one platform's."""
ENOUGH: Final = 0.9
"""The share at which more of an identifier is no longer worth mentioning."""
_GAINS: Final[Mapping[str, tuple[str, str]]] = {
    "email": (
        "E-mail",
        (
            "The strongest sign: most people are known to the platform by it. Ask for it at "
            "checkout, and send it with events of people who are logged in."
        ),
    ),
    "phone": (
        "Phone",
        (
            "Recognises people who use another e-mail address at the platform. Send it with the "
            "country, or with +1 and the like in front."
        ),
    ),
    "epik": (
        "Click id",
        (
            "Says which ad led to the visit. Keep the value of epik from the page's address, and "
            "send it with the order."
        ),
    ),
    "ttclid": (
        "Click id",
        (
            "Says which ad led to the visit. Keep the value of ttclid from the page's address, and "
            "send it with the order."
        ),
    ),
    "external_id": (
        "Customer number",
        "Ties the visits of one customer together, also over several devices.",
    ),
    "ip": (
        "IP address",
        "Together with the browser it recognises people without an account in the shop.",
    ),
    "user_agent": (
        "Browser",
        "Together with the IP address it recognises people without an account in the shop.",
    ),
    "mobile_ad_id": ("Advertising id", "What an app is recognised by; only apps have it."),
}


def identifier_name(key: str) -> str:
    """Return what people call a field of `user`."""
    return _GAINS[key][0] if key in _GAINS else key.replace("_", " ").capitalize()


def match_data(identifiers: Mapping[str, str], carried: Mapping[str, Carried]) -> MatchData:
    """Return how many events carry each of the identifiers that a destination takes.

    The keys of `carried` are the events' labels.
    """
    events = sum(each.events for each in carried.values())
    counts = sum((each.identifiers for each in carried.values()), Counter[str]())
    taken = [key for key in CHIEF if key in identifiers]
    by_count = sorted(carried.items(), key=lambda each: -each[1].events)
    return MatchData(
        events=events,
        identifiers=[
            Match(name=name, count=counts[key], events=events, gain=gain)
            for key, (name, gain) in _GAINS.items()
            if key in identifiers
        ],
        chief=[_GAINS[key][0] for key in taken],
        kinds=[_of_kind(event, each, taken) for event, each in by_count],
    )


def _of_kind(event: str, carried: Carried, taken: Sequence[str]) -> KindMatch:
    counts = [carried.identifiers[key] for key in taken]
    enough = ENOUGH * carried.events
    lacking = next((at for at, count in enumerate(counts) if count < enough), None)
    return KindMatch(
        event=event,
        events=carried.events,
        counts=counts,
        lacking=None if lacking is None else _GAINS[taken[lacking]][0],
        lacking_count=0 if lacking is None else carried.events - counts[lacking],
    )
