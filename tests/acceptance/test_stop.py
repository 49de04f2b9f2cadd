"""Stop the real process as an operator or systemd would, also while a platform hangs."""

import asyncio
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from relay.sandbox.server import Sandbox
from tests.acceptance.process import LOOK_S, Producer, Relay, accepted_ids, fetch
from tests.acceptance.test_kill import PLATFORMS

DRAIN_S = 10.0
AT_ONCE_S = 2.0


@pytest.mark.parametrize("workers", [1, 3])
async def test_sigterm_under_load_ends_in_time_and_leaves_the_rest_on_disk(
    tmp_path: Path, workers: int
) -> None:
    async with Sandbox() as sandbox:
        relay = Relay(tmp_path, sandbox.url, workers=workers)
        producer = Producer(relay.producers, "p")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as load, relay:
            load.create_task(producer.post_until(stop))
            await producer.until_acknowledged(500)
            assert await relay.end(signal.SIGTERM) == 0
            stop.set()
            await relay.start()
            funnels = await relay.until_nothing_waits()
        for name in PLATFORMS:
            counts = await accepted_ids(sandbox.url, name)
            assert producer.acknowledged <= counts.keys()
            assert counts.total() == len(counts), "a clean stop sends nothing twice"
    assert all(each["dead"] == 0 for each in funnels.values())


async def test_a_platform_that_hangs_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """Requests in flight are given up within the drain; their events wait for the next start."""
    with SilentPlatform() as platform:
        async with Relay(tmp_path, platform.url, 'timeout = "50s"') as relay:
            producer = await posted(relay, 100)
            await platform.until_asked(len(PLATFORMS))
            began = time.monotonic()
            assert await relay.end(signal.SIGTERM) == 0
            assert time.monotonic() - began <= DRAIN_S
            await relay.start()
            funnels = await relay.summary()
    for funnel in funnels.values():
        assert funnel["pending"] == funnel["received"] >= len(producer.acknowledged)


@pytest.mark.parametrize(
    ("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "Ctrl-C"]
)
async def test_a_second_signal_ends_it_at_once_and_loses_nothing(
    tmp_path: Path, second: signal.Signals, code: int
) -> None:
    """While a platform hangs, the first signal takes the drain; the second one takes no time."""
    with SilentPlatform() as platform:
        async with Relay(tmp_path, platform.url, 'timeout = "50s"') as relay:
            producer = await posted(relay, 100)
            await platform.until_asked(len(PLATFORMS))
            relay.send(signal.SIGTERM)
            await refuses_events(relay)
            began = time.monotonic()
            assert await relay.end(second) == code
            assert time.monotonic() - began <= AT_ONCE_S
            await relay.start()
            funnels = await relay.summary()
    for funnel in funnels.values():
        assert funnel["pending"] == funnel["received"] >= len(producer.acknowledged)


async def test_systemd_hears_of_the_start_the_life_and_the_stop(tmp_path: Path) -> None:
    """Ready once both ports answer, signs of life after that, and a word before the end."""
    path = f"{tmp_path}/notify"
    environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}
    with SilentPlatform() as platform, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.setblocking(False)
        async with Relay(tmp_path, platform.url, environ=environ) as relay:
            told = await heard(systemd, "STATUS=", "READY=1")
            while told == "STATUS=Starting.":
                told = await heard(systemd, "STATUS=", "READY=1")
            assert told == "READY=1"
            assert await fetch(f"{relay.admin}/healthz")
            status = await heard(systemd, "STATUS=Takes events")
            assert "pinterest-main active" in status
            await heard(systemd, "WATCHDOG=1")
            relay.send(signal.SIGHUP)
            await heard(systemd, "RELOADING=1")
            await heard(systemd, "READY=1")
            relay.send(signal.SIGTERM)
            await heard(systemd, "STOPPING=1")
            assert await relay.end(signal.SIGTERM) in {0, 143}


async def heard(systemd: socket.socket, *starts: str) -> str:
    """Wait for a line of a datagram that begins in one of these ways, and return it."""
    async with asyncio.timeout(DRAIN_S):
        while True:
            lines = (await asyncio.get_running_loop().sock_recv(systemd, 4096)).decode()
            for line in lines.splitlines():
                if line.startswith(starts):
                    return line


async def refuses_events(relay: Relay) -> None:
    """Wait until the relay takes no more events: it has begun to stop."""
    async with asyncio.timeout(DRAIN_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{relay.admin}/readyz") as answer:
                    if answer.status == 503:
                        return
            except aiohttp.ClientError:
                return
            await asyncio.sleep(LOOK_S)


class SilentPlatform(ExitStack):
    """A platform that takes connections and requests, and never says a word."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._server = self.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._server.setblocking(False)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        return self

    async def until_asked(self, requests: int) -> None:
        """Wait until so many requests are under way, and leave them so."""
        async with asyncio.timeout(DRAIN_S):
            for _ in range(requests):
                connection, _ = await asyncio.get_running_loop().sock_accept(self._server)
                self.enter_context(connection)
                assert await asyncio.get_running_loop().sock_recv(connection, 1)


async def posted(relay: Relay, count: int) -> Producer:
    """Post until so many events are acknowledged, and return who posted them."""
    producer, stop = Producer(relay.producers, "p"), asyncio.Event()
    async with asyncio.TaskGroup() as load:
        load.create_task(producer.post_until(stop))
        await producer.until_acknowledged(count)
        stop.set()
    return producer
