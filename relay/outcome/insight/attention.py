"""What needs attention: for each task a sentence, the time since when, the counts, and the fix.

It is derived from the reports; the most urgent task comes first. Nothing is listed twice, and what
recovers by itself is listed only once that takes long.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.journal.letter import DeadGroup
from relay.journal.space.room import AT_LIMIT, GONE
from relay.outcome.health import wording_of_state
from relay.outcome.insight.situation import BY_HAND, DELAYED_S, Situation
from relay.outcome.notation import until_full
from relay.outcome.platform_code import wording_of
from relay.outcome.views.api import JournalView
from relay.outcome.views.source import KafkaSourceView
from relay.outcome.watch.watch import FILLING
from relay.outcome.wording import PAUSED, SETTLED, Who, Wording, dead_wording

REFUSED: Final = 0.05
"""The share of arriving events that may be refused; the alert uses the same one."""

Tone = Literal["bad", "warn"]
Kind = Literal["refusing", "unread", "paused", "waiting", "refused", "filling", "dead"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody should look at.

    It is about `count` events, `purchases` of which are purchases. `value` is what `valued` of the
    purchases are worth (None: all of them). `words` are the platform's own.
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


class Arrivals(msgspec.Struct, frozen=True):
    """The events of a range, as the shop sent them."""

    received: int
    rejected: int

    @property
    def are_refused(self) -> bool:
        """Whether more than a few events are refused."""
        return self.rejected > REFUSED * (self.received + self.rejected)


def tasks(
    journal: JournalView,
    arrivals: Arrivals,
    destinations: Sequence[Situation],
    groups: Sequence[DeadGroup],
    source: Sequence[Task] = (),
) -> Sequence[Task]:
    """Return everything that needs attention, most urgent first.

    `groups` are the dead letters, `source` is what `unread` found.
    """
    types = {each.view.name: each.view.type for each in destinations}
    found = [_refusing(journal.unavailable)] if journal.unavailable else _filling(journal)
    found += source
    found += [task for each in destinations if (task := _waiting(each)) is not None]
    found += [_refused(arrivals)] if arrivals.are_refused else []
    found += [
        _dead(group, types.get(group.destination, ""))
        for group in groups
        if group.reason not in SETTLED
    ]
    return sorted(found, key=lambda task: task.tone)


def unread(kafka: KafkaSourceView | None, now_s: float) -> Sequence[Task]:
    """Return the task of a Kafka source that has long read nothing; `now_s` is in Unix seconds.

    If it is `held`, the journal's own task tells why.
    """
    if kafka is None or kafka.state in ("active", "held"):
        return []
    since_s = kafka.since.timestamp()
    if now_s - since_s < DELAYED_S:
        return []
    return [
        Task(
            tone="bad",
            kind="unread",
            destination=None,
            sentence="No conversions are read from Kafka.",
            fix="See to the reason. They wait in Kafka meanwhile, as long as it keeps them.",
            who="engineer",
            since_ms=round(since_s * 1000),
            words=kafka.message.replace("`", ""),
        )
    ]


def meaning(group: DeadGroup, platform: str) -> Wording:
    """Return what a group of dead letters means, by the platform's code if that is known."""
    own = None
    if group.reason == "platform_rejected":
        own = wording_of(platform, group.code, None)
    return own or dead_wording(group.reason, group.latest.message)


def _refusing(reason: str) -> Task:
    at_limit = "Raise `max_size` of the journal, and see what waits and why."
    other = "See to the reason: a full disk needs room, a process that does not run a new start."
    fix = f"{at_limit if reason == AT_LIMIT else other} What was accepted is safe;"
    if reason == GONE:
        fix = "Put the file back, or wait until nothing waits before the relay is started again;"
    return Task(
        tone="bad",
        kind="refusing",
        destination=None,
        sentence="New conversions are turned away.",
        fix=f"{fix} a shop that does not send again loses the rest.",
        who="engineer",
        words=reason,
    )


def _filling(journal: JournalView) -> list[Task]:
    room = journal.used_bytes + journal.left_bytes
    if journal.used_bytes < FILLING * room:
        return []
    hours = journal.hours_to_full
    soon = "" if hours is None else f", and full {until_full(hours)} if this goes on"
    task = Task(
        tone="warn",
        kind="filling",
        destination=None,
        sentence=f"The relay's journal is {100 * journal.used_bytes // room} % full{soon}.",
        fix="See what waits and why; give it a larger disk, or raise `max_size`. Delivered events "
        "make room first; once nothing more can, new conversions are turned away.",
        who="engineer",
    )
    return [task]


def _refused(arrivals: Arrivals) -> Task:
    whole = arrivals.received + arrivals.rejected
    were = "was" if arrivals.rejected == 1 else "were"
    return Task(
        tone="warn",
        kind="refused",
        destination=None,
        sentence=f"{arrivals.rejected:,} of {whole:,} events {were} refused on arrival.",
        fix="Fix the field that each of them names, and send them again: they are not kept.",
        who="shop",
    )


def _waiting(found: Situation) -> Task | None:
    view = found.view
    if view.state == "paused" and view.reason is not None:
        wording = PAUSED[view.reason]
        fix = found.fixes.get(view.reason, wording.fix)
        tone: Tone = "warn" if view.reason == BY_HAND else "bad"
        return _of_waiting(found, tone, msgspec.structs.replace(wording, fix=fix))
    if not found.is_late:
        return None
    wording = wording_of_state(view.state, view.message)
    if view.state == "active":
        wording = Wording(
            "Sending is behind: more came in than could be sent so far.",
            "Nothing to do: it catches up by itself. If it stays behind, tell your engineer.",
        )
    return _of_waiting(found, "warn", wording)


def _of_waiting(found: Situation, tone: Tone, wording: Wording) -> Task:
    view = found.view
    return Task(
        tone=tone,
        kind="paused" if view.state == "paused" else "waiting",
        destination=view.name,
        sentence=wording.sentence,
        fix=wording.fix,
        who=wording.who,
        since_ms=found.since_ms,
        count=found.waiting,
        purchases=found.purchases,
        value=found.worth,
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
