"""The look-up across its life: ids wait in memory, go into runs, and survive a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.event_name import Lane
from relay.journal.lookup import (
    MERGE_RUNS,
    RUN_RECORDS,
    Group,
    Kind,
    Place,
    Tail,
    build,
    merge,
    places,
    recover,
    store,
)
from tests.builders import entry
from tests.journal_seed import Seed, new_journal


@pytest.fixture
def seed(tmp_path: Path) -> Iterator[Seed]:
    with new_journal(tmp_path / "relay.db") as connection:
        yield Seed(connection)


def group(log_id: int, count: int) -> Group:
    first = (log_id - 1) * count
    return Group(log_id, Lane.MONEY, first, [(f"e{first + at}", None) for at in range(count)])


def test_a_tail_is_full_with_one_runs_worth_and_hands_out_the_oldest() -> None:
    tail = Tail()
    full = []
    for log_id in (1, 2, 3):
        tail.add(group(log_id, RUN_RECORDS // 2))
        full.append(tail.full)
    assert full == [False, True, True]
    assert [each.log_id for each in tail.oldest()] == [1, 2]


def test_a_tail_forgets_what_is_released() -> None:
    tail = Tail()
    for log_id in (1, 2, 3):
        tail.add(group(log_id, RUN_RECORDS // 2))
    tail.release(2)
    assert not tail.full
    assert [each.log_id for each in tail.oldest()] == [3]


def test_what_a_run_covers_is_released_and_found_there(seed: Seed) -> None:
    tail = Tail()
    tail.add(group(1, 50))
    run = build(tail.oldest())
    assert tail.places(Kind.EVENT, "e7") == [Place(Lane.MONEY, 7)]
    store(seed.connection, run)
    tail.release(run.last_log)
    assert not tail.places(Kind.EVENT, "e7")
    assert places(seed.connection, Kind.EVENT, "e7") == [Place(Lane.MONEY, 7)]


def test_small_runs_are_merged_once_there_are_enough(seed: Seed) -> None:
    for log_id in range(1, MERGE_RUNS + 1):
        assert merge(seed.connection) is None
        store(seed.connection, build([group(log_id, 300)]))
    merged = merge(seed.connection)
    assert merged is not None
    store(seed.connection, merged)
    assert seed.count("lookup_run") == 1
    assert merge(seed.connection) is None
    for wanted in ("e0", "e1234", f"e{MERGE_RUNS * 300 - 1}"):
        assert places(seed.connection, Kind.EVENT, wanted)


def test_after_a_restart_the_tail_holds_what_no_run_covers(seed: Seed) -> None:
    for event_id in ("a", "b"):
        seed.group(entry(event_id))
    store(seed.connection, build([Group(1, Lane.MONEY, 0, [("a", None)])]))
    tail = Tail()
    recover(seed.connection, tail)
    assert not tail.places(Kind.EVENT, "a")
    assert tail.places(Kind.EVENT, "b") == [Place(Lane.MONEY, 1)]


def test_a_restart_after_long_arrears_indexes_on_the_way(seed: Seed) -> None:
    per_group = 4_000
    for number in range(6):
        seed.group(*(entry(f"{number}-{at}") for at in range(per_group)))
    tail = Tail()
    recover(seed.connection, tail)
    assert not tail.full
    assert seed.count("lookup_run") == 1
    assert places(seed.connection, Kind.EVENT, "0-0") == [Place(Lane.MONEY, 0)]
    assert tail.places(Kind.EVENT, "5-3999") == [Place(Lane.MONEY, 6 * per_group - 1)]


def test_an_id_that_no_text_encodes_is_simply_not_found(seed: Seed) -> None:
    assert not places(seed.connection, Kind.EVENT, "\ud800")
