"""What systemd is told, over real sockets; the watchdog hears nothing while the work hangs."""

import asyncio
import contextlib
import os
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from relay.cli.serving.supervisor import Supervisor
from relay.errors import JournalUnavailable
from relay.journal.sqlite import SqliteJournal
from tests.simulation.virtual_time import run, sleep

PROCESS = 42
WITHIN_S = 10.0
MORE_THAN_QUEUED = 5_000
"""More datagrams than any system keeps for a socket that nobody reads."""
WATCHDOG = {"WATCHDOG_USEC": "40000", "WATCHDOG_PID": str(PROCESS)}


class Systemd:
    """The other end of `NOTIFY_SOCKET`."""

    def __init__(self, heard: socket.socket) -> None:
        self._socket = heard
        heard.setblocking(False)

    async def heard(self) -> list[str]:
        """Wait for the next datagram and return its lines."""
        async with asyncio.timeout(WITHIN_S):
            loop = asyncio.get_running_loop()
            return (await loop.sock_recv(self._socket, 4096)).decode().splitlines()

    def drain(self) -> list[str]:
        """Return the lines of all datagrams that are there."""
        lines: list[str] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                lines += self._socket.recv(4096).decode().splitlines()
        return lines


@contextmanager
def listening(address: str) -> Iterator[Systemd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        yield Systemd(sock)


async def alive() -> None:
    """Make progress at once."""


@pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
async def test_a_supervisor_hears_each_step_of_a_life(tmp_path: Path, *, abstract: bool) -> None:
    name = f"{tmp_path}/notify"
    with listening("\0" + name if abstract else name) as systemd:
        supervisor = Supervisor({"NOTIFY_SOCKET": ("@" if abstract else "") + name}, PROCESS)

        supervisor.ready("Takes\nevents.")
        assert await systemd.heard() == ["READY=1", "STATUS=Takes events."]
        before_us = time.monotonic_ns() // 1000
        with supervisor.reloading():
            state, since = await systemd.heard()
        assert state == "RELOADING=1"
        since_us = int(since.removeprefix("MONOTONIC_USEC="))
        assert before_us <= since_us <= time.monotonic_ns() // 1000
        assert await systemd.heard() == ["READY=1"]
        supervisor.stopping()
        assert (await systemd.heard())[0] == "STOPPING=1"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1"])
async def test_without_a_socket_nothing_is_said(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": address}, PROCESS)

    supervisor.ready("")
    async with supervisor.watching(alive, str):
        supervisor.stopping()

    assert caplog.records == []


async def test_a_supervisor_that_is_gone_is_no_fault_and_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": f"{tmp_path}/gone"}, PROCESS)

    supervisor.ready("")
    supervisor.stopping()

    assert [each.getMessage() for each in caplog.records] == ["the supervisor does not listen"]


async def test_a_supervisor_that_goes_again_is_another_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "notify"
    supervisor = Supervisor({"NOTIFY_SOCKET": str(path)}, PROCESS)

    supervisor.ready("")
    with listening(str(path)) as systemd:
        supervisor.ready("")
        assert (await systemd.heard())[0] == "READY=1"
    path.unlink()
    supervisor.ready("")

    assert len(caplog.records) == 2


def test_a_supervisor_that_reads_nothing_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The event loop would wait for it, and the producers and platforms for the loop."""
    with listening(f"{tmp_path}/notify"):
        supervisor = Supervisor({"NOTIFY_SOCKET": f"{tmp_path}/notify"}, PROCESS)
        for _ in range(MORE_THAN_QUEUED):
            supervisor.ready("")

    assert [each.getMessage() for each in caplog.records] == ["the supervisor does not listen"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("gone", "No such file or directory"), ("x" * 200, "AF_UNIX path too long")],
)
async def test_what_it_is_not_heard_for_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, reason: str
) -> None:
    Supervisor({"NOTIFY_SOCKET": f"{tmp_path}/{name}"}, PROCESS).ready("")

    assert [each.__dict__["reason"] for each in caplog.records] == [reason]


async def test_signs_of_life_come_with_the_state_in_one_line(tmp_path: Path) -> None:
    with listening(f"{tmp_path}/notify") as systemd:
        environ = {"NOTIFY_SOCKET": f"{tmp_path}/notify", **WATCHDOG}
        async with Supervisor(environ, PROCESS).watching(alive, lambda: "a\nREADY=0"):
            for _ in range(3):
                assert await systemd.heard() == ["WATCHDOG=1", "STATUS=a READY=0"]


@pytest.mark.parametrize(
    ("watchdog_us", "signs"), [(40_000_000, 5), (0, 4)], ids=["watchdog", "none"]
)
def test_signs_of_life_come_twice_in_the_watchdogs_time_and_each_half_minute_without_one(
    tmp_path: Path, watchdog_us: int, signs: int
) -> None:
    async def hear() -> list[str]:
        with listening(f"{tmp_path}/notify") as systemd:
            environ = {"NOTIFY_SOCKET": f"{tmp_path}/notify", "WATCHDOG_USEC": str(watchdog_us)}
            async with Supervisor(environ, PROCESS).watching(alive, str):
                await sleep(99.0)
                return systemd.drain()

    assert run(hear()).count("WATCHDOG=1") == signs


async def test_while_it_stops_that_stays_its_status(tmp_path: Path) -> None:
    """Else a stop would look like a relay that takes events, or has lost its workers."""
    with listening(f"{tmp_path}/notify") as systemd:
        supervisor = Supervisor({"NOTIFY_SOCKET": f"{tmp_path}/notify", **WATCHDOG}, PROCESS)
        supervisor.stopping()
        assert (await systemd.heard())[0] == "STOPPING=1"
        async with supervisor.watching(alive, lambda: "Takes events."):
            assert await systemd.heard() == ["WATCHDOG=1"]


async def test_nothing_is_heard_while_there_is_no_progress(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each try is given up and made anew, so that life shows again as soon as there is any."""
    tries = 0
    hanging = asyncio.Event()

    async def progress() -> None:
        nonlocal tries
        tries += 1
        await hanging.wait()

    with listening(f"{tmp_path}/notify") as systemd:
        environ = {"NOTIFY_SOCKET": f"{tmp_path}/notify", **WATCHDOG}
        async with Supervisor(environ, PROCESS).watching(progress, str):
            async with asyncio.timeout(WITHIN_S):
                while tries < 3:  # noqa: ASYNC110 - nothing else tells
                    await asyncio.sleep(0.005)
            assert systemd.drain() == []
            hanging.set()
            assert (await systemd.heard())[0] == "WATCHDOG=1"
    assert caplog.records[0].getMessage() == "nothing was written within 0.0 s"


async def test_a_watchdog_of_another_process_is_not_ours(tmp_path: Path) -> None:
    """Then only the state is told, at the usual pace: at the start of the block, once."""
    with listening(f"{tmp_path}/notify") as systemd:
        environ = {"NOTIFY_SOCKET": f"{tmp_path}/notify", **WATCHDOG, "WATCHDOG_PID": "1"}
        async with Supervisor(environ, PROCESS).watching(alive, str):
            await systemd.heard()
            await asyncio.sleep(0.1)
            assert systemd.drain() == []


@asynccontextmanager
async def journal_in(folder: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        folder / "relay.db", clock=lambda: 1.79e9, max_size_bytes=2**30, retention_s=86_400
    )
    await journal.open(["p"])
    try:
        yield journal
    finally:
        await journal.close()


async def test_a_writer_that_hangs_makes_no_progress(tmp_path: Path) -> None:
    """A disk that never answers holds the writer's thread; the loop goes on regardless."""
    disk = threading.Event()

    def hang(connection: sqlite3.Connection) -> None:
        del connection
        disk.wait(WITHIN_S)

    async with journal_in(tmp_path) as journal:
        await journal.progress()
        hung = journal._opened.writer.submit(hang)
        progress = asyncio.create_task(journal.progress())
        done, _ = await asyncio.wait([progress], timeout=0.1)
        assert not done
        disk.set()
        await asyncio.gather(hung, progress)


async def test_a_journal_that_is_closed_says_so_at_once(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        pass
    with pytest.raises(JournalUnavailable):
        await journal.progress()


def test_the_process_id_is_that_of_the_process() -> None:
    assert Supervisor({**WATCHDOG, "WATCHDOG_PID": str(os.getpid())}, os.getpid())._watchdog_s
