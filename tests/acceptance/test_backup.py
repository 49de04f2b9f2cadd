"""A backup taken from the running relay under load, restored on an empty disk."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from relay.sandbox.server import Sandbox
from tests.acceptance.process import Producer, Relay, accepted_ids

UNREACHABLE = "http://127.0.0.1:9"
PLATFORMS = ("pinterest", "tiktok")
EVENTS = 3_000


async def relay_command(folder: Path, *arguments: str) -> str:
    """Run a command in a relay's folder to its good end, and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", *arguments),
        cwd=folder,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err
    return out.decode()


@pytest.mark.slow
async def test_a_restored_backup_delivers_all_that_was_acknowledged_before_it_began(
    tmp_path: Path,
) -> None:
    """The first relay reaches no platform; the second one has nothing but the copy."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    stop = asyncio.Event()
    async with Relay(first, UNREACHABLE) as relay:
        producers = [Producer(relay.producers, f"p{number}") for number in range(4)]
        async with asyncio.TaskGroup() as load:
            for producer in producers:
                load.create_task(producer.post_until(stop))
            for producer in producers:
                await producer.until_acknowledged(EVENTS // len(producers))
            acknowledged = set().union(*(each.acknowledged for each in producers))
            await relay_command(first, "journal", "backup", str(second / "relay.db"))
            stop.set()
    async with Sandbox() as sandbox, Relay(second, sandbox.url) as restored:
        funnels = await restored.until_nothing_waits()
        accepted = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
        checked = await relay_command(second, "journal", "check")
    assert len(acknowledged) >= EVENTS
    for ids in accepted.values():
        assert acknowledged <= ids.keys()
    for funnel in funnels.values():
        assert funnel["received"] == funnel["delivered"] >= len(acknowledged)
    assert all(line.endswith(": fine") for line in checked.splitlines())
