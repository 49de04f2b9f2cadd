"""A copy of the journal: whole, of one moment, whatever the relay writes meanwhile."""

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from relay.errors import ConfigError, JournalDamaged, RelayError
from relay.event_name import Lane
from relay.journal.disk.backup import ABANDONED_S, STEP_PAGES, UNFINISHED, back_up
from relay.journal.settlement import Receipt, Settlement
from relay.journal.sqlite import SqliteJournal
from relay.journal.verify.verify import verify
from tests.given.event.builders import NOW_S, entry

PAGE_BYTES = 4_096
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=1, outcome="ok", http_status=200)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=86_400, hot_events=10
    )
    await journal.open(["p", "t"])
    try:
        yield journal
    finally:
        await journal.close()


async def append(journal: SqliteJournal, first: int, count: int) -> None:
    await journal.append([entry(f"e{number}") for number in range(first, first + count)])


async def waiting(path: Path) -> list[str]:
    async with opened(path) as journal:
        found = await journal.read("p", Lane.MONEY, journal.cursor("p", Lane.MONEY), 100_000)
        return [each.entry.event_id for each in found.pending]


def ignore(step: str, done: int, total: int | None) -> None:
    """Watch nothing."""


def left_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    folder.mkdir()
    return folder


async def test_a_copy_beside_a_running_relay_holds_what_was_stored(
    tmp_path: Path, vault: Path
) -> None:
    """Sums, cursors and receipts included; only the copy is left, for its owner alone."""
    async with opened(tmp_path / "relay.db") as journal:
        await append(journal, 0, 50)
        found = (await journal.read("p", Lane.MONEY, 0, 20)).pending
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
        done = back_up(tmp_path / "relay.db", vault / "copy.db", ignore)
    assert (done.events, left_in(vault)) == (50, ["copy.db"])
    assert stat.S_IMODE((vault / "copy.db").stat().st_mode) == 0o600
    assert all(each.fine for each in verify(vault / "copy.db", ignore))
    assert await waiting(vault / "copy.db") == [f"e{number}" for number in range(20, 50)]


async def test_a_link_leads_to_all_that_a_running_relay_has_stored(
    tmp_path: Path, vault: Path
) -> None:
    """The write-ahead log is where the link leads to: it was missed, and with it the latest."""
    (tmp_path / "disk").mkdir()
    link = tmp_path / "relay.db"
    link.symlink_to(tmp_path / "disk" / "relay.db")
    async with opened(link) as journal:
        await append(journal, 0, 20)

        done = back_up(link, vault / "copy.db", ignore)
        found = {each.check: each.message for each in verify(link, ignore)}

    assert done.events == 20
    assert "20 events" in found["log"]


async def test_commits_during_the_copy_neither_enter_it_nor_begin_it_anew(
    tmp_path: Path, vault: Path
) -> None:
    """A commit after every step: a copy that begins anew with each would never end."""
    path, steps = tmp_path / "relay.db", 0
    async with opened(path) as journal:
        for first in range(0, 60_000, 10_000):
            await append(journal, first, 10_000)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:

            def commit(step: str, done: int, total: int | None) -> None:
                nonlocal steps
                steps += 1
                assert done <= (total or 0)
                other.execute(
                    "INSERT INTO log (lane, first, count, received_ms, entries)"
                    " VALUES (0, ?, 1, 0, x'90')",
                    (1_000_000 + steps,),
                )

            pages = other.execute("PRAGMA page_count").fetchone()[0]
            done = back_up(path, vault / "copy.db", commit)
            other.execute("DELETE FROM log WHERE first > 1000000")
    assert pages > STEP_PAGES
    assert steps <= pages // STEP_PAGES + 2  # one more for the rest, one for the verification
    assert done.events == 60_000
    assert all(each.fine for each in verify(vault / "copy.db", ignore))


async def test_a_journal_at_rest_is_copied_without_a_file_beside_it(
    tmp_path: Path, vault: Path
) -> None:
    async with opened(tmp_path / "relay.db") as journal:
        await append(journal, 0, 3)
    before = left_in(tmp_path)
    back_up(tmp_path / "relay.db", vault / "copy.db", ignore)
    assert left_in(tmp_path) == before
    assert await waiting(vault / "copy.db") == ["e0", "e1", "e2"]


async def test_what_a_killed_relay_left_in_the_write_ahead_log_is_copied(
    tmp_path: Path, vault: Path
) -> None:
    async with opened(tmp_path / "relay.db") as journal:
        await append(journal, 0, 3)
        killed = tmp_path / "killed"
        killed.mkdir()
        for name in ("relay.db", "relay.db-wal"):
            shutil.copy(tmp_path / name, killed / name)
    back_up(killed / "relay.db", vault / "copy.db", ignore)
    assert await waiting(vault / "copy.db") == ["e0", "e1", "e2"]


async def test_a_relay_that_is_started_meanwhile_makes_it_begin_anew(
    tmp_path: Path, vault: Path
) -> None:
    """The file at rest was read without a lock, so the first try is worth nothing."""
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await append(journal, 0, 3)
    begun: list[sqlite3.Connection] = []

    def start(step: str, done: int, total: int | None) -> None:
        if not begun:
            begun.append(sqlite3.connect(path, isolation_level=None))
            begun[0].execute("UPDATE log_end SET next = next")

    try:
        back_up(path, vault / "copy.db", start)
    finally:
        begun[0].close()
    assert await waiting(vault / "copy.db") == ["e0", "e1", "e2"]


async def test_nothing_is_overwritten(tmp_path: Path, vault: Path) -> None:
    async with opened(tmp_path / "relay.db"):
        pass
    (vault / "copy.db").write_text("last week's")
    with pytest.raises(ConfigError, match="is there already"):
        back_up(tmp_path / "relay.db", vault / "copy.db", ignore)
    with pytest.raises(ConfigError, match="is there already"):
        back_up(tmp_path / "relay.db", tmp_path / "relay.db", ignore)
    assert (vault / "copy.db").read_text() == "last week's"


async def test_a_name_that_is_taken_meanwhile_is_not_overwritten(
    tmp_path: Path, vault: Path
) -> None:
    async with opened(tmp_path / "relay.db"):
        pass
    target = vault / "copy.db"
    with pytest.raises(ConfigError, match="is there already"):
        back_up(tmp_path / "relay.db", target, lambda *_: target.touch())
    assert left_in(vault) == ["copy.db"]
    assert target.stat().st_size == 0


async def test_a_disk_without_links_takes_a_copy_as_well(tmp_path: Path, vault: Path) -> None:
    """Such as a USB stick, or a bucket that is mounted."""
    async with opened(tmp_path / "relay.db") as journal:
        await append(journal, 0, 5)

    def refuse(fresh: Path, target: Path) -> None:
        assert (fresh.parent, target.parent) == (vault, vault)
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    back_up(tmp_path / "relay.db", vault / "copy.db", ignore, link=refuse)
    late = vault / "late.db"
    with pytest.raises(ConfigError, match="is there already"):
        back_up(tmp_path / "relay.db", late, lambda *_: late.touch(), link=refuse)
    late.unlink()

    assert left_in(vault) == ["copy.db"]
    assert stat.S_IMODE((vault / "copy.db").stat().st_mode) == 0o600
    assert await waiting(vault / "copy.db") == [f"e{number}" for number in range(5)]


async def test_a_copy_that_is_broken_off_leaves_nothing(tmp_path: Path, vault: Path) -> None:
    async with opened(tmp_path / "relay.db"):
        pass

    def interrupt(step: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(tmp_path / "relay.db", vault / "copy.db", interrupt)
    assert left_in(vault) == []


async def test_what_a_killed_backup_left_is_deleted_by_the_next_one(
    tmp_path: Path, vault: Path
) -> None:
    """It holds personal data, and nobody sees it; a copy that is being made is left alone."""
    async with opened(tmp_path / "relay.db"):
        pass
    killed = vault / f".monday.db.abc{UNFINISHED}"
    under_way = vault / f".tuesday.db.abc{UNFINISHED}"
    for each in (killed, under_way):
        each.write_bytes(b"half a copy")
    changed_s = under_way.stat().st_mtime
    for each, ago_s in ((killed, ABANDONED_S + 60), (under_way, ABANDONED_S - 60)):
        os.utime(each, (changed_s - ago_s,) * 2)
    back_up(tmp_path / "relay.db", vault / "copy.db", ignore)
    assert left_in(vault) == [under_way.name, "copy.db"]


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path / "relay.db"):
        pass
    with pytest.raises(ConfigError, match=r"absent/copy.db: cannot be written \(no such file"):
        back_up(tmp_path / "relay.db", tmp_path / "absent" / "copy.db", ignore)


async def test_a_name_that_no_disk_takes_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path / "relay.db"):
        pass
    with pytest.raises(ConfigError, match=r"cannot be written \(file name too long\)"):
        back_up(tmp_path / "relay.db", tmp_path / ("a" * 300), ignore)


async def test_the_watcher_hears_of_the_copy_and_then_of_its_verification(
    tmp_path: Path, vault: Path
) -> None:
    async with opened(tmp_path / "relay.db"):
        pass
    heard: list[tuple[str, int, int | None]] = []
    back_up(tmp_path / "relay.db", vault / "copy.db", lambda *told: heard.append(told))
    pages = (vault / "copy.db").stat().st_size // PAGE_BYTES
    assert heard == [("Copying the journal", pages, pages), ("Verifying the copy", 0, None)]


async def test_a_damaged_page_that_only_the_verification_reads_makes_no_backup(
    tmp_path: Path, vault: Path
) -> None:
    """All of its bytes can be copied, and the log can be counted."""
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as other:
        find = "SELECT rootpage FROM sqlite_schema WHERE name = 'rejection'"
        [page] = other.execute(find).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xaa" * PAGE_BYTES)
    with pytest.raises(JournalDamaged, match="is damaged, and no backup was made"):
        back_up(path, vault / "copy.db", ignore)
    assert left_in(vault) == []


async def test_a_journal_that_cannot_be_opened_is_not_called_damaged(
    tmp_path: Path, vault: Path
) -> None:
    """Such as where the write-ahead log is a link, which SQLite does not follow."""
    async with opened(tmp_path / "relay.db"):
        pass
    (tmp_path / "elsewhere").touch()
    (tmp_path / "relay.db-wal").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RelayError, match=r"cannot be copied \(SQLITE_CANTOPEN\)") as raised:
        back_up(tmp_path / "relay.db", vault / "copy.db", ignore)
    assert not isinstance(raised.value, JournalDamaged)
    assert left_in(vault) == []


async def test_a_damaged_journal_is_no_backup(tmp_path: Path, vault: Path) -> None:
    """It would be kept in the place of one that is sound."""
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await append(journal, 0, 1_000)
    content = path.read_bytes()
    for damaged in (content[: 20 * 4096], content[:8192] + b"\xff" * 4096 + content[12288:]):
        path.write_bytes(damaged)
        with pytest.raises(JournalDamaged, match="is damaged, and no backup was made"):
            back_up(path, vault / "copy.db", ignore)
    assert (left_in(vault), path.read_bytes()) == ([], damaged)


@pytest.mark.parametrize("content", [None, b"[server]"])
def test_what_is_no_journal_is_not_copied(
    tmp_path: Path, vault: Path, content: bytes | None
) -> None:
    path = tmp_path / "relay.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RelayError, match=r"is not there; start|is no journal of the relay; start"):
        back_up(path, vault / "copy.db", ignore)
    assert left_in(vault) == []
