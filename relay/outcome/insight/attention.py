"""What needs attention: each thing in a sentence, with since when, how many, how much, and the fix.

Made from what the reports say; the most pressing comes first. Nothing is told twice, and what mends
itself is told only once it takes long.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.journal.letter import DeadGroup
from relay.outcome.health import STATES
from relay.outcome.platform_code import wording_of
from relay.outcome.view import DestinationView
from relay.outcome.wording import DEAD, PAUSED, Who, Wording

DELAYED_S: Final = 300.0
"""An event that has waited for longer is late."""
SETTLED: Final = frozenset({"dropped_by_operator", "erased"})
"""Reasons at which somebody has decided already."""

Tone = Literal["bad", "warn"]
Kind = Literal["refusing", "paused", "waiting", "dead"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody should look at.

    `count` events are concerned, `purchases` of them purchases; `valued` of those, None for all,
    are worth `value`. `words` are the platform's own.
    """

    tone: Tone
    kind: Kind
    destination: str | None
    sentence: str
    fix: str
    who: Who
    since_ms: int | None = None
    count: int = 0
    purchases: int = 0
    value: Mapping[str, Decimal] = {}
    valued: int | None = None
    words: str = ""
    reason: str = ""
    code: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One destination with what waits for it, and its own advice on pauses."""

    view: DestinationView
    fixes: Mapping[str, str]
    since_ms: int | None
    """Since when it is paused, or else since when the oldest event waits."""
    purchases: int


def tasks(
    refusing: str | None,
    destinations: Sequence[Waiting],
    groups: Sequence[DeadGroup],
) -> Sequence[Task]:
    """Return all there is to do. `refusing` is why no events are taken, `groups` what is dead."""
    types = {each.view.name: each.view.type for each in destinations}
    found = [] if refusing is None else [_refusing(refusing)]
    found += [task for each in destinations if (task := _waiting(each)) is not None]
    found += [
        _dead(group, types.get(group.destination, ""))
        for group in groups
        if group.reason not in SETTLED
    ]
    return sorted(found, key=lambda task: task.tone)


def meaning(group: DeadGroup, platform: str) -> Wording:
    """Return what a group of dead letters means: the platform's code if it is known."""
    own = None
    if group.reason == "platform_rejected":
        own = wording_of(platform, group.code, None)
    return own or DEAD[group.reason]


def _refusing(reason: str) -> Task:
    return Task(
        tone="bad",
        kind="refusing",
        destination=None,
        sentence="New conversions are turned away: the relay cannot store them.",
        fix="Make room on its disk. Shops send again by themselves; what was accepted is safe.",
        who="engineer",
        words=reason,
    )


def _waiting(found: Waiting) -> Task | None:
    view = found.view
    if view.state == "paused" and view.reason is not None:
        wording = PAUSED[view.reason]
        fix = found.fixes.get(view.reason, wording.fix)
        by_hand = view.reason == "paused_by_operator"
        tone: Tone = "warn" if by_hand else "bad"
        return _of_waiting(found, tone, msgspec.structs.replace(wording, fix=fix))
    if view.oldest_pending_seconds <= DELAYED_S:
        return None
    wording = STATES[view.state]
    if view.state == "active":
        wording = Wording(
            "Sending is behind: more came in than could be sent so far.",
            "Nothing to do: it catches up by itself. If it stays behind, tell your engineer.",
        )
    return _of_waiting(found, "warn", wording)


def _of_waiting(found: Waiting, tone: Tone, wording: Wording) -> Task:
    view = found.view
    return Task(
        tone=tone,
        kind="paused" if view.state == "paused" else "waiting",
        destination=view.name,
        sentence=wording.sentence,
        fix=wording.fix,
        who=wording.who,
        since_ms=found.since_ms,
        count=view.pending,
        purchases=min(found.purchases, view.pending),  # counted a moment later
        value={currency: Decimal(value) for currency, value in view.money_at_risk.items()},
        reason=view.reason or "",
    )


def _dead(group: DeadGroup, platform: str) -> Task:
    wording = meaning(group, platform)
    return Task(
        tone="warn",
        kind="dead",
        destination=group.destination,
        sentence=wording.sentence,
        fix=wording.fix,
        who=wording.who,
        since_ms=group.since_ms,
        count=group.count,
        purchases=group.purchases,
        value=group.value,
        valued=group.valued,
        words=group.latest.message,
        reason=group.reason,
        code=group.code,
    )
