"""The events of a chaos run: each kind has an end that is known beforehand, told by its id."""

import random
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from relay.sandbox.answer import PlatformName
from tests.acceptance.process import purchase

POISON: Final = "poison"
BEHIND_S: Final = 60
"""Events are as old as this when they are made, so that a relay whose clock is behind does not
take them for the future's."""
STALE_S: Final = 8 * 86_400


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the events of a kind; `weight` is how often it is posted."""

    weight: int
    reaches: frozenset[PlatformName] = frozenset()
    """The platforms that get it, and take it unless they refuse it by their own answer."""
    stale: bool = False
    """Whether it is too old on arrival, for both."""
    malformed: bool = False
    """Whether it is an error on arrival."""


BOTH: Final[frozenset[PlatformName]] = frozenset({"pinterest", "tiktok"})
PINTEREST: Final[frozenset[PlatformName]] = frozenset({"pinterest"})

KINDS: Final[Mapping[str, Kind]] = {
    "purchase": Kind(weight=40, reaches=BOTH),
    "page_view": Kind(weight=30, reaches=PINTEREST),
    "repeated": Kind(weight=10, reaches=BOTH),
    POISON: Kind(weight=2, reaches=BOTH),
    "no_consent": Kind(weight=8),
    "stale": Kind(weight=5, stale=True),
    "malformed": Kind(weight=5, malformed=True),
}


def kind_of(event_id: str) -> Kind | None:
    """Return the kind of an event, None for an id that nobody posted."""
    return KINDS.get(event_id.partition("-")[0])


def draw(dice: random.Random) -> str:
    """Return the name of a kind."""
    return dice.choices(list(KINDS), [each.weight for each in KINDS.values()])[0]


def event(kind: str, event_id: str) -> dict[str, Any]:
    """Return an event as a shop would post it."""
    made = purchase(event_id)
    made["event_time"] -= STALE_S if KINDS[kind].stale else BEHIND_S
    match kind:
        case "page_view":
            return made | {"event": "page_view", "order": None}
        case "no_consent":
            return made | {"consent": {"advertising": False}}
        case "malformed":
            return made | {"colour": "blue"}
        case _:
            return made
