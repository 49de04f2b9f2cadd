"""The real relay as a process of its own, and a producer that remembers what was acknowledged."""

import asyncio
import itertools
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import aiohttp
import msgspec

from tests.bench.usage import tree

READY_WITHIN_S = 30.0
LOOK_S = 0.02
CONFIG = """\
[server]
listen = "127.0.0.1:{producers}"
workers = {workers}
drain = "10s"
[admin]
listen = "127.0.0.1:{admin}"
[journal]
path = "{folder}/relay.db"
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:PINTEREST_TOKEN"
base_url = "{platforms}"
{options}
[destinations.tiktok-main]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TIKTOK_TOKEN"
base_url = "{platforms}"
{options}
"""
TOKENS = {
    "PINTEREST_TOKEN": "pina_canary-token-of-pinterest-0001",
    "TIKTOK_TOKEN": "canary0token0of0tiktok0002",
}


class Relay:
    """`relay serve` in a folder; killed or stopped, it can be started again on the same journal.

    `options` go into the table of each destination, `environ` into the process's environment.
    """

    def __init__(
        self,
        folder: Path,
        platforms: str,
        options: str = "",
        environ: Mapping[str, str] = MappingProxyType({}),
        *,
        workers: int = 1,
    ) -> None:
        self.folder = folder
        self._environ = environ
        producers, admin = free_ports(2)
        self.producers = f"http://127.0.0.1:{producers}"
        self.admin = f"http://127.0.0.1:{admin}"
        self._process: Process | None = None
        self._log = folder / "relay.log"
        (folder / "relay.toml").write_text(
            CONFIG.format(
                producers=producers,
                workers=workers,
                admin=admin,
                folder=folder,
                platforms=platforms,
                options=options,
            )
        )

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it and wait until it can take events."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "relay", "serve", "-c", str(self.folder / "relay.toml")),
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **TOKENS, **self._environ},
            )
        async with asyncio.timeout(READY_WITHIN_S):
            while not await self._ready():
                assert self._process.returncode is None, self._log.read_text()
                await asyncio.sleep(LOOK_S)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self.end(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and return how the process ended."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self._process.wait()

    @property
    def process_id(self) -> int:
        """The process, once it was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker_ids(self) -> list[int]:
        """The processes that it has started, as long as they are there."""
        return tree(self.process_id)[1:]

    async def summary(self) -> Any:
        """Return the lifetime funnels by name."""
        found = msgspec.json.decode(await fetch(f"{self.admin}/api/v1/destinations"))
        return {each["name"]: each for each in found["destinations"]}

    async def until_nothing_waits(self, within_s: float = 60.0) -> Any:
        """Wait until every accepted event is at an end; return the funnels."""
        async with asyncio.timeout(within_s):
            while True:
                funnels = await self.summary()
                if all(each["pending"] == 0 for each in funnels.values()):
                    return funnels
                await asyncio.sleep(0.1)

    def text_on_disk(self) -> bytes:
        """Return all that the process has written into its folder, logs included."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return b"\n".join(path.read_bytes() for path in files if path.name != "relay.toml")

    async def _ready(self) -> bool:
        try:
            await fetch(f"{self.admin}/readyz")
        except aiohttp.ClientError:
            return False
        return True


async def fetch(url: str) -> bytes:
    """Return the body at an address of the relay or the sandbox; anything but 200 is an error."""
    async with aiohttp.request("GET", url, raise_for_status=True) as response:
        return await response.read()


async def accepted_ids(url: str, platform: str) -> Counter[str]:
    """Return how often the emulated platform took each event id."""
    lines = (await fetch(f"{url}/sandbox/ids?platform={platform}")).splitlines()
    found = (msgspec.json.decode(line) for line in lines)
    return Counter({each["event_id"]: each["count"] for each in found if "event_id" in each})


class Producer:
    """Posts batches of purchases until told to stop; remembers which ones were acknowledged."""

    def __init__(self, url: str, name: str, batch: int = 20) -> None:
        self._url = f"{url}/v1/events"
        self._ids = (f"{name}-{number}" for number in itertools.count())
        self._batch = batch
        self.acknowledged: set[str] = set()
        self.posted: set[str] = set()

    async def until_acknowledged(self, count: int) -> None:
        """Wait until the relay has acknowledged so many events."""
        while len(self.acknowledged) < count:  # noqa: ASYNC110 - the producer has no other signal
            await asyncio.sleep(LOOK_S)

    async def post_until(self, stop: asyncio.Event) -> None:
        """Post one batch after the other; a batch without an answer counts as not acknowledged."""
        async with aiohttp.ClientSession() as session:
            while not stop.is_set():
                ids = list(itertools.islice(self._ids, self._batch))
                self.posted.update(ids)
                try:
                    async with session.post(
                        self._url, json=[purchase(each) for each in ids]
                    ) as got:
                        if got.status == 202:
                            self.acknowledged.update(ids)
                except aiohttp.ClientError:
                    await asyncio.sleep(LOOK_S)


def purchase(event_id: str, **user: str) -> dict[str, Any]:
    """Return a purchase as a shop would post it."""
    return {
        "event": "purchase",
        "event_id": event_id,
        "event_time": int(time.time()),
        "user": user or {"email": f"{event_id}@example.com"},
        "order": {"value": "12.50", "currency": "EUR", "order_id": f"o-{event_id}"},
        "page": {"url": "https://shop.example/thanks"},
    }


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
