"""Retention beside producers: small steps, however much there is to forget.

Nobody waits for more than one of them, and the file system gets the space back.
"""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import pytest

from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.disk.connection import open_writer
from relay.journal.entry import Entry
from relay.journal.settlement import Receipt, Settlement
from relay.journal.space import retention
from relay.journal.sqlite import SqliteJournal
from relay.journal.verify.verify import verify
from tests.given.event.builders import NOW_S, conversion

pytestmark = pytest.mark.slow

EVENTS: Final = 100_000
REQUEST: Final = 25
"""Events of one request, and so of one group of the log."""
DAY_MS: Final = 86_400_000
LATER_S: Final = NOW_S + 30 * 86_400
MAX_STEP_BYTES: Final = 4 * 1024 * 1024
"""What a step may write into the write-ahead log: half of it, and a group too many in each lane."""
MAX_WAIT_S: Final = 0.25
"""For an append; a retention that forgets all in one transaction takes seconds."""
RECEIPT: Final = Receipt(at_ms=NOW_S * 1000, duration_ms=1, outcome="ok", http_status=200)


class Clock:
    """Stands still until it is moved on."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def journal_at(path: Path, clock: Clock) -> SqliteJournal:
    return SqliteJournal(path, clock=clock, max_size_bytes=2**33, retention_s=86_400)


def event(event_id: str, received_s: int = NOW_S) -> Entry:
    """Return an event of the size that shops send, some 700 bytes as it is stored."""
    page = f"https://shop.example/{'lamps/' * 70}"
    received = conversion(event_id, event_time=received_s, received_ms=received_s * 1000)
    return entry_of(msgspec.structs.replace(received, page_url=page), {})


async def fill(journal: SqliteJournal) -> None:
    """Have many events come in, in requests of a few, and be delivered."""
    for first in range(0, EVENTS, REQUEST):
        appended = journal.append([event(f"e{first + at}") for at in range(REQUEST)])
        if first % (10 * REQUEST) == 0:
            await appended
    at = 0
    while found := (await journal.read("p", Lane.MONEY, at, 100)).pending:
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
        at = found[-1].offset + 1


async def waits_s(journal: SqliteJournal, enough: Callable[[], bool]) -> list[float]:
    """Return how long appends of one event took, shortest first."""
    found: list[float] = []
    for number in itertools.count():
        begun_s = time.perf_counter()
        await journal.append([event(f"late-{number}", LATER_S)])
        found.append(time.perf_counter() - begun_s)
        if enough():
            return sorted(found)
    raise AssertionError


async def test_producers_hardly_notice_that_much_is_forgotten(tmp_path: Path) -> None:
    """The file shrinks while the relay runs, and nothing that waits is gone."""
    path, clock = tmp_path / "relay.db", Clock()
    journal = journal_at(path, clock)
    await journal.open(["p"])
    try:
        await fill(journal)
        before_bytes = path.stat().st_size
        clock.now_s = LATER_S
        upkeep = asyncio.ensure_future(journal.maintain(LATER_S * 1000))
        waits = await waits_s(journal, upkeep.done)
        await upkeep
        async with asyncio.timeout(30):
            more = await waits_s(journal, lambda: path.stat().st_size < before_bytes / 2)
        funnel = await journal.report(0)
    finally:
        await journal.close()
    assert len(waits) > 20
    assert waits[int(len(waits) * 0.99)] < MAX_WAIT_S
    assert funnel.destinations["p"].pending == len(waits) + len(more)
    assert all(each.fine for each in verify(path, lambda *_: None))


async def test_no_step_writes_more_than_a_little(tmp_path: Path) -> None:
    """Counted in the write-ahead log, to which each page that a step touches is written once."""
    path = tmp_path / "relay.db"
    journal = journal_at(path, Clock())
    await journal.open(["p"])
    try:
        await fill(journal)
    finally:
        await journal.close()
    with closing(open_writer(path, sqlite3.Connection, max_wal_bytes=2**40)) as connection:
        written = [
            bytes_written(connection, path, step)
            for step in retention.steps(["p"], DAY_MS, LATER_S * 1000)
        ]
        left = connection.execute("SELECT count(*) FROM log").fetchone()[0]
    assert left == 0
    assert sum(map(len, written)) > 50
    assert max(itertools.chain.from_iterable(written)) <= MAX_STEP_BYTES


def bytes_written(connection: sqlite3.Connection, path: Path, step: retention.Step) -> list[int]:
    """Repeat a step to its end; return what each time added to the write-ahead log."""
    wal, found, again = Path(f"{path}-wal"), [], True
    while again:
        before = wal.stat().st_size
        connection.execute("BEGIN IMMEDIATE")
        again = step(connection)
        connection.execute("COMMIT")
        found.append(wal.stat().st_size - before)
    return found
