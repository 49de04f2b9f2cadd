"""A journal near its size limit, on a full disk, and its write-ahead log under load."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
import pytest

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.base import Journal
from relay.journal.codec import entry_of
from relay.journal.disk.connection import Connect
from relay.journal.entry import Entry, Passed, Pending
from relay.journal.letter import DeadFilter
from relay.journal.settlement import Dead, Receipt, Settlement
from relay.journal.space.relief import LOOK_INTERVAL_S
from relay.journal.space.retention import used_bytes
from relay.journal.space.room import AT_LIMIT, Look, Room
from relay.journal.sqlite import SqliteJournal
from relay.journal.verify.verify import verify
from tests.given.event.builders import NOW_S, conversion
from tests.given.journal.failing import Disk, connections_on, counting
from tests.given.journal.turns import until

MIB = 1024 * 1024
MAX_SIZE_BYTES = 4 * MIB
ENDLESS_BYTES = 2**62
OTHER_DISK = Path("/dev/shm")  # noqa: S108 - in memory, where there is one
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=1, outcome="ok", http_status=200)


class Held(NamedTuple):
    """How many events are kept of those that the journal could do without."""

    delivered: int
    expired: int

    @property
    def sum(self) -> int:
        """Both."""
        return self.delivered + self.expired


@asynccontextmanager
async def opened(
    folder: Path,
    *destinations: str,
    disk: Disk | None = None,
    hot_events: int = 100,
    connect: Connect | None = None,
    max_size_bytes: int = MAX_SIZE_BYTES,
) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        folder / "relay.db",
        clock=lambda: NOW_S,
        max_size_bytes=max_size_bytes,
        retention_s=86_400,
        hot_events=hot_events,
        probe_interval_s=0.01,
        connect=connect or connections_on(disk or Disk()),
    )
    await journal.open(destinations)
    try:
        yield journal
    finally:
        await journal.close()


def bulk(name: str) -> list[Entry]:
    """Return a hundred events, some 100 KB together."""
    page = f"https://shop.example/{'x' * 900}"
    return [
        entry_of(msgspec.structs.replace(conversion(f"{name}-{n}"), page_url=page), {}, {})
        for n in range(100)
    ]


async def fill(journal: Journal, seen: list[Held] | None = None) -> int:
    """Append until the journal refuses; return how many events it took.

    Its files are never larger than they may be, whoever reads meanwhile. What it keeps is noted in
    `seen` before each.
    """
    taken = 0
    while True:
        assert journal.size_bytes() <= MAX_SIZE_BYTES
        if seen is not None:
            seen.append(await held(journal))
        try:
            await journal.append(bulk(str(taken)))
        except JournalUnavailable:
            return taken
        taken += 100
        assert taken < 100_000


async def held(journal: Journal) -> Held:
    """Return what is kept of `delivered-…` events and of the payloads of expired ones."""
    ids = [f"delivered-{number}" for number in range(100)]
    found = [await journal.find(event_id=each) for each in ids]
    letters = await journal.dead_letters(DeadFilter(reason="expired"), limit=1_000)
    return Held(
        sum(map(len, found)),
        sum(each.replayable for each in letters.letters),
    )


async def waiting(journal: Journal, limit: int = 1_000) -> Sequence[Pending]:
    """Return what waits, from the first event on."""
    found: list[Pending] = []
    at = journal.cursor("p", Lane.MONEY)
    while len(found) < limit:
        chunk = await journal.read("p", Lane.MONEY, at, limit - len(found))
        if chunk.next == at:
            break
        found += chunk.pending
        at = chunk.next
    return found


async def test_at_its_limit_it_refuses_events_and_says_why(tmp_path: Path) -> None:
    async with opened(tmp_path, "p") as journal:
        taken = await fill(journal)
        assert taken > 1_000
        assert journal.unavailable() == "the journal is at its size limit"
        assert journal.size_bytes() <= MAX_SIZE_BYTES
        assert (await journal.totals()).accepted == {"p": taken}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read an old snapshot, as a backup does: the write-ahead log cannot be emptied meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM log").fetchone()
        yield
        other.execute("ROLLBACK")


async def test_the_limit_holds_while_somebody_reads_an_old_snapshot(tmp_path: Path) -> None:
    """Afterwards there is room again."""
    async with opened(tmp_path, "p") as journal:
        await journal.append(bulk("first"))
        with reading(tmp_path / "relay.db"):
            await fill(journal)
        await until(lambda: journal.unavailable() is None)
        assert await fill(journal) > 0


async def test_the_limit_counts_the_write_ahead_log_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "relay.db").symlink_to(tmp_path / "disk" / "relay.db")
    async with opened(tmp_path, "p") as journal:
        await journal.append(bulk("first"))
        with reading(tmp_path / "relay.db"):
            await fill(journal)
            files = [each.stat().st_size for each in (tmp_path / "disk").iterdir()]
        assert sum(files) <= MAX_SIZE_BYTES


@pytest.mark.skipif(not os.path.ismount(OTHER_DISK), reason="there is no second disk")
def test_room_is_looked_for_on_the_disk_that_a_link_leads_to(tmp_path: Path) -> None:
    with TemporaryDirectory(dir=OTHER_DISK) as folder:
        target, link = Path(folder) / "relay.db", tmp_path / "relay.db"
        link.symlink_to(target)
        found = [Room(path, ENDLESS_BYTES).left_bytes(0) for path in (link, target)]
    assert found == pytest.approx([found[1]] * 2, rel=0.01)


@pytest.mark.parametrize(
    ("share", "seen"),
    [(0.6, Look()), (0.7, Look(tight=True)), (0.8, Look(refusal=AT_LIMIT, tight=True))],
    ids=["ample", "tight", "at its limit"],
)
def test_room_is_tight_before_events_are_refused(tmp_path: Path, share: float, seen: Look) -> None:
    with closing(sqlite3.connect(tmp_path / "relay.db")) as connection:
        connection.executescript(
            "PRAGMA journal_mode = WAL; CREATE TABLE filling (bytes);"
            f" INSERT INTO filling VALUES (zeroblob({MIB})); PRAGMA wal_checkpoint(TRUNCATE)"
        )
        used = used_bytes(connection)
        room = Room(tmp_path / "relay.db", round(used / share))
        assert room.look(connection) == seen._replace(used_bytes=used)


async def test_a_start_at_the_limit_refuses_the_first_event(tmp_path: Path) -> None:
    async with opened(tmp_path, "p") as journal:
        taken = await fill(journal)
    async with opened(tmp_path, "p") as journal:
        assert journal.unavailable() == "the journal is at its size limit"
        with pytest.raises(JournalUnavailable):
            await journal.append(bulk("more"))
        assert (await journal.totals()).accepted == {"p": taken}
        assert (await journal.space()).left_bytes == 0


async def test_at_its_limit_deliveries_are_still_recorded(tmp_path: Path) -> None:
    async with opened(tmp_path, "p") as journal:
        await fill(journal)
        for _ in range(100):
            for each in await waiting(journal):
                settlement = Settlement(receipt=RECEIPT, delivered=[each])
                await journal.settle("p", settlement)
                break
        assert journal.cursor("p", Lane.MONEY) == 100
        assert journal.size_bytes() <= MAX_SIZE_BYTES


async def test_delivered_events_go_first_then_expired_ones_then_producers_wait(
    tmp_path: Path,
) -> None:
    """Whatever still has to be sent is never among what goes."""
    seen: list[Held] = []
    async with opened(tmp_path, "p") as journal:
        await journal.append(bulk("expired"))
        expired = [Dead(each, "expired") for each in await waiting(journal)]
        await journal.settle("p", Settlement(dead=expired))
        await journal.append(bulk("delivered"))
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=await waiting(journal)))
        await journal.append(bulk("rejected"))
        rejected = [Dead(each, "platform_rejected") for each in await waiting(journal)]
        await journal.settle("p", Settlement(dead=rejected))
        taken = await fill(journal, seen)
        async with asyncio.timeout(30):
            while (await held(journal)).sum:
                taken += await fill(journal)
        assert len(await waiting(journal, 10_000)) == taken
        letters = await journal.dead_letters(DeadFilter(), limit=1_000)
        assert {each.reason for each in letters.letters if each.replayable} == {"platform_rejected"}
        assert letters.total >= 100
    assert seen[0] == (100, 100)
    assert all(each.expired == 100 for each in seen if each.delivered)


async def test_events_that_expire_at_the_limit_make_room_by_themselves(tmp_path: Path) -> None:
    """They take less than before, and in the end nothing: producers are let in again."""
    async with opened(tmp_path, "p", "q") as journal:
        taken = await fill(journal)
        for name in ("p", "q"):
            while found := await unsettled(journal, name):
                await journal.settle(name, Settlement(dead=[Dead(e, "expired") for e in found]))
                assert journal.size_bytes() <= MAX_SIZE_BYTES
        await until(lambda: journal.unavailable() is None)
        await journal.append(bulk("after"))
        assert (await journal.totals()).dead == {(name, "expired"): taken for name in ("p", "q")}
        assert journal.size_bytes() <= MAX_SIZE_BYTES
    assert [each.message for each in verify(tmp_path / "relay.db", ignore) if not each.fine] == []


def ignore(*_: object) -> None:
    """Watch nothing."""


async def unsettled(journal: Journal, name: str) -> Sequence[Pending]:
    start = journal.cursor(name, Lane.MONEY)
    return (await journal.read(name, Lane.MONEY, start, 100)).pending


async def test_letters_that_are_dropped_make_room(tmp_path: Path) -> None:
    async with opened(tmp_path, "p") as journal:
        for number in range(10):
            await journal.append(bulk(str(number)))
            rejected = [Dead(each, "platform_rejected") for each in await unsettled(journal, "p")]
            await journal.settle("p", Settlement(dead=rejected))
        await fill(journal)
        await journal.drop(DeadFilter(), note="", dry_run=False)
        await until(lambda: journal.unavailable() is None)
        await journal.append(bulk("after"))
        assert journal.size_bytes() <= MAX_SIZE_BYTES


async def test_delivered_events_make_room_by_themselves(tmp_path: Path) -> None:
    """Whatever the retention says, and without waiting for the next upkeep."""
    async with opened(tmp_path, "p") as journal:
        taken = await fill(journal)
        while found := await waiting(journal):
            await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
        await until(lambda: journal.unavailable() is None)
        await journal.append(bulk("after"))
        assert (await journal.totals()).accepted == {"p": taken + 100}


async def test_a_limit_that_was_lowered_holds_for_the_file_as_well(tmp_path: Path) -> None:
    """Spare pages, of which a large journal keeps some, are no use beyond it."""
    async with opened(tmp_path, "p") as journal:
        await fill(journal)
        while found := await waiting(journal):
            await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
    async with opened(tmp_path, "p", max_size_bytes=MIB) as journal:
        assert journal.size_bytes() > MIB
        await until(lambda: journal.unavailable() is None)
        await journal.maintain(NOW_S * 1000)
        assert await journal.find(event_id="0-0") == []
    assert (tmp_path / "relay.db").stat().st_size <= MIB


async def test_no_more_is_deleted_than_makes_room(tmp_path: Path) -> None:
    """What was delivered can be looked up for as long as it does no harm."""
    async with opened(tmp_path, "p") as journal:
        taken = await fill(journal)
        while found := await waiting(journal):
            await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
        await until(lambda: journal.unavailable() is None)
        for _ in range(50):
            await journal.progress()  # a step of the relief would go into each of these commits
        ids = [f"{first}-0" for first in range(0, taken, 100)]
        kept = [each for each in ids if await journal.find(event_id=each)]
        assert len(ids) / 4 < len(kept) < len(ids)
        assert kept == ids[-len(kept) :]


async def test_where_nothing_can_be_spared_it_looks_again_only_after_a_while(
    tmp_path: Path,
) -> None:
    """Each look is a commit, which producers and deliveries would wait for."""
    looks: list[str] = []
    connect = counting(looks, lambda sql: "FROM cursor WHERE lane" in sql)
    async with opened(tmp_path, "p", connect=connect) as journal:
        await fill(journal)
        looks.clear()
        began = asyncio.get_running_loop().time()
        for _ in range(200):
            await journal.progress()
        took_s = asyncio.get_running_loop().time() - began
    assert len(looks) <= (2 + took_s / LOOK_INTERVAL_S) * len(Lane)


async def test_under_steady_delivery_the_limit_is_never_felt(tmp_path: Path) -> None:
    """Several times its size passes through."""
    async with opened(tmp_path, "p") as journal:
        for turn in range(120):
            await journal.append(bulk(str(turn)))
            found = await waiting(journal)
            await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
        assert journal.size_bytes() <= MAX_SIZE_BYTES
        assert (await journal.totals()).delivered == {("p", "purchase"): 12_000}


async def test_a_full_disk_is_told_and_forgotten_when_there_is_room(tmp_path: Path) -> None:
    disk = Disk()
    async with opened(tmp_path, "p", disk=disk) as journal:
        await journal.append(bulk("before"))
        disk.fail_after(2)
        with pytest.raises(JournalUnavailable, match="full"):
            await journal.append(bulk("lost"))
        assert journal.unavailable() is not None
        disk.mend()
        await until(lambda: journal.unavailable() is None)
        await journal.append(bulk("after"))
        assert (await journal.totals()).accepted == {"p": 200}
        assert await journal.find(event_id="lost-1") == []


async def test_upkeep_waits_while_the_disk_is_full(tmp_path: Path) -> None:
    disk = Disk()
    async with opened(tmp_path, "p", disk=disk) as journal:
        await journal.append(bulk("waits"))
        disk.fail_after(0)
        await journal.maintain(NOW_S * 1000)
        disk.mend()
        assert len(await waiting(journal)) == 100


async def append_at_last(journal: Journal, entries: Sequence[Entry]) -> None:
    """Append as a producer does: what is refused comes again, once there is room."""
    while True:
        try:
            await journal.append(entries)
        except JournalUnavailable:
            await asyncio.sleep(0)
        else:
            return


async def test_the_write_ahead_log_stays_small(tmp_path: Path) -> None:
    """Checkpoints run beside the commits; the log never grows far beyond its bound."""
    sizes: list[int] = []
    async with opened(tmp_path, "p") as journal:
        for turn in range(60):
            await append_at_last(journal, bulk(str(turn)))
            await journal.settle("p", Settlement(delivered=await waiting(journal)))
            sizes.append((tmp_path / "relay.db-wal").stat().st_size)
    assert max(sizes) < MAX_SIZE_BYTES / 2


async def test_a_disk_that_fails_at_the_start_is_told_in_words(tmp_path: Path) -> None:
    """Nothing is left locked, so that the next start succeeds."""
    disk = Disk()
    disk.fail_after(0)
    with pytest.raises(JournalUnavailable, match="full"):
        async with opened(tmp_path, "p", disk=disk):
            pass
    disk.mend()
    async with opened(tmp_path, "p", disk=disk) as journal:
        await journal.append(bulk("after"))


async def test_passed_events_are_read_again_if_the_disk_fails_at_the_end(tmp_path: Path) -> None:
    disk = Disk()
    async with opened(tmp_path, "p", disk=disk) as journal:
        passed = {"p": Passed("skipped", "not_mapped")}
        await journal.append([entry_of(conversion("a"), passed, {})])
        assert list(await waiting(journal)) == []
        assert journal.cursor("p", Lane.MONEY) == 1
        disk.fail_after(0)
    disk.mend()
    async with opened(tmp_path, "p", disk=disk) as journal:
        assert journal.cursor("p", Lane.MONEY) == 0
        assert list(await waiting(journal)) == []
        assert journal.cursor("p", Lane.MONEY) == 1
