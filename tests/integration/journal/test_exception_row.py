"""Events that wait for a moment of their own, each in a row."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relay.delivery import DeadReason
from relay.event_name import Lane
from relay.journal.exception_row import LONGEST_WAIT_MS, add_dead, add_retries, due
from relay.journal.settlement import Dead, Retry, Settlement
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S, entry, pending
from tests.given.journal.seed import NOW_MS, new_journal


async def test_a_row_that_was_damaged_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once, and goes on to wait; the others are sent."""
    path = tmp_path / "relay.db"
    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(["p"])
    await journal.append([entry(name) for name in "abc"])
    waiting = (await journal.read("p", Lane.MONEY, 0, 3)).pending
    await journal.settle("p", Settlement(retry=[Retry(each, NOW_MS) for each in waiting]))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE retry SET entry = x'9107' WHERE position = 1")

    due = [await journal.due("p", NOW_MS, 10) for _ in range(2)]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE retry SET entry = x'9107' WHERE position = 0")
    risk = await journal.risk("p")
    await journal.close()

    assert [each.event_id for each in risk.oldest] == ["c"]
    assert [[each.entry.event_id for each in found] for found in due] == [["a", "", "c"]] * 2
    assert [each.entry.is_damaged for each in due[0]] == [False, True, False]
    assert [each.message for each in caplog.records] == [
        "events of the journal cannot be read: run `relay journal check`"
    ]


@pytest.mark.parametrize(
    ("spare", "kept"),
    [(False, ["expired", "platform_rejected"]), (True, ["platform_rejected"])],
)
def test_to_spare_room_only_expired_events_go_without_payload_and_words(
    *, spare: bool, kept: list[str]
) -> None:
    reasons: tuple[DeadReason, ...] = ("expired", "platform_rejected")
    dead = [Dead(pending(at), reason, "1", "words") for at, reason in enumerate(reasons)]
    with new_journal() as connection:
        add_dead(connection, "p", dead, NOW_MS, spare=spare)
        for each in ("entry IS NOT NULL", "message <> ''"):
            rows = connection.execute(f"SELECT reason FROM dead WHERE {each} ORDER BY id")
            assert [reason for (reason,) in rows] == kept


def test_no_more_are_due_than_asked_for_also_of_those_that_a_clock_dated_ahead() -> None:
    ahead_ms = NOW_MS + LONGEST_WAIT_MS + 1
    moments = (NOW_MS, ahead_ms, ahead_ms)
    with new_journal() as connection:
        add_retries(connection, "p", [Retry(pending(at), ms) for at, ms in enumerate(moments)])
        assert [each.offset for each in due(connection, "p", NOW_MS, 2)] == [0, 1]
