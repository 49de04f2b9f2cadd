"""`relay journal` as a process: exit codes, one line a check, one line a fault, and backups."""

import json
import resource
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from relay.journal.sqlite import SqliteJournal
from tests.given.command.process import Ended, Shop, assert_one_line, command, unmeasured
from tests.given.event.builders import NOW_S, entry

CONFIG = '[journal]\npath = "shop.db"\n'


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.of(tmp_path)
    shop.folder.joinpath("relay.toml").write_text(CONFIG)
    return shop


async def journal_at(path: Path) -> None:
    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(["pinterest-main"])
    await journal.append([entry(name) for name in "abc"])
    await journal.close()


def with_small_files(shop: Shop, *arguments: str) -> Ended:
    """Run a command whose files cannot grow beyond 64 KiB: a full disk that needs no disk."""
    limits = (65_536, 65_536)
    done = subprocess.run(
        command(*arguments),
        cwd=shop.folder,
        env=unmeasured(shop.environment({})),
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


async def test_a_fine_journal_gets_a_line_for_each_check_and_0(shop: Shop) -> None:
    await journal_at(shop.folder / "shop.db")

    ended = shop.run("journal", "check")

    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert "3 events in the log: fine" in lines
    assert "3 waiting at pinterest-main, 3 accounted for: fine" in lines
    assert all(line.endswith(": fine") for line in lines)


async def test_a_fault_is_a_line_with_its_fix_and_1(shop: Shop) -> None:
    await journal_at(shop.folder / "shop.db")
    with closing(sqlite3.connect(shop.folder / "shop.db", isolation_level=None)) as connection:
        connection.execute("UPDATE total SET count = 5 WHERE kind = 'accepted'")

    ended, told = shop.run("journal", "check"), shop.run("journal", "check", "--json")

    assert ended.code == told.code == 1
    [line] = ended.err.splitlines()
    assert line.startswith("relay: pinterest-main: 3 wait, but 5 should")
    assert "report it" in line
    assert "3 events in the log: fine" in ended.out
    answer = json.loads(told.out)
    assert (answer["file"], answer["valid"], told.err) == ("shop.db", False, "")
    assert [each["check"] for each in answer["findings"] if not each["fine"]] == ["destination"]


def test_a_missing_journal_is_one_line_and_1(shop: Shop) -> None:
    ended = shop.run("journal", "check")

    assert (ended.code, ended.out) == (1, "")
    [line] = ended.err.splitlines()
    assert line.startswith("relay: shop.db: is not there; start the relay once")
    assert not (shop.folder / "shop.db").exists()


@pytest.mark.parametrize("arguments", [["-c", "other.toml"], ["--deep"], ["shop.db"]])
def test_wrong_usage_is_one_line_and_2(shop: Shop, arguments: list[str]) -> None:
    ended = shop.run("journal", "check", *arguments)

    assert (ended.code, len(ended.err.splitlines())) == (2, 1)


def test_the_journal_of_a_sandbox_is_verified_while_it_runs_and_after(tmp_path: Path) -> None:
    """It needs no configuration, and is never taken for the real one."""
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox") as relay:
        running = shop.run("journal", "check", "--sandbox")
        assert relay.end() == 0
    stopped = shop.run("journal", "check", "--sandbox")
    real = shop.run("journal", "check")

    assert running.code == stopped.code == 0, running
    assert "data/relay.db.sandbox" in stopped.out
    assert sorted(each.name for each in (tmp_path / "data").iterdir()) == [
        "relay.db.sandbox",
        "relay.db.sandbox.lock",
    ]
    assert real.code == 2


@pytest.mark.parametrize("spoil", ["text", "damage", "newer"])
async def test_a_relay_does_not_start_on_what_it_cannot_read(shop: Shop, spoil: str) -> None:
    """One line that says what to do, and the file as it was."""
    path = shop.folder / "shop.db"
    await journal_at(path)
    if spoil == "text":
        path.write_text("conversions of 2025")
    elif spoil == "damage":
        path.write_bytes(path.read_bytes()[:30_000])
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()

    ended = shop.run("serve")

    assert (ended.code, ended.out) == (1, "")
    [line] = [line for line in ended.err.splitlines() if not line.startswith("{")]
    assert line.startswith(f"relay: {'shop.db'}: ")
    assert {"text": "move it, or set", "damage": "restore a backup", "newer": "install that"}[
        spoil
    ] in line
    assert path.read_bytes() == before


async def test_a_backup_says_what_it_holds(shop: Shop) -> None:
    await journal_at(shop.folder / "shop.db")

    ended = shop.run("journal", "backup", "copy.db")
    again = shop.run("journal", "backup", "copy.db")
    told = shop.run("journal", "backup", "other.db", "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("copy.db: 3 events in the log, 0.")
    assert (again.code, again.out) == (2, "")
    assert again.err == "relay: copy.db: is there already; choose another file, or move it away\n"
    answer = json.loads(told.out)
    size_bytes = (shop.folder / "other.db").stat().st_size
    assert answer == {"file": "other.db", "events": 3, "size_bytes": size_bytes}


async def test_whoever_wants_a_backup_on_stdout_is_refused(shop: Shop) -> None:
    """A pipe would get one line of text and look like a backup."""
    await journal_at(shop.folder / "shop.db")

    assert_one_line(shop.run("journal", "backup", "-"), 2, "stdout", "name a file")
    assert not (shop.folder / "-").exists()


async def test_a_full_disk_of_the_backup_is_one_line_and_leaves_nothing(shop: Shop) -> None:
    await journal_at(shop.folder / "shop.db")

    ended = with_small_files(shop, "journal", "backup", "copy.db")

    assert (ended.code, ended.out) == (1, "")
    [line] = ended.err.splitlines()
    assert "check both disks" in line or "disk of the backup is full" in line
    assert sorted(each.name for each in shop.folder.iterdir()) == [
        "relay.toml",
        "shop.db",
        "shop.db.lock",
    ]
