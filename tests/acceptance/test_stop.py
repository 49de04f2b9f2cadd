"""Stop the real process as an operator would, with load and with a platform that hangs."""

import asyncio
import signal
import socket
import time
from pathlib import Path

from relay.sandbox.server import Sandbox
from tests.acceptance.process import Producer, Relay
from tests.acceptance.test_kill import PLATFORMS, accepted_ids

DRAIN_S = 10.0


async def test_sigterm_under_load_ends_in_time_and_leaves_the_rest_on_disk(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        relay = Relay(tmp_path, sandbox.url)
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
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with Relay(tmp_path, url, 'timeout = "50s"') as relay:
            producer = Producer(relay.producers, "p")
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as load:
                load.create_task(producer.post_until(stop))
                await producer.until_acknowledged(100)
                stop.set()
            began = time.monotonic()
            assert await relay.end(signal.SIGTERM) == 0
            assert time.monotonic() - began <= DRAIN_S
            await relay.start()
            funnels = await relay.summary()
    for funnel in funnels.values():
        assert funnel["pending"] == funnel["received"] >= len(producer.acknowledged)
