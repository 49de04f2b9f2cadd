"""On a bad day, with both platforms in every kind of trouble, no figure is ever wrong."""

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from relay.journal.letter import DeadFilter
from relay.journal.report import Funnel
from relay.sandbox.answer import PlatformName
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    LOOK_S,
    PINTEREST,
    TIKTOK,
    Clock,
    Sending,
    accepted,
    pinterest,
    purchase,
    sending,
    tiktok,
)

EVENTS = 1_200
BATCH = 40
PLATFORMS: dict[str, PlatformName] = {PINTEREST: "pinterest", TIKTOK: "tiktok"}


class Sampler:
    """Looks at the sums all the time, and remembers the first that was wrong."""

    def __init__(self, relay: Sending, sandbox: Sandbox) -> None:
        self._relay = relay
        self._sandbox = sandbox
        self._before: Mapping[str, Funnel] = {}
        self.looks = 0

    async def run(self) -> None:
        """Look until cancelled; a wrong sum ends it."""
        while True:
            self._check(await self._relay.funnels())
            self.looks += 1
            await asyncio.sleep(LOOK_S)

    def _check(self, funnels: Mapping[str, Funnel]) -> None:
        for name, funnel in funnels.items():
            before = self._before.get(name, Funnel())
            counts = self._sandbox.exchange.inbox.counts[
                "tiktok" if name == TIKTOK else "pinterest"
            ]
            assert funnel.pending >= 0
            assert funnel.received >= before.received
            assert funnel.delivered >= before.delivered
            assert funnel.dead >= before.dead
            assert funnel.delivered <= counts.distinct_accepted
        self._before = funnels


@pytest.mark.slow
async def test_the_sums_hold_at_every_moment_of_a_bad_day(tmp_path: Path) -> None:
    clock, dice = Clock(), random.Random(14)
    async with (
        Sandbox("flaky", clock=clock, random=dice, sleep=_at_once) as sandbox,
        sending(
            tmp_path,
            pinterest(sandbox.url, max_batch=BATCH),
            tiktok(sandbox.url, max_batch=BATCH),
            clock=clock,
        ) as relay,
        asyncio.TaskGroup() as tasks,
    ):
        sampler = Sampler(relay, sandbox)
        sampling = tasks.create_task(sampler.run())
        await _produce(relay, dice)
        while any(each.pending for each in (await relay.funnels()).values()):
            relay.skip(5)
            await relay.turn()
        funnels = await relay.settled()
        sampling.cancel()
        dead = (await relay.journal.dead_letters(DeadFilter(), limit=1000)).total
    assert sampler.looks > 20
    assert dead == sum(each.dead for each in funnels.values()) > 0
    for name, funnel in funnels.items():
        assert funnel.received == funnel.delivered + funnel.dead == EVENTS
        assert len(accepted(sandbox, PLATFORMS[name])) == funnel.delivered


async def _produce(relay: Sending, dice: random.Random) -> None:
    for number in range(EVENTS):
        kind = dice.choice(["purchase", "add_to_cart"])
        poison = "poison-" if number % 200 == 7 else ""
        await relay.accept(purchase(relay.clock, f"{poison}{number}", kind))
        if number % 100 == 0:
            relay.skip(1)


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.05))
