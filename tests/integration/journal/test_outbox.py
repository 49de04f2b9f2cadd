"""Outcomes wait in the journal with what they tell of, and are given up last."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal import outbox
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Passed, Pending
from relay.journal.outbox import MAX_EVENTS, Backlog, End, Outcomes
from relay.journal.settlement import Dead, Receipt, Settlement
from relay.journal.space import retention
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import DIGEST, NOW_S, conversion
from tests.given.journal.seed import new_journal

NOW_MS = NOW_S * 1000
NAMES = ("p", "t")
SKIPPED = Passed("skipped", "not_mapped")
EXPIRED = Passed("dead", "expired")
RECEIPT = Receipt(at_ms=NOW_MS, duration_ms=9, outcome="ok", code="0", request_id="request-1")


async def test_each_way_to_end_is_an_outcome(tmp_path: Path) -> None:
    """By a settlement, with or without a request, or on arrival; what waits is none yet."""
    async with opened(tmp_path) as journal:
        await journal.append(
            [entry("e1"), entry("e2", t=SKIPPED), entry("e3", p=EXPIRED, t=SKIPPED), entry("e4")]
        )
        e1, e2, *_ = await pending_at(journal, "p")
        dead = Dead(e2, "platform_rejected", "4001", "too odd")
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=[e1], dead=[dead]))
        e1, *_ = await pending_at(journal, "t")
        await journal.settle("t", Settlement(dead=[Dead(e1, "expired")]))
        rows = await journal.outcomes(0, 100)
    assert {(end, ids(events)) for _, end, events in rows} == {
        (End("t", "skipped", "not_mapped", "", "", NOW_MS), ("e2", "e3")),
        (End("p", "dead", "expired", "", "", NOW_MS), ("e3",)),
        (End("p", "delivered", None, "0", "request-1", NOW_MS), ("e1",)),
        (End("p", "dead", "platform_rejected", "4001", "request-1", NOW_MS), ("e2",)),
        (End("t", "dead", "expired", "", "", NOW_MS), ("e1",)),
    }


async def test_a_settlement_that_comes_twice_is_one_outcome(tmp_path: Path) -> None:
    """An event ends once."""
    async with opened(tmp_path) as journal:
        await journal.append([entry("e1")])
        settlement = Settlement(receipt=RECEIPT, delivered=await pending_at(journal, "p"))
        await journal.settle("p", settlement)
        await journal.settle("p", settlement)
        assert await journal.outcome_backlog() == Backlog(waiting=1, lost=0)


async def test_what_is_published_is_forgotten_and_the_rest_survives(tmp_path: Path) -> None:
    """A restart goes on where it was."""
    async with opened(tmp_path) as journal:
        await journal.append([entry("e1", p=SKIPPED)])
        await journal.append([entry("e2", p=SKIPPED)])
        first, _ = await journal.outcomes(0, 100)
        await journal.outcomes_published(first.id)
    async with opened(tmp_path) as journal:
        [left] = await journal.outcomes(0, 100)
    assert ids(left.events) == ("e2",)


async def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path) -> None:
    """Outcomes cost nothing where nobody reads them."""
    async with opened(tmp_path, outcomes=False) as journal:
        await journal.append([entry("e1", p=SKIPPED), entry("e2"), entry("e3")])
        e2, e3 = await pending_at(journal, "p")
        dead = Dead(e3, "platform_rejected")
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=[e2], dead=[dead]))
        assert await journal.outcomes(0, 100) == []


@pytest.mark.parametrize("outcomes", [True, False])
async def test_an_erased_event_ended_as_dead(tmp_path: Path, *, outcomes: bool) -> None:
    async with opened(tmp_path, outcomes=outcomes) as journal:
        await journal.append([entry("e1", t=SKIPPED)])
        await journal.erase(Subject(email=frozenset([DIGEST])), journal.ends())
        ends = [row.end for row in await journal.outcomes(0, 10)]
    assert (End("p", "dead", "erased", "", "", NOW_MS) in ends) == outcomes


def test_rows_are_of_bounded_size() -> None:
    """So reading some rows is reading a bounded number of outcomes."""
    with new_journal() as connection:
        collected(MAX_EVENTS + 1).flush(connection)
        assert [len(row.events) for row in outbox.read(connection, 0, 10)] == [MAX_EVENTS, 1]


def test_for_room_the_oldest_are_given_up_and_counted() -> None:
    """It is the last thing before producers are refused."""
    with new_journal() as connection:
        for lost in (5, 10):
            collected(5).flush(connection)
            assert retention.relieve(connection, NAMES)
            assert outbox.backlog(connection) == Backlog(waiting=0, lost=lost)
        assert not retention.relieve(connection, NAMES)


def test_no_more_is_given_up_than_is_counted() -> None:
    with new_journal() as connection:
        for events in (5, 3):
            collected(events).flush(connection)
        assert outbox.give_up(connection, rows=1)
        assert outbox.backlog(connection) == Backlog(waiting=3, lost=5)


def entry(event_id: str, **passed: Passed) -> Entry:
    return entry_of(conversion(event_id), passed, {})


@asynccontextmanager
async def opened(folder: Path, *, outcomes: bool = True) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        folder / "relay.db",
        clock=lambda: float(NOW_S),
        max_size_bytes=2**30,
        retention_s=7 * 86_400,
        outcomes=outcomes,
    )
    await journal.open(NAMES)
    try:
        yield journal
    finally:
        await journal.close()


async def pending_at(journal: SqliteJournal, destination: str) -> Sequence[Pending]:
    return (await journal.read(destination, Lane.MONEY, 0, 100)).pending


def collected(events: int) -> Outcomes:
    outcomes = Outcomes(wanted=True)
    outcomes.arrived([entry(f"e{at}", p=SKIPPED) for at in range(events)], NOW_MS)
    return outcomes


def ids(events: Sequence[tuple[str, str, int]]) -> tuple[str, ...]:
    return tuple(event_id for event_id, _, _ in events)
