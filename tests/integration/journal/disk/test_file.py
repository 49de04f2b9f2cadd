"""The journal's file: who may read it, who may use it, and what is never touched."""

import hashlib
import os
import random
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pytest

from relay.errors import ConfigError, JournalDamaged, JournalUnavailable, RelayError
from relay.event_name import Lane
from relay.journal.disk.connection import Connect
from relay.journal.disk.file import claim
from relay.journal.disk.upgrades import FIRST_VERSION, VERSION, tables
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S, entry

ANOTHER: Final = 65_534
"""The user that owns nothing."""
WAL_AT: Final = slice(18, 20)
"""Where the head of a file says that it has a write-ahead log."""


class OnFullDisk(sqlite3.Connection):
    """Fails as SQLite does where nothing can be added to a file."""

    code = sqlite3.SQLITE_IOERR_SHMSIZE

    def execute(self, *arguments: object) -> sqlite3.Cursor:
        del arguments
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = self.code
        raise error


class LockedOut(OnFullDisk):
    """Fails as SQLite does where another program has the file to itself."""

    code = sqlite3.SQLITE_BUSY


def journal_at(path: Path, connect: Connect = sqlite3.Connection) -> SqliteJournal:
    return SqliteJournal(
        path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=86_400, connect=connect
    )


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = journal_at(path)
    await journal.open(["p"])
    try:
        yield journal
    finally:
        await journal.close()


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content(path: Path) -> bytes:
    return path.read_bytes()


def hashes(folder: Path) -> dict[str, str]:
    """Return the digests of a journal's files, but for those that only tell who uses it."""
    return {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in folder.iterdir()
        if not each.name.endswith((".lock", "-shm"))
    }


async def read_all(path: Path) -> str | None:
    """Read a thousand events from a journal; or return why it is not opened."""
    try:
        async with opened(path) as journal:
            assert len((await journal.read("p", Lane.MONEY, 0, 2_000)).pending) == 1_000
    except JournalDamaged as refusal:
        return str(refusal)
    return None


def spoil_page(connection: sqlite3.Connection) -> None:
    """Have a page say of another one what is not so."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema"
        " WHERE name = 'total') WHERE name = 'cursor'"
    )


def spoil_event(connection: sqlite3.Connection) -> None:
    """Have an order be a number, which only who asks for the order comes upon."""
    row, data = connection.execute("SELECT id, entries FROM log ORDER BY id DESC").fetchone()
    [[conversion, passed]] = msgspec.msgpack.decode(data)
    conversion[6] = 7
    spoilt = msgspec.msgpack.encode([[conversion, passed]])
    connection.execute("UPDATE log SET entries = ? WHERE id = ?", (spoilt, row))


def spoil_version(connection: sqlite3.Connection) -> None:
    """Have a newer relay write to it."""
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")


SPOILERS: Final[dict[str, Callable[[sqlite3.Connection], None]]] = {
    "page": spoil_page,
    "version": spoil_version,
}


async def refusal(path: Path) -> str:
    """Return what opening says, and see that it left the file as it was."""
    before = content(path)
    with pytest.raises(RelayError) as raised:
        await journal_at(path).open(["p"])
    assert content(path) == before
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, JournalDamaged)
    return str(raised.value)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_only_the_relays_user_can_read_its_files(tmp_path: Path, mask: int) -> None:
    """From creation on, whatever the umask, and in a folder that nobody else can enter."""
    with umask(mask):
        path = tmp_path / "made" / "data" / "relay.db"
        async with opened(path) as journal:
            await journal.append([entry()])
            files = {each.name: mode(each) for each in path.parent.iterdir()}
    assert files == dict.fromkeys(
        ["relay.db", "relay.db-wal", "relay.db-shm", "relay.db.lock"], 0o600
    )
    assert mode(path.parent) == 0o700


@pytest.mark.parametrize("given", [0o644, 0o400], ids=["read by others", "for reading only"])
async def test_the_files_of_a_restored_backup_get_the_mode_that_they_need(
    tmp_path: Path, given: int
) -> None:
    """They often have that of whoever restored them, and SQLite's own files would get it as well.

    With an index for reading only, no start would succeed.
    """
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    path.chmod(given)
    (tmp_path / "relay.db-shm").touch(given)
    async with opened(path) as journal:
        await journal.append([entry()])
        files = [tmp_path / f"relay.db{suffix}" for suffix in ("", "-wal", "-shm")]
        assert set(map(mode, files)) == {0o600}


async def test_after_closing_the_file_is_whole_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path / "relay.db") as journal:
        await journal.append([entry("a")])
    assert not (tmp_path / "relay.db-wal").exists()
    shutil.copy(tmp_path / "relay.db", tmp_path / "copy.db")
    async with opened(tmp_path / "copy.db") as journal:
        assert len((await journal.read("p", Lane.MONEY, 0, 10)).pending) == 1


@pytest.mark.parametrize("table", sorted(tables(VERSION) - {"sqlite_sequence"}))
async def test_a_journal_without_one_of_its_tables_is_damaged(tmp_path: Path, table: str) -> None:
    """It is said at the start, not by the first request that needs it."""
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP TABLE {table}")

    assert await refusal(path) == (
        f"{path}: is damaged (no table {table}), or from before the first release;"
        " restore a backup, or have the version that wrote it send what waits."
    )


async def test_a_version_that_never_was_is_damage(tmp_path: Path) -> None:
    """No upgrade leads on from there."""
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {FIRST_VERSION - 1}")
    assert "is damaged" in await refusal(path)


async def test_a_cursor_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE cursor SET ahead = x'c1' WHERE lane = 1")
    with pytest.raises(JournalDamaged, match="is damaged; restore a backup"):
        claim(path, sqlite3.Connection)


@pytest.mark.parametrize("table", ["log", "cursor"])
async def test_a_lane_that_never_was_is_damage(tmp_path: Path, table: str) -> None:
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await journal.append([entry("a")])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {table} SET lane = lane + 7")
    assert "is damaged" in await refusal(path)


async def test_one_process_at_a_time_uses_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with opened(path):
        with pytest.raises(RelayError, match="another relay uses this journal") as raised:
            await journal_at(path).open(["p"])
        assert raised.value.exit_code == 1
    async with opened(path):
        pass


async def test_a_journal_is_in_use_by_whatever_link_it_is_reached(tmp_path: Path) -> None:
    """Both would read its cursors, and send everything."""
    path, link = tmp_path / "relay.db", tmp_path / "link.db"
    link.symlink_to(path)
    for held, other in ((path, link), (link, path)):
        async with opened(held):
            with pytest.raises(RelayError, match="another relay uses this journal"):
                await journal_at(other).open(["p"])


async def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
        connection.commit()
    assert await refusal(path) == (
        f"{path}: is no journal of the relay; move it, or set [journal] path."
    )


async def test_a_text_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text("[server]")
    assert "is no journal of the relay" in await refusal(path)


@pytest.mark.parametrize("form", [b"\x02", b"\x03"], ids=["of today", "that is unknown"])
async def test_a_newer_journal_is_left_alone_whatever_its_form(tmp_path: Path, form: bytes) -> None:
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with path.open("r+b") as file:
        file.seek(19)  # which SQLite can read it: https://sqlite.org/fileformat.html (2026)
        file.write(form)
    assert "was written by a newer relay" in await refusal(path)


async def test_a_newer_version_that_is_still_in_the_write_ahead_log_is_seen(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        assert int.from_bytes(path.read_bytes()[60:64], "big") == VERSION
        assert "was written by a newer relay" in await refusal(path)


async def test_another_program_that_locks_it_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with opened(path):
        pass
    with pytest.raises(JournalUnavailable, match="is locked by another program"):
        await journal_at(path, LockedOut).open(["p"])


@pytest.mark.parametrize("kept", [True, False], ids=["an old journal", "a new one"])
async def test_a_full_disk_is_no_damage(tmp_path: Path, *, kept: bool) -> None:
    """Nobody should move a sound journal away because there is no room beside it."""
    path = tmp_path / "relay.db"
    if kept:
        async with opened(path) as journal:
            await journal.append([entry("a")])
    with pytest.raises(JournalUnavailable, match=r"^the disk of the journal is full$"):
        await journal_at(path, OnFullDisk).open(["p"])
    async with opened(path) as journal:
        assert len((await journal.read("p", Lane.MONEY, 0, 10)).pending) == kept


@pytest.mark.parametrize("kept", [200, 4096, 9000])
async def test_a_damaged_journal_is_left_alone(tmp_path: Path, kept: int) -> None:
    """Cut off, as by a copy that ran into a full disk."""
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await journal.append([entry(str(number)) for number in range(100)])
    path.write_bytes(path.read_bytes()[:kept])
    assert await refusal(path) == (
        f"{path}: is damaged; restore a backup, or move it away to begin a new journal."
    )


@pytest.mark.parametrize("seed", range(40))
async def test_a_journal_with_flipped_bytes_is_whole_or_left_alone(
    tmp_path: Path, seed: int
) -> None:
    """Somewhere in the file: what is not noticed has not cost an event."""
    path, dice = tmp_path / "relay.db", random.Random(seed)
    async with opened(path) as journal:
        for first in range(0, 1_000, 50):
            await journal.append([entry(f"e{first + at}") for at in range(50)])
    content = bytearray(path.read_bytes())
    at = dice.randrange(len(content))
    content[at : at + dice.choice([1, 16])] = dice.randbytes(dice.choice([1, 16]))
    path.write_bytes(content)
    refusal = await read_all(path)
    if refusal is not None:
        assert refusal in {
            f"{path}: is damaged; restore a backup, or move it away to begin a new journal.",
            f"{path}: is no journal of the relay; move it, or set [journal] path.",
        }
        assert path.read_bytes() == content


@pytest.mark.parametrize("spoil", ["page", "version"])
async def test_a_refused_journal_keeps_its_write_ahead_log(tmp_path: Path, spoil: str) -> None:
    """It may hold the only copy of acknowledged events; a repair needs both files as they are."""
    killed = tmp_path / "killed"
    killed.mkdir()
    async with opened(tmp_path / "relay.db") as journal:
        await journal.append([entry("a")])
    async with opened(tmp_path / "relay.db") as journal:
        await journal.append([entry("b")])
        with closing(sqlite3.connect(tmp_path / "relay.db", isolation_level=None)) as other:
            other.execute("PRAGMA wal_autocheckpoint = 0")
            SPOILERS[spoil](other)
            for name in ("relay.db", "relay.db-wal"):
                shutil.copy(tmp_path / name, killed / name)
    before = hashes(killed)
    assert set(before) == {"relay.db", "relay.db-wal"}
    with pytest.raises(JournalDamaged, match=r"is damaged; restore|written by a newer relay"):
        await journal_at(killed / "relay.db").open(["p"])
    assert hashes(killed) == before


async def test_an_event_that_cannot_be_read_keeps_no_relay_from_starting(tmp_path: Path) -> None:
    """All others would wait for somebody's hand, and the file's own structure is sound."""
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        for name in "abc":
            await journal.append([entry(name)])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        spoil_event(other)
        other.execute("UPDATE log SET entries = x'9107' WHERE first = 0")
    async with opened(path) as journal:
        latest = await journal.recent_ids(10)
        chunk = await journal.read("p", Lane.MONEY, 0, 10)
    assert [each.event_id for each in latest] == ["", "b", "c"]
    assert [each.entry.event_id for each in chunk.pending] == ["", "b", ""]


async def test_a_journal_that_lacks_events_in_the_middle_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        for name in "abc":
            await journal.append([entry(name)])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DELETE FROM log WHERE first = 1")
    assert "is damaged" in await refusal(path)


async def test_an_overwritten_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with opened(path) as journal:
        await journal.append([entry("a")])
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert "is damaged" in await refusal(path)


async def test_a_write_ahead_log_without_its_journal_is_not_thrown_away(tmp_path: Path) -> None:
    """It may hold the only copy of acknowledged events."""
    log = tmp_path / "relay.db-wal"
    log.write_bytes(b"frames")
    with pytest.raises(JournalDamaged, match="its journal is gone"):
        await journal_at(tmp_path / "relay.db").open(["p"])
    assert log.read_bytes() == b"frames"


async def test_a_creation_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    """An empty file, and half a new one beside it."""
    (tmp_path / "relay.db").touch()
    (tmp_path / "relay.db.new").write_bytes(b"SQLite format 3\x00 and no more")
    (tmp_path / "relay.db.new-journal").write_bytes(b"and what undoes it")
    async with opened(tmp_path / "relay.db") as journal:
        await journal.append([entry("a")])
    header = (tmp_path / "relay.db").read_bytes()
    assert header[68:72] == b"RLJ1"  # by which every later version knows it
    assert set(hashes(tmp_path)) == {"relay.db"}


def test_a_new_journal_has_its_write_ahead_log_before_its_name(tmp_path: Path) -> None:
    """A start that was killed while it changed to one left a journal that no other start took."""
    path = tmp_path / "relay.db"

    claim(path, sqlite3.Connection).release()

    assert content(path)[WAL_AT] == bytes([2, 2])
    assert set(hashes(tmp_path)) == {"relay.db"}


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be used \(.*\); set \[journal\] path"):
        await journal_at(tmp_path / "file" / "relay.db").open(["p"])


async def test_what_is_no_plain_file_is_left_as_it_is(tmp_path: Path) -> None:
    """A pipe stands for a device here, such as /dev/null."""
    os.mkfifo(tmp_path / "relay.db")

    with pytest.raises(ConfigError, match=r"relay.db: is no plain file; set \[journal\] path"):
        await journal_at(tmp_path / "relay.db").open(["p"])

    assert (tmp_path / "relay.db").is_fifo()
    assert not (tmp_path / "relay.db.lock").exists()


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_link_leads_a_new_journal_to_its_disk(tmp_path: Path, *, is_there: bool) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    link = tmp_path / "relay.db"
    link.symlink_to(disk / "relay.db")
    if is_there:
        (disk / "relay.db").touch()

    async with opened(link):
        pass
    async with opened(link):
        pass

    assert link.is_symlink()
    assert (disk / "relay.db").stat().st_size
    assert (disk / "relay.db").stat().st_mode & 0o777 == 0o600


async def test_a_link_to_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "relay.db").symlink_to(tmp_path / "absent" / "relay.db")

    with pytest.raises(ConfigError, match=r"relay.db: cannot be used \(No such file"):
        await journal_at(tmp_path / "relay.db").open(["p"])


@contextmanager
def folder_of_another() -> Iterator[Path]:
    """Hand out a folder, and be its owner meanwhile: to root, no file is forbidden."""
    with TemporaryDirectory() as name:
        if os.geteuid():
            yield Path(name)
            return
        os.chown(name, ANOTHER, ANOTHER)
        os.seteuid(ANOTHER)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


@pytest.mark.parametrize("name", ["relay.db", "relay.db-wal", "relay.db.lock"])
async def test_a_file_that_is_kept_from_the_relay_is_named(name: str) -> None:
    """A log that cannot be read was called damage, with the advice to move the journal away."""
    with folder_of_another() as folder:
        async with opened(folder / "relay.db") as journal:
            await journal.append([entry()])
            shutil.copytree(folder, folder / "copy")
        (folder / "copy" / name).chmod(0)

        fix = r"cannot be used \(Permission denied\); give it to the user that the relay runs as"
        with pytest.raises(ConfigError, match=f"/{name}: {fix}"):
            await journal_at(folder / "copy" / "relay.db").open(["p"])


async def test_a_folder_that_is_kept_from_the_relay_is_named() -> None:
    with folder_of_another() as folder:
        folder.chmod(0o500)

        with pytest.raises(ConfigError, match=f"^{folder}: cannot be used"):
            await journal_at(folder / "relay.db").open(["p"])

        folder.chmod(0o700)


async def test_links_that_lead_to_each_other_are_named(tmp_path: Path) -> None:
    (tmp_path / "relay.db").symlink_to(tmp_path / "other.db")
    (tmp_path / "other.db").symlink_to(tmp_path / "relay.db")

    with pytest.raises(ConfigError, match=r"relay.db: cannot be used \(Too many levels"):
        await journal_at(tmp_path / "relay.db").open(["p"])


async def test_a_refused_journal_can_be_opened_once_it_is_mended(tmp_path: Path) -> None:
    """Nothing is left locked or open by the refusal."""
    path = tmp_path / "relay.db"
    path.write_text("not yet")
    await refusal(path)
    path.unlink()
    async with opened(path):
        pass
