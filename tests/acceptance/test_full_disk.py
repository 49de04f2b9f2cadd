"""A disk that gets full under load: producers are told to wait, and all it takes is room.

Once on a small file system of its own, where the process is permitted to mount one; and anywhere by
a limit on the size of the process's files, which the system enforces as it does a full disk.
"""

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec
import pytest

from relay.errors import ConfigError, JournalUnavailable
from relay.event_name import Lane
from relay.journal.disk.file import claim
from relay.journal.settlement import Receipt, Settlement
from relay.journal.sqlite import SqliteJournal
from relay.sandbox.server import Sandbox
from tests.acceptance.process import Producer, Relay, accepted_ids, purchase
from tests.given.event.builders import NOW_S, entry

PLATFORMS = ("pinterest", "tiktok")
EVENTS = 100_000
BATCH = 1_000
MIB = 1024 * 1024
DISK_BYTES = 128 * MIB
FILE_BYTES = 4_096
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=1, outcome="ok", http_status=200)
WITHIN_S = 30.0
LOOK_S = 0.05


class Disk(Protocol):
    """Where the journal is, and how it gets full."""

    folder: Path

    def fill(self, relay: Relay) -> None:
        """Leave no room, at once."""
        ...

    def free(self, relay: Relay) -> None:
        """Make room again."""
        ...


class MountedDisk:
    """A file system of `DISK_BYTES`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, relay: Relay) -> None:
        """Let somebody else's file take what is left, to the last byte."""
        with self._filler.open("wb") as file:
            while True:
                try:
                    os.write(file.fileno(), bytes(65_536))
                except OSError:
                    return

    def fill_up_to(self, left_bytes: int) -> None:
        """Let somebody else's file take all but a little."""
        with self._filler.open("ab") as file:
            while shutil.disk_usage(self.folder).free > left_bytes:
                file.write(bytes(65_536))
                file.flush()

    def free(self, relay: Relay) -> None:
        """Have the file removed."""
        self._filler.unlink()


class LimitedFiles:
    """Files that the relay may not write beyond their first page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, relay: Relay) -> None:
        """Set the limit."""
        self._limit(relay, FILE_BYTES)

    def free(self, relay: Relay) -> None:
        """Lift it."""
        self._limit(relay, resource.RLIM_INFINITY)

    def _limit(self, relay: Relay, most_bytes: int) -> None:
        limits = (most_bytes, resource.RLIM_INFINITY)
        resource.prlimit(relay.process_id, resource.RLIMIT_FSIZE, limits)


@contextmanager
def mounted(folder: Path, size_bytes: int = DISK_BYTES) -> Iterator[MountedDisk]:
    """Mount a small file system, or skip the test where that is not permitted."""
    size = f"size={size_bytes}"
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED: a real full disk needs the right to mount one; run it as root")
    try:
        yield MountedDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(params=["file system", "file size"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "file size":
        yield LimitedFiles(folder)
        return
    with mounted(folder) as found:
        yield found


def relay_on(disk: Disk, folder: Path, platforms: str) -> Relay:
    """Return a relay whose journal, and nothing else, is on the disk."""
    relay = Relay(folder, platforms)
    config = folder / "relay.toml"
    config.write_text(config.read_text().replace(f"{folder}/relay.db", f"{disk.folder}/relay.db"))
    return relay


async def status_of(url: str) -> int:
    async with aiohttp.request("GET", url) as answer:
        return answer.status


async def post(relay: Relay, event_id: str) -> tuple[int, str | None, int]:
    """Post an event; return status, `Retry-After`, and how many events the answer says it took."""
    url = f"{relay.producers}/v1/events"
    async with aiohttp.request("POST", url, json=purchase(event_id)) as answer:
        body = msgspec.json.decode(await answer.read())
        return answer.status, answer.headers.get("Retry-After"), body["accepted"]


async def until_ready(relay: Relay, status: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if await status_of(f"{relay.admin}/readyz") == status:
                return
            await asyncio.sleep(LOOK_S)


@pytest.mark.slow
async def test_producers_wait_while_the_disk_is_full_and_all_that_was_acknowledged_arrives(
    disk: Disk, tmp_path: Path
) -> None:
    """One process throughout: it goes on by itself once there is room."""
    stop = asyncio.Event()
    async with Sandbox() as sandbox, relay_on(disk, tmp_path, sandbox.url) as relay:
        producers = [Producer(relay.producers, f"p{number}") for number in range(2)]
        async with asyncio.TaskGroup() as load:
            for producer in producers:
                load.create_task(producer.post_until(stop))
            for _ in range(2):
                await producers[0].until_acknowledged(len(producers[0].acknowledged) + 200)
                disk.fill(relay)
                await until_ready(relay, 503)
                status, retry_after, accepted = await post(relay, "refused")
                assert (status, accepted) == (503, 0)
                assert int(retry_after or 0) >= 1
                assert await status_of(f"{relay.admin}/healthz") == 200
                disk.free(relay)
                await until_ready(relay, 200)
            assert (await post(relay, "taken"))[0] == 202
            stop.set()
        funnels = await relay.until_nothing_waits()
        accepted_by = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
    acknowledged = set().union(*(each.acknowledged for each in producers))
    for ids in accepted_by.values():
        assert acknowledged | {"taken"} <= ids.keys()
        assert "refused" not in ids
    for funnel in funnels.values():
        assert funnel["received"] == funnel["delivered"] + funnel["skipped"]
        assert funnel["dead"] == 0


async def test_delivered_events_make_room_for_new_ones_on_a_full_disk(tmp_path: Path) -> None:
    """What they took goes back to the file system, since only there it helps."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder) as disk:
        async with opened(folder) as journal:
            for first in range(0, EVENTS, 1_000):
                await journal.append([entry(f"e{first + at}") for at in range(1_000)])
                found = (await journal.read("p", Lane.MONEY, first, 1_000)).pending
                await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
            for event_id in ("before the log is emptied", "before events are forgotten"):
                disk.fill_up_to(6 * MIB)
                await journal.append([entry(event_id)])
                assert journal.unavailable() == "the disk of the journal is full"
                await until_it_has_room(journal)
            await journal.append([entry("after")])
            waiting = (await journal.read("p", Lane.MONEY, EVENTS, 10)).pending
    assert [each.entry.event_id for each in waiting] == [
        "before the log is emptied",
        "before events are forgotten",
        "after",
    ]


@pytest.mark.parametrize("size_bytes", [6 * MIB, 16 * MIB])
async def test_a_disk_that_waiting_events_have_filled_has_room_for_their_delivery(
    tmp_path: Path, size_bytes: int
) -> None:
    """The write-ahead log leaves room to be moved into the file, and for what is delivered."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, size_bytes):
        async with opened(folder) as journal:
            taken = await fill_up(journal)
            for first in range(0, taken, BATCH):
                found = (await journal.read("p", Lane.MONEY, first, BATCH)).pending
                await journal.settle("p", Settlement(receipt=RECEIPT, delivered=found))
            await until_it_has_room(journal)
            await journal.append([entry("after")])


def test_a_disk_that_was_mounted_read_only_is_told_with_its_fix(tmp_path: Path) -> None:
    """Another path alone would leave behind what waits in the journal."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder):
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with pytest.raises(ConfigError, match="mount its disk writable, or set"):
            claim(folder / "relay.db", sqlite3.Connection)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SqliteJournal]:
    """A journal for one destination, on a disk that fills long before its own limit is reached."""
    journal = SqliteJournal(
        folder / "relay.db", clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=7 * 86_400
    )
    await journal.open(["p"])
    try:
        yield journal
    finally:
        await journal.close()


async def until_it_has_room(journal: SqliteJournal) -> None:
    """Wait until events are taken again."""
    async with asyncio.timeout(WITHIN_S):
        while journal.unavailable() is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(LOOK_S)


async def fill_up(journal: SqliteJournal) -> int:
    """Append until the journal takes no more; return how many events it took."""
    taken = 0
    while True:
        try:
            await journal.append([entry(f"e{taken + at}") for at in range(BATCH)])
        except JournalUnavailable:
            return taken
        taken += BATCH
