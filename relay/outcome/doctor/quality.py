"""Match quality of a group of events: which identifiers arrive, plain, hashed or unusable.

It never looks at values, but counts for each identifier whether it is there, whether the shop had
hashed it, and why it was left out, as noted when the event arrived.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from relay.conversion import HASHABLE, Conversion
from relay.identity.presence import presence_of
from relay.metrics import IDENTIFIERS, Presence, identifiers_in

MAX_KINDS: Final = 1_000
"""How many combinations of identifiers are counted separately before they are summed up."""


class Unusable(msgspec.Struct, frozen=True):
    """How many events had values that were left out for one reason."""

    reason: str
    count: int


class IdentifierQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier: `carried` events have it, `hashed` of them as a digest from the shop."""

    identifier: str
    carried: int
    hashed: int
    unusable: Sequence[Unusable]
    """Most frequent first."""


class GroupQuality(msgspec.Struct, frozen=True, kw_only=True):
    """The events of one name and key, and the identifiers that they carry."""

    event: str
    key: str
    events: int
    identifiers: Sequence[IdentifierQuality]


class Quality:
    """The counts of one group."""

    def __init__(self) -> None:
        self.events = 0
        self._kinds: Counter[Presence] = Counter()
        self._carried: Counter[str] = Counter()
        self.hashed: Counter[str] = Counter()
        self.unusable: Counter[tuple[str, str]] = Counter()

    def look(self, event: Conversion) -> None:
        """Count one event."""
        self.events += 1
        self._kinds[presence_of(event.identity)] += 1
        if len(self._kinds) > MAX_KINDS:
            self.carried()
        if event.hashed:
            self.hashed.update(_named(event.hashed))
        if event.unusable:
            self.unusable.update(dict.fromkeys(event.unusable, 1))

    def carried(self) -> Counter[str]:
        """Return how many events carry each identifier."""
        kinds, self._kinds = self._kinds, Counter()
        for presence, count in kinds.items():
            self._carried.update(dict.fromkeys(identifiers_in(presence), count))
        return self._carried

    def identifiers(self) -> list[IdentifierQuality]:
        """Return the quality of each identifier, in the order of the event's fields."""
        carried = self.carried()
        reasons: dict[str, list[Unusable]] = {}
        for (identifier, reason), count in self.unusable.most_common():
            reasons.setdefault(identifier, []).append(Unusable(reason, count))
        return [
            IdentifierQuality(
                identifier=name,
                carried=carried[name],
                hashed=self.hashed[name],
                unusable=reasons.get(name, ()),
            )
            for name in dict.fromkeys((*IDENTIFIERS, *reasons))
            if carried[name] or name in reasons
        ]


def _named(bits: int) -> list[str]:
    return [name for at, name in enumerate(HASHABLE) if bits >> at & 1]
