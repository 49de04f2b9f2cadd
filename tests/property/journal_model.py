"""The plainest journal there is: what the real one must say after any row of actions."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from relay.event_name import Lane, lane_of
from relay.journal.entry import Entry
from relay.journal.report import Totals
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S

DESTINATIONS = ("p", "t")
FAR_MS = NOW_S * 1000 + 10**9


class View(NamedTuple):
    """What can be seen of a destination from outside."""

    waiting: dict[Lane, list[str]]
    """Event ids that a reader finds from the cursor on, in order."""
    due: dict[str, int]
    """Attempts of the events that wait for a moment of their own."""
    counts: dict[str, int]
    worth: int
    """What the purchases are worth that wait; each is worth its own number."""


@dataclass
class Model:
    """Event ids by lane in order of arrival, and the state of each at each destination."""

    log: dict[Lane, list[str]] = field(default_factory=lambda: {lane: [] for lane in Lane})
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    attempts: dict[tuple[str, str], int] = field(default_factory=dict)

    def append(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            event_id = entry.conversion.event_id
            self.log[lane_of(entry.conversion.event)].append(event_id)
            for name in DESTINATIONS:
                passed = entry.passed.get(name)
                self.states[name, event_id] = passed.state if passed else "waiting"

    def settle(self, name: str, event_id: str, end: str) -> None:
        """End a try; one of an event that has ended already changes nothing."""
        if self.states[name, event_id] in {"waiting", "retry"}:
            self.states[name, event_id] = end
            if end == "retry":
                self.attempts[name, event_id] = self.attempts.get((name, event_id), 0) + 1

    def view(self, name: str) -> View:
        states = {event: state for (who, event), state in self.states.items() if who == name}
        counted = Counter("pending" if s in {"waiting", "retry"} else s for s in states.values())
        return View(
            {lane: [e for e in self.log[lane] if states[e] == "waiting"] for lane in Lane},
            {e: self.attempts[name, e] for e, state in states.items() if state == "retry"},
            {"accepted": len(states), **counted},
            sum(
                worth_of(event)
                for event in self.log[Lane.MONEY]
                if states[event] in {"waiting", "retry"}
            ),
        )

    def views(self) -> dict[str, View]:
        return {name: self.view(name) for name in DESTINATIONS}


def worth_of(event_id: str) -> int:
    """Return what a purchase is worth, by its id `event-NUMBER`."""
    return int(event_id.rpartition("-")[2])


async def views_of(journal: SqliteJournal) -> dict[str, View]:
    """Look at a journal without moving anything in it."""
    totals = await journal.totals()
    return {
        name: View(
            {lane: [e async for e in _waiting(journal, name, lane)] for lane in Lane},
            {
                each.entry.conversion.event_id: each.attempts
                for each in await journal.due(name, FAR_MS, 1_000)
            },
            dict(_counts(totals, name)),
            int((await journal.risk(name)).worth.get("USD", 0)),
        )
        for name in DESTINATIONS
    }


async def _waiting(journal: SqliteJournal, name: str, lane: Lane) -> AsyncIterator[str]:
    engine = journal._opened
    at = journal.cursor(name, lane)
    while at < engine.hot.end(lane):
        chunk = await engine.progress._look(name, lane, at, 3)
        for pending in chunk.pending:
            yield pending.entry.conversion.event_id
        at = chunk.next


def _counts(totals: Totals, name: str) -> Iterator[tuple[str, int]]:
    ends = {"skipped": totals.skipped, "delivered": totals.delivered, "dead": totals.dead}
    ended = 0
    for state, counts in ends.items():
        count = sum(each for (who, _), each in counts.items() if who == name)
        ended += count
        if count:
            yield state, count
    accepted = totals.accepted.get(name, 0)
    yield "accepted", accepted
    if accepted > ended:
        yield "pending", accepted - ended
