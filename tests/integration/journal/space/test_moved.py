"""A journal whose file is taken away from a running relay: nothing is taken that would vanish."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.settlement import Receipt, Settlement
from relay.journal.space.room import GONE, UNREACHABLE
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S, entry

RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=1, outcome="ok", http_status=200)


@asynccontextmanager
async def holding_one(path: Path) -> AsyncIterator[SqliteJournal]:
    """Open a journal that has one event to send, and was read from."""
    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(["p"])
    try:
        await journal.append([entry("a")])
        await journal.totals()
        yield journal
    finally:
        await journal.close()


def move(path: Path) -> None:
    path.rename(path.with_name("away.db"))


def replace(path: Path) -> None:
    """Do what somebody does who restores a backup too early."""
    backup = path.with_name("backup.db")
    shutil.copy(path, backup)
    backup.replace(path)


def remove_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def remove_log(path: Path) -> None:
    """Do what somebody does who needs room on the disk."""
    path.with_name("relay.db-wal").unlink()


def bar(folder: Path) -> None:
    """Have nobody reach what is in a folder: whatever the user may read, the way is a circle."""
    folder.rename(folder.with_name("away"))
    folder.symlink_to(folder)


def unbar(folder: Path) -> None:
    folder.unlink()
    folder.with_name("away").rename(folder)


@pytest.mark.parametrize("take_away", [Path.unlink, move, replace, remove_folder, remove_log])
async def test_no_event_is_taken_that_would_end_with_the_process(
    tmp_path: Path, take_away: Callable[[Path], None]
) -> None:
    async with holding_one(tmp_path / "journal" / "relay.db") as journal:
        take_away(tmp_path / "journal" / "relay.db")

        with pytest.raises(JournalUnavailable, match="moved, deleted or replaced"):
            await journal.append([entry("b")])
        await journal.maintain(NOW_S * 1000)

        assert journal.unavailable() == GONE
        assert (await journal.totals()).accepted == {"p": 1}


async def test_what_was_taken_before_is_sent_and_recorded(tmp_path: Path) -> None:
    async with holding_one(tmp_path / "relay.db") as journal:
        move(tmp_path / "relay.db")

        waiting = (await journal.read("p", Lane.MONEY, 0, 9)).pending
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=waiting))

        assert (await journal.totals()).delivered == {("p", "purchase"): 1}


async def test_what_was_in_a_log_that_was_deleted_is_in_the_file_after_a_stop(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relay.db"
    async with holding_one(path) as journal:
        remove_log(path)
        assert (await journal.totals()).accepted == {"p": 1}

    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(["p"])
    assert [
        each.entry.event_id for each in (await journal.read("p", Lane.MONEY, 0, 9)).pending
    ] == ["a"]
    assert journal.unavailable() is None
    await journal.close()


async def test_once_the_file_is_back_events_are_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with holding_one(path) as journal:
        move(path)
        with pytest.raises(JournalUnavailable):
            await journal.append([entry("b")])
        path.with_name("away.db").rename(path)

        await journal.maintain(NOW_S * 1000)

        await journal.append([entry("b")])
        assert (await journal.totals()).accepted == {"p": 2}


async def test_the_first_refusal_makes_it_known(tmp_path: Path) -> None:
    """So that a probe hears of it, also where nothing is written by itself."""
    async with holding_one(tmp_path / "relay.db") as journal:
        move(tmp_path / "relay.db")
        with pytest.raises(JournalUnavailable):
            await journal.append([entry("b")])

        assert journal.unavailable() == GONE


async def test_a_file_that_is_out_of_reach_takes_nothing_and_what_was_taken_is_recorded(
    tmp_path: Path,
) -> None:
    """Of a folder without permission, or a disk that has given up: no mistake of the relay's."""
    folder = tmp_path / "journal"
    async with holding_one(folder / "relay.db") as journal:
        bar(folder)

        with pytest.raises(JournalUnavailable, match="cannot be reached"):
            await journal.append([entry("b")])
        await journal.maintain(NOW_S * 1000)
        waiting = (await journal.read("p", Lane.MONEY, 0, 9)).pending
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=waiting))

        assert journal.unavailable() == UNREACHABLE
        assert (await journal.totals()).delivered == {("p", "purchase"): 1}
        unbar(folder)
        await journal.maintain(NOW_S * 1000)
        await journal.append([entry("b")])


@pytest.mark.parametrize("take_away", [shutil.rmtree, bar])
async def test_how_full_it_is_is_told_wherever_it_is(
    tmp_path: Path, take_away: Callable[[Path], None]
) -> None:
    async with holding_one(tmp_path / "journal" / "relay.db") as journal:
        take_away(tmp_path / "journal")

        assert (await journal.space()).left_bytes == 0
