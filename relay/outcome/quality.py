"""Match quality of events that belong together: which identifiers arrive, hashed or not, or no use.

Identifiers are counted, values never are: whether one is there, whether the shop had hashed it, and
why one was left out, as it was noted when the event came.
"""

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec

from relay.conversion import HASHABLE, Conversion
from relay.metrics import FORMS, IDENTIFIERS

_FORMS: Final = attrgetter(
    *("email_compact", "phone_digits", "external_id", "first_name", "last_name", "gender"),
    *("birth_date", "city", "city_plain", "state", "state_plain", "zip_digits", "zip_compact"),
    *("country", "country_plain", "mobile_ad_id_lower", "ip", "user_agent", "locale"),
    *("epik", "ttclid", "ttp"),
)


class Unusable(msgspec.Struct, frozen=True):
    """How many values were left out for one reason."""

    reason: str
    count: int


class IdentifierQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier: `carried` events have it, of which `hashed` came with a digest."""

    identifier: str
    carried: int
    hashed: int
    unusable: Sequence[Unusable]
    """Most frequent first."""


class GroupQuality(msgspec.Struct, frozen=True, kw_only=True):
    """The events of one name and key, and which identifiers came with them."""

    event: str
    key: str
    events: int
    identifiers: Sequence[IdentifierQuality]


class Quality:
    """The counts of one group."""

    def __init__(self) -> None:
        self.events = 0
        self.carried: Counter[str] = Counter()
        self.hashed: Counter[str] = Counter()
        self.unusable: Counter[tuple[str, str]] = Counter()

    def look(self, event: Conversion) -> None:
        """Count one event."""
        self.events += 1
        there = zip(FORMS, _FORMS(event.identity), strict=True)
        self.carried.update({name for name, form in there if form})
        if event.hashed:
            self.hashed.update(_named(event.hashed))
        self.unusable.update(event.unusable)

    def identifiers(self) -> list[IdentifierQuality]:
        """Return what came, in the order of the inbound event."""
        reasons: dict[str, list[Unusable]] = {}
        for (identifier, reason), count in self.unusable.most_common():
            reasons.setdefault(identifier, []).append(Unusable(reason, count))
        return [
            IdentifierQuality(
                identifier=name,
                carried=self.carried[name],
                hashed=self.hashed[name],
                unusable=reasons.get(name, ()),
            )
            for name in dict.fromkeys((*IDENTIFIERS, *reasons))
            if self.carried[name] or name in reasons
        ]


def _named(bits: int) -> list[str]:
    return [name for at, name in enumerate(HASHABLE) if bits >> at & 1]
