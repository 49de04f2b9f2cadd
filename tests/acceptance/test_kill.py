"""Kill the real process under load, again and again, and recount."""

import asyncio
import random
from pathlib import Path

import pytest

from relay.dispatch.in_flight import MAX_IN_FLIGHT
from relay.sandbox.server import Sandbox
from tests.acceptance.process import Producer, Relay, accepted_ids

MAX_BATCH = 50
PLATFORMS = ("pinterest", "tiktok")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("rounds", "workers"), [(20, 1), (6, 3)])
async def test_kills_under_load_lose_nothing_that_was_acknowledged(
    tmp_path: Path, rounds: int, workers: int
) -> None:
    """Duplicates are at most what was in flight at each kill, and no event gets another id."""
    dice = random.Random(20)
    async with Sandbox() as sandbox:
        relay = Relay(tmp_path, sandbox.url, f"max_batch = {MAX_BATCH}", workers=workers)
        producers = [Producer(relay.producers, f"p{number}") for number in range(4)]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as load, relay:
            for producer in producers:
                load.create_task(producer.post_until(stop))
            for _ in range(rounds):
                victim = dice.choice(producers)
                await victim.until_acknowledged(len(victim.acknowledged) + dice.randint(1, 400))
                await relay.kill()
                await relay.start()
            stop.set()
            funnels = await relay.until_nothing_waits()
        accepted = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
    acknowledged = set().union(*(each.acknowledged for each in producers))
    posted = set().union(*(each.posted for each in producers))
    assert len(acknowledged) > rounds
    for counts in accepted.values():
        assert acknowledged <= counts.keys() <= posted
        assert counts.total() - len(counts) <= rounds * MAX_IN_FLIGHT * MAX_BATCH
    for funnel in funnels.values():
        assert funnel["dead"] == 0
        assert funnel["received"] == funnel["skipped"] + funnel["delivered"]
        assert funnel["delivered"] >= len(acknowledged)
