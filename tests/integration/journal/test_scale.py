"""No query and no upkeep reads the whole of a large journal.

Nothing is timed: SQLite's own instruction count is the measure, and its query plans are read.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal import exception_row
from relay.journal.codec import entry_of
from relay.journal.dead import letters
from relay.journal.entry import Entry
from relay.journal.figures import reports
from relay.journal.find import lookup, timeline
from relay.journal.find.lookup import Kind, Place, Tail
from relay.journal.letter import DeadFilter
from relay.journal.space import retention
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import conversion
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, TIKTOK, Seed, new_journal

pytestmark = pytest.mark.slow

EVENTS: Final = 200_000
GROUP: Final = 100
DEAD: Final = 20_000
LETTERS: Final = 10_000
LARGE: Final = ("log", "receipt", "receipt_span", "dead", "lookup_run")
INSTRUCTIONS_PER_CALL: Final = 100

Question = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seed]:
    path: Path = tmp_path_factory.mktemp("scale") / "relay.db"
    with new_journal(path) as connection:
        seed = Seed(connection)
        connection.execute("BEGIN")
        fill(seed)
        lookup.recover(connection, Tail())
        connection.execute("COMMIT")
        yield seed


def fill(seed: Seed) -> None:
    for first in range(0, EVENTS, GROUP):
        seed.group(*(event(offset) for offset in range(first, first + GROUP)))
        place = Place(Lane.MONEY, first)
        seed.receipt(PINTEREST, place, first + GROUP - 1)
        seed.receipt(TIKTOK, place, first + GROUP - 1, "partial")
    for offset in range(0, EVENTS, EVENTS // DEAD):
        seed.dead(TIKTOK, Place(Lane.MONEY, offset), event(offset), dead_ms=NOW_MS + offset)
    for destination in DESTINATIONS:
        seed.cursor(destination, EVENTS // 2)


def event(offset: int) -> Entry:
    order = Order(order_id=f"order-{offset}")
    return entry_of(conversion(f"event-{offset}", received_ms=NOW_MS + offset, order=order), {})


QUESTIONS: Final[dict[str, tuple[Question, int]]] = {
    "an event": (
        lambda it: timeline.find(it, Kind.EVENT, "event-150000", [], DESTINATIONS),
        5_000,
    ),
    "an order": (lambda it: timeline.find(it, Kind.ORDER, "order-77", [], DESTINATIONS), 5_000),
    "no event": (lambda it: timeline.find(it, Kind.EVENT, "nothing", [], DESTINATIONS), 5_000),
    "a page of dead letters": (
        lambda it: letters.page(it, DeadFilter(), 100, f"{NOW_MS + EVENTS // 2}-10000"),
        # The total counts every letter, from the index.
        DEAD * 12,
    ),
    "one dead letter": (
        lambda it: letters.page(it, DeadFilter(ids=frozenset({"7"})), 100, None),
        5_000,
    ),
    "the dead letters of an event": (
        lambda it: letters.page(it, DeadFilter(event_id="event-1000"), 100, None),
        5_000,
    ),
    "what a step of a replay is about": (
        lambda it: letters.to_replay(it, DeadFilter(), None),
        100_000,
    ),
    "what a step of a replay of one destination is about": (
        lambda it: letters.to_replay(it, DeadFilter(destination=TIKTOK), None),
        100_000,
    ),
    "the report": (lambda it: reports.report(it, NOW_MS), 20_000),
    "the totals": (reports.totals, 20_000),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_costs_little_and_scans_no_large_table(seed: Seed, name: str) -> None:
    question, most = QUESTIONS[name]
    statements: list[str] = []
    instructions = cost(seed.connection, question, statements)
    assert instructions <= most
    assert not [text for text in statements if scans(seed.connection, text)]


def test_a_start_costs_what_no_run_covers_yet(seed: Seed) -> None:
    """Once a lane, not once a row of the log: with ten million events that is minutes."""
    assert cost(seed.connection, lambda it: lookup.recover(it, Tail()), []) <= 10_000


def test_upkeep_with_nothing_to_do_costs_little(seed: Seed) -> None:
    for step in retention.steps(DESTINATIONS, 10**9, NOW_MS):
        assert cost(seed.connection, step, []) <= 30_000


def test_what_is_due_at_the_same_moment_is_not_sorted_anew_at_each_look() -> None:
    """After a replay that is all of it; new events of the destination waited behind each look."""
    with new_journal() as connection:
        seed = Seed(connection)
        for offset in range(LETTERS):
            seed.retry(TIKTOK, Place(Lane.MONEY, offset), event(offset))
        found = partial(exception_row.due, destination=TIKTOK, now_ms=NOW_MS, limit=10)

        assert cost(connection, found, []) <= 5_000
        assert [each.offset for each in found(connection)] == list(range(10))


def test_relief_that_can_spare_nothing_costs_little() -> None:
    """It is tried every second as long as room is short, and producers wait for each try."""
    with new_journal() as connection:
        seed = Seed(connection)
        seed.cursor(TIKTOK, 0)
        for offset in range(LETTERS):
            seed.dead(TIKTOK, Place(Lane.MONEY, offset), event(offset), dead_ms=NOW_MS + offset)

        assert cost(connection, lambda it: retention.relieve(it, [TIKTOK]), []) <= 5_000
        assert not retention.relieve(connection, [TIKTOK])


def test_a_step_of_upkeep_costs_what_it_deletes(seed: Seed) -> None:
    seed.connection.execute("BEGIN")
    statements: list[str] = []
    instructions = cost(
        seed.connection,
        lambda it: retention.forget_events(it, DESTINATIONS, NOW_MS + EVENTS),
        statements,
    )
    seed.connection.execute("ROLLBACK")
    assert instructions <= retention.STEP_ROWS * 200
    assert not [text for text in statements if scans(seed.connection, text)]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_few_letters_among_many_are_looked_for_beside_the_writer(
    tmp_path: Path, *, dry_run: bool
) -> None:
    """With a million of them it takes seconds, in which no producer was answered."""
    path = tmp_path / "relay.db"
    with new_journal(path) as connection:
        few = Seed(connection)
        few.dead(TIKTOK, Place(Lane.MONEY, 0), event(0), "expired", dead_ms=NOW_MS)
        for offset in range(1, LETTERS):
            few.dead(TIKTOK, Place(Lane.MONEY, offset), event(offset), dead_ms=NOW_MS + offset)
    writing = Instructions()
    journal = SqliteJournal(
        path,
        clock=lambda: NOW_MS / 1000,
        max_size_bytes=2**30,
        retention_s=60,
        connect=connections_counting(writing),
    )
    await journal.open([TIKTOK])
    where = DeadFilter(destination=TIKTOK, reason="expired")
    writing.run = 0

    done = await journal.replay(where, lambda *_: "late", dry_run=dry_run)
    dropped = await journal.drop(where, note="", dry_run=dry_run)
    instructions = writing.run
    await journal.close()

    assert (done.replayed, dropped) == (1, int(dry_run))
    assert instructions <= LETTERS


class Instructions:
    """How many of SQLite's instructions the writer of a journal ran, about."""

    run = 0


def connections_counting(writing: Instructions) -> type[sqlite3.Connection]:
    def count() -> int:
        if threading.current_thread().name == "journal-writer":
            writing.run += INSTRUCTIONS_PER_CALL
        return 0

    class Counting(sqlite3.Connection):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.set_progress_handler(count, INSTRUCTIONS_PER_CALL)

    return Counting


def cost(connection: sqlite3.Connection, question: Question, statements: list[str]) -> int:
    """Return about how many instructions SQLite ran; add what it was asked to `statements`."""
    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return 0

    connection.set_progress_handler(count, INSTRUCTIONS_PER_CALL)
    connection.set_trace_callback(statements.append)
    try:
        question(connection)
    finally:
        connection.set_trace_callback(None)
        connection.set_progress_handler(None, 0)
    return calls * INSTRUCTIONS_PER_CALL


def scans(connection: sqlite3.Connection, statement: str) -> bool:
    """Whether a statement may read all of a large table's rows; an index alone is small."""
    if "LIMIT" in statement or not statement.lstrip().startswith("SELECT"):
        return False
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return any(
        f"SCAN {table}" in detail and "COVERING INDEX" not in detail
        for detail in plan
        for table in LARGE
    )
