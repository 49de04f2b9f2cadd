"""What runs beside the commits: look-up runs, upkeep, readers; nobody waits for them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Passed
from relay.journal.find.lookup import RUN_EVENTS
from relay.journal.settlement import Settlement
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S, conversion, entry
from tests.given.journal.failing import Disk, connections_on
from tests.given.journal.turns import until


@asynccontextmanager
async def opened(path: Path, disk: Disk | None = None) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        path,
        clock=lambda: NOW_S,
        max_size_bytes=2**30,
        retention_s=86_400,
        probe_interval_s=0.01,
        connect=connections_on(disk or Disk()),
    )
    await journal.open(["p"])
    try:
        yield journal
    finally:
        await journal.close()


async def append(journal: SqliteJournal, first: int, count: int) -> None:
    for start in range(first, first + count, 1_000):
        await journal.append([entry(f"e{start + at}") for at in range(1_000)])


def runs(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute(
            "SELECT count(*) FROM lookup_run WHERE kind = 0"
        ).fetchone()[0]
    return count


async def test_ids_move_from_memory_into_runs(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await append(journal, 0, 2 * RUN_EVENTS)
        await until(lambda: runs(path) == 1)
        await append(journal, 2 * RUN_EVENTS, RUN_EVENTS)
        await until(lambda: runs(path) == 2)
        for name in ("e0", f"e{3 * RUN_EVENTS - 1}"):
            assert len(await journal.find(event_id=name)) == 1
    async with opened(path) as journal:
        assert len(await journal.find(event_id="e0")) == 1
        assert await journal.find(event_id="absent") == []


async def test_a_full_disk_only_delays_the_look_up(tmp_path: Path) -> None:
    path, disk = tmp_path / "relay.db", Disk()
    async with opened(path, disk) as journal:
        await append(journal, 0, RUN_EVENTS - RUN_EVENTS % 1_000)
        disk.fail_after(0)
        with pytest.raises(JournalUnavailable):
            await append(journal, RUN_EVENTS, 1_000)
        disk.mend()
        await until(lambda: journal.unavailable() is None)
        await append(journal, 2 * RUN_EVENTS, 1_000)
        await until(lambda: runs(path) == 1)
        assert len(await journal.find(event_id="e0")) == 1
        assert await journal.find(event_id=f"e{RUN_EVENTS}") == []


async def test_upkeep_and_producers_take_turns(tmp_path: Path) -> None:
    """Retention of many events is many small transactions: appends in between are stored."""
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await append(journal, 0, 10_000)
        found = (await journal.read("p", Lane.MONEY, 0, 10_000)).pending
        await journal.settle("p", Settlement(delivered=found))
        upkeep = asyncio.ensure_future(journal.maintain((NOW_S + 30 * 86_400) * 1000))
        await append(journal, 20_000, 3_000)
        await upkeep
        assert (await journal.totals()).accepted == {"p": 13_000}
        assert len((await journal.read("p", Lane.MONEY, 10_000, 5_000)).pending) == 3_000


async def test_a_reader_of_an_old_snapshot_stops_nobody(tmp_path: Path) -> None:
    """A long question of an operator, a backup: commits go on, the file stays consistent."""
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await append(journal, 0, 1_000)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN")
            before = other.execute("SELECT count(*) FROM log").fetchone()
            await append(journal, 1_000, 20_000)
            assert other.execute("SELECT count(*) FROM log").fetchone() == before
        assert len(await journal.find(event_id="e20999")) == 1


async def test_what_waits_first_is_found_in_few_reads_behind_many_that_are_passed(
    tmp_path: Path,
) -> None:
    """They were read one by one: after a crash, a look at the figures took minutes."""
    reads: list[str] = []

    class Counting(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql == "BEGIN":
                reads.append(sql)
            return super().execute(sql, *values)

    journal = SqliteJournal(
        tmp_path / "relay.db",
        clock=lambda: NOW_S,
        max_size_bytes=2**30,
        retention_s=60,
        hot_events=10,
        connect=Counting,
    )
    await journal.open(["p", "t"])
    passed = {"t": Passed("skipped", "not_mapped")}
    await journal.append([entry_of(conversion(f"e{at}"), passed) for at in range(3_000)])
    await journal.append([entry_of(conversion("last", received_ms=7), {})])
    await journal.append([entry_of(conversion(f"p{at}"), passed) for at in range(20)])
    reads.clear()

    found = await journal.oldest_pending_ms("t")
    few = len(reads)
    await journal.close()

    assert found == 7
    assert few < 20


async def test_a_journal_that_is_not_open_says_so(tmp_path: Path) -> None:
    journal = SqliteJournal(
        tmp_path / "relay.db", clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60
    )
    with pytest.raises(RuntimeError, match="not open"):
        journal.unavailable()
