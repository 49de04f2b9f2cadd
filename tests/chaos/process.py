"""The two processes of a run: the relay, which is killed and started again, and the emulator."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from tests.acceptance.process import free_ports
from tests.chaos.record import Kill

READY_WITHIN_S: Final = 30.0
LOOK_S: Final = 0.02
DRAIN_S: Final = 10.0
MAX_BATCH: Final = 20
CONFIG: Final = """\
[server]
listen = "127.0.0.1:{producers}"
drain = "{drain:g}s"
[admin]
listen = "127.0.0.1:{admin}"
[journal]
path = "{journal}"
[destinations.pinterest]
type = "pinterest"
ad_account_id = "549755885175"
token = "file:{token}"
base_url = "{platforms}"
linger = "20ms"
timeout = "8s"
max_batch = {batch}
[destinations.tiktok]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "file:{token}"
base_url = "{platforms}"
linger = "20ms"
timeout = "8s"
max_batch = {batch}
"""


class Child:
    """A process of a run.

    Its words go into a file through this one, so that no full disk of its own can silence it.
    """

    def __init__(self, command: Sequence[str], log: Path, look: str) -> None:
        self._command = command
        self._log = log
        self._look = look
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def id(self) -> int:
        """Its number; it must have been started."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        command = (sys.executable, "-m", *self._command)
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
        self._listening = asyncio.create_task(self._listen(self._process))
        async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
            while not await answers(session, self._look):
                if self._process.returncode is not None:
                    raise ChildProcessError(f"{command} ended: {self._log.read_text()[-2000:]}")
                await asyncio.sleep(LOOK_S)

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, and return how the process ended."""
        assert self._process is not None
        assert self._listening is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        code = await self._process.wait()
        await self._listening
        return code

    async def _listen(self, process: Process) -> None:
        assert process.stderr is not None
        with self._log.open("ab", buffering=0) as log:
            while text := await process.stderr.read(65_536):
                log.write(text)


class Relay(Child):
    """The relay, its addresses, and what it says of itself."""

    def __init__(self, folder: Path, journal: Path, platforms: str) -> None:
        producers, admin = free_ports(2)
        self.producers = f"http://127.0.0.1:{producers}"
        self.admin = f"http://127.0.0.1:{admin}"
        self.config = folder / "relay.toml"
        self.token = folder / "token"
        self.log = folder / "relay.log"
        self.config.write_text(
            CONFIG.format(
                producers=producers,
                admin=admin,
                drain=DRAIN_S,
                journal=journal / "relay.db",
                token=self.token,
                platforms=platforms,
                batch=MAX_BATCH,
            )
        )
        command = ("tests.chaos.serve", str(self.config), str(folder / "clock"))
        super().__init__(command, self.log, f"{self.admin}/readyz")
        self.kills: list[Kill] = []

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.kills.append(Kill(at=time.time()))
        await self.end(signal.SIGKILL)

    async def start(self) -> None:
        """See `Child`."""
        await super().start()
        for each in self.kills[-1:]:
            each.back_at = min(each.back_at, time.time())

    async def ask(self, path: str, body: object | None = None) -> Any:
        """Return what the port for people says; with a body, have something done."""
        method = "GET" if body is None else "POST"
        data = None if body is None else msgspec.json.encode(body)
        async with (
            aiohttp.ClientSession(raise_for_status=True) as session,
            session.request(method, self.admin + path, data=data) as answer,
        ):
            return msgspec.json.decode(await answer.read())

    async def check(self) -> str:
        """Verify the journal, beside the running relay or after its end; return what is wrong."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relay", "journal", "check", "-c", str(self.config)),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=dict(os.environ),
        )
        out, err = await process.communicate()
        return "" if process.returncode == 0 else (out + err).decode()


class Emulator(Child):
    """Both platforms, and their record."""

    def __init__(self, folder: Path, seed: str) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.record = folder / "record.ndjson"
        command = ("tests.chaos.emulator", str(port), str(self.record), seed)
        super().__init__(command, folder / "emulator.log", f"{self.url}/sandbox/scenario")

    async def play(self, script: bytes) -> None:
        """Behave like this from now on."""
        async with (
            aiohttp.ClientSession(raise_for_status=True) as session,
            session.post(f"{self.url}/sandbox/script", data=script),
        ):
            return


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    """Return whether an address answers with 200."""
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
