"""One thing to mend in a shop's events, and the words for it."""

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
    """Events that belong together: of one name, sent with one key."""

    event: str
    key: str


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
    """What mending it may bring, 0 to 1: the share of events times how much each gains.

    Of events that earn no money themselves, half of it.
    """


class Advice(NamedTuple):
    """What to say, and what mending it gains an event."""

    code: Code
    weight: float
    sentence: str
    fix: str

    def finding(
        self, group: Group, count: int, events: int, *, shown: int | None = None
    ) -> Finding:
        """Return it for so many events; `shown` is the count that the sentence is about."""
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
    """Return a share that is never told as all or nothing if it is neither."""
    told = f"{share * 100:.0f} %"
    if share > 0 and told == "0 %":
        return "under 1 %"
    return "over 99 %" if share < 1 and told == "100 %" else told
