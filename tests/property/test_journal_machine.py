"""The SQLite journal against a model, with crashes and a failing disk at any point.

A crash is a copy of the files as they are at that moment, opened instead: what was acknowledged is
there, what was under way is there wholly or not at all, and nothing else is.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Sequence
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from relay.conversion import Order
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Passed, Pending
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S, conversion
from tests.given.journal.failing import Disk, connections_on
from tests.given.journal.memory import memory
from tests.property.journal_model import DESTINATIONS, FAR_MS, Model, views_of

PASSED = {"skipped": Passed("skipped", "not_mapped"), "dead": Passed("dead", "expired")}
STATES = st.sampled_from(["waiting", "waiting", "skipped", "dead"])
EVENTS = st.lists(
    st.tuples(st.sampled_from(["purchase", "search"]), STATES, STATES), min_size=1, max_size=6
)
ENDS = st.lists(st.sampled_from(["delivered", "dead", "retry", None]), min_size=1, max_size=12)
NAMES = st.sampled_from(DESTINATIONS)
LANES = st.sampled_from(list(Lane))
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=5, outcome="partial", http_status=200)

Outcome = tuple[Pending, str]


class JournalMachine(RuleBasedStateMachine):
    """`held` is what a sender has read and not settled; `next` is where it reads on."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="journal-", dir=memory()))
        self.disk = Disk()
        self.model = Model()
        self.events = self.lives = 0
        self.old: list[tuple[str, list[Outcome]]] = []
        self.seen: dict[tuple[str, Lane], int] = {}
        self.journal = self.start()

    @rule(events=EVENTS)
    def append(self, events: Sequence[tuple[str, str, str]]) -> None:
        entries = self.entries(events)
        self.run(appended(self.journal, entries))
        self.model.append(entries)

    @rule(name=NAMES, lane=LANES, limit=st.integers(1, 5))
    def read(self, name: str, lane: Lane, limit: int) -> None:
        chunk = self.run(self.journal.read(name, lane, self.next[name, lane], limit))
        self.next[name, lane] = chunk.next
        self.held[name] += chunk.pending
        waiting = self.model.view(name).waiting[lane]
        assert {each.entry.conversion.event_id for each in chunk.pending} <= set(waiting)

    @rule(name=NAMES, lane=LANES, ends=ENDS)
    def read_and_settle(self, name: str, lane: Lane, ends: Sequence[str | None]) -> None:
        self.read(name, lane, len(ends))
        outcomes = self.outcomes(name, ends)
        self.run(self.journal.settle(name, settlement_of(outcomes)))
        self.learn(name, outcomes)

    @rule(name=NAMES, ends=ENDS)
    def settle_retries(self, name: str, ends: Sequence[str | None]) -> None:
        due = self.run(self.journal.due(name, FAR_MS, len(ends)))
        outcomes = [(pending, end) for pending, end in zip(due, ends, strict=False) if end]
        self.run(self.journal.settle(name, settlement_of(outcomes)))
        self.learn(name, outcomes)

    @rule(back=st.integers(1, 5))
    def settle_again(self, back: int) -> None:
        for name, outcomes in self.old[-back:]:
            self.run(self.journal.settle(name, settlement_of(outcomes)))

    @rule()
    def restart(self) -> None:
        before = self.cursors()
        self.run(self.journal.close())
        self.journal = self.start()
        assert self.cursors() == before

    @rule(events=EVENTS, name=NAMES, ends=ENDS, what=st.sampled_from(["append", "settle"]))
    def crash(
        self,
        events: Sequence[tuple[str, str, str]],
        name: str,
        ends: Sequence[str | None],
        what: str,
    ) -> None:
        """Crash while something is under way."""
        after = deepcopy(self.model)
        if what == "append":
            entries = self.entries(events)
            after.append(entries)
            under_way: Coroutine[Any, Any, Any] = appended(self.journal, entries)
        else:
            outcomes = self.outcomes(name, ends)
            for pending, end in outcomes:
                after.settle(name, pending.entry.conversion.event_id, end)
            under_way = self.journal.settle(name, settlement_of(outcomes))
        self.run(self.crash_during(under_way))
        self.journal = self.start()
        views = self.run(views_of(self.journal))
        assert views in (self.model.views(), after.views())
        if views == after.views():
            self.model = after

    @rule(events=EVENTS, name=NAMES, ends=ENDS, statements=st.integers(0, 14), once=st.booleans())
    def fail(
        self,
        events: Sequence[tuple[str, str, str]],
        name: str,
        ends: Sequence[str | None],
        statements: int,
        once: bool,  # noqa: FBT001 - a rule is called by keyword
    ) -> None:
        """Have the disk fail within a commit while more is queued, then mend it."""
        first, second, outcomes = (
            self.entries(events),
            self.entries(events),
            self.outcomes(name, ends),
        )
        self.disk.fail_after(statements, once=once)
        told = self.run(self.at_once(first, second, name, settlement_of(outcomes)))
        stored, stored_too, settled = [error is None for error in told]
        assert all(isinstance(error, JournalUnavailable | None) for error in told)
        assert stored or not stored_too, "nothing is let in behind what failed"
        third = self.entries(events)
        refused = self.journal.unavailable() is not None
        assert refused == (not self.succeeds(appended(self.journal, third)))
        assert refused or settled
        self.disk.mend()
        self.run(self.journal.settle(name, Settlement()))
        self.run(turn())
        assert self.journal.unavailable() is None
        for entries, is_stored in ((first, stored), (second, stored_too), (third, not refused)):
            if is_stored:
                self.model.append(entries)
        if settled:
            self.learn(name, outcomes)
        else:
            self.held[name] += [pending for pending, _ in outcomes]

    async def at_once(
        self, first: Sequence[Entry], second: Sequence[Entry], name: str, settlement: Settlement
    ) -> list[BaseException | None]:
        """Queue all three in one turn of the loop; return how each ended."""
        ends = await asyncio.gather(
            self.journal.append(first),
            self.journal.append(second),
            self.journal.settle(name, settlement),
            return_exceptions=True,
        )
        return list(ends)

    @invariant()
    def says_what_the_model_says(self) -> None:
        assert self.run(views_of(self.journal)) == self.model.views()

    @invariant()
    def cursors_never_move_back(self) -> None:
        now = self.cursors()
        assert all(now[key] >= position for key, position in self.seen.items())
        self.seen = now

    def teardown(self) -> None:
        self.run(self.journal.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)

    def start(self) -> SqliteJournal:
        """Begin a life: what the senders knew is gone."""
        self.lives += 1
        journal = SqliteJournal(
            self.folder / "relay.db",
            clock=lambda: NOW_S,
            max_size_bytes=2**30,
            retention_s=86_400,
            hot_events=8,
            probe_interval_s=3_600,
            connect=connections_on(self.disk),
        )
        self.run(journal.open(DESTINATIONS))
        self.held: dict[str, list[Pending]] = {name: [] for name in DESTINATIONS}
        self.next = {
            (name, lane): journal.cursor(name, lane) for name in DESTINATIONS for lane in Lane
        }
        self.seen = dict(self.next)
        return journal

    async def crash_during(self, under_way: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(under_way)
        await asyncio.sleep(0)  # it is queued now; how far the writer gets is chance
        crashed = self.folder / str(self.lives)
        crashed.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.folder}/relay.db{suffix}", crashed / f"relay.db{suffix}")
        await task
        await self.journal.close()
        for suffix in ("", "-wal"):
            shutil.move(crashed / f"relay.db{suffix}", self.folder / f"relay.db{suffix}")

    def entries(self, events: Sequence[tuple[str, str, str]]) -> list[Entry]:
        found = []
        for event, *states in events:
            self.events += 1
            passed = {
                name: PASSED[state]
                for name, state in zip(DESTINATIONS, states, strict=True)
                if state != "waiting"
            }
            order = Order(Decimal(self.events), "USD")
            taken = conversion(f"event-{self.events}", event, order=order)
            found.append(entry_of(taken, passed, {}))
        return found

    def outcomes(self, name: str, ends: Sequence[str | None]) -> list[Outcome]:
        """Take what is settled out of what is held; None leaves an event there."""
        pairs = list(zip(self.held[name], ends, strict=False))
        self.held[name] = [pending for pending, end in pairs if end is None] + self.held[name][
            len(pairs) :
        ]
        return [(pending, end) for pending, end in pairs if end is not None]

    def learn(self, name: str, outcomes: list[Outcome]) -> None:
        for pending, end in outcomes:
            self.model.settle(name, pending.entry.conversion.event_id, end)
        self.old.append((name, outcomes))

    def cursors(self) -> dict[tuple[str, Lane], int]:
        return {key: self.journal.cursor(*key) for key in self.next}

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def succeeds(self, work: Coroutine[Any, Any, Any]) -> bool:
        try:
            self.run(work)
        except JournalUnavailable:
            return False
        return True


def settlement_of(outcomes: Sequence[Outcome]) -> Settlement:
    return Settlement(
        receipt=RECEIPT,
        delivered=[pending for pending, end in outcomes if end == "delivered"],
        dead=[Dead(pending, "platform_rejected") for pending, end in outcomes if end == "dead"],
        retry=[Retry(pending, NOW_S * 1000) for pending, end in outcomes if end == "retry"],
    )


async def appended(journal: SqliteJournal, entries: Sequence[Entry]) -> None:
    await journal.append(entries)


async def turn() -> None:
    """Let the loop run what it has queued."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


JournalMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestJournalMachine = JournalMachine.TestCase
