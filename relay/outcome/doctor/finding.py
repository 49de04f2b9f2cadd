"""One thing to fix in a shop's events, and the words for it."""

from typing import Final, Literal, NamedTuple

import msgspec

from relay.event_name import MONEY_NAMES

Code = Literal[
    "one_person",
    "own_address",
    "one_browser",
    "server_agent",
    "reused_event_id",
    "no_value",
    "no_currency",
    "rare_currency",
    "time_zone",
    "no_email",
    "no_phone",
    "no_external_id",
    "no_click_id",
    "no_browser",
    "hashed_form",
    "hashed_otherwise",
    "unusable",
    "rejected",
]


OTHER_WORTH: Final = 0.5


class Group(NamedTuple):
    """The events of one name that were sent with one key."""

    event: str
    key: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to fix; `count` of `events` events have it."""

    code: Code
    event: str
    key: str
    count: int
    events: int
    sentence: str
    fix: str
    gain: float
    """What a fix may gain, 0 to 1: the share of events times the gain of each.

    Events that earn no money themselves count half.
    """


class Advice(NamedTuple):
    """The words for a finding; `weight` is what the fix gains an event, 0 to 1."""

    code: Code
    weight: float
    sentence: str
    fix: str

    def finding(
        self, group: Group, count: int, events: int, *, shown: int | None = None
    ) -> Finding:
        """Return the finding for `count` of `events`; the sentence names `shown` if it is given."""
        share = percent((count if shown is None else shown) / events)
        few = f"Only {share}" if shown else "None"
        worth = 1.0 if group.event in MONEY_NAMES else OTHER_WORTH
        told = self.sentence.format(share=share, few=few, count=f"{count:,}")
        return Finding(
            code=self.code,
            event=group.event,
            key=group.key,
            count=count,
            events=events,
            sentence=f"{told[0].upper()}{told[1:]}",
            fix=self.fix,
            gain=round(self.weight * worth * count / events, 4),
        )


def percent(share: float) -> str:
    """Return a share in percent, which is never rounded to none or all."""
    told = f"{share * 100:.0f} %"
    if share > 0 and told == "0 %":
        return "under 1 %"
    return "over 99 %" if share < 1 and told == "100 %" else told
