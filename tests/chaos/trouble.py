"""What goes wrong, apart from the platforms' answers: a shuffled deck, so that nothing is left out.

Each trouble begins, goes on for a moment and is over; the next one follows soon.
"""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Final

import aiohttp
import msgspec

from tests.chaos import script
from tests.chaos.clock import SteppedClock
from tests.chaos.process import DRAIN_S, Emulator, Relay

PAUSE_S: Final = 1.0
"""The longest pause between two troubles."""
SHORT_S: Final = (0.5, 2.5)
"""How long a trouble that lasts goes on."""
STEPS_S: Final = (-45.0, 0.0, 10.0, 120.0, 900.0, 3600.0)
"""How wrong the relay's clock may be; producers' clocks are right, and events a minute old."""
GOOD: Final = "good-token"
BAD: Final = ("bad-token", "expired-token", "forbidden-token", "unscoped-token")
OPERATOR_S: Final = 2.0
"""The longest pause between two looks of the operator."""


class World(msgspec.Struct, frozen=True):
    """What troubles act on. `full` makes the relay's disk full for as long as it is entered."""

    relay: Relay
    emulator: Emulator
    clock: SteppedClock
    dice: random.Random
    complain: Callable[[str], None]
    full: Callable[[], AbstractContextManager[None]] | None
    happened: Counter[str]

    async def wait(self) -> None:
        """Let a trouble last."""
        await asyncio.sleep(self.dice.uniform(*SHORT_S))


async def kill(world: World) -> None:
    """Cut the power."""
    await world.relay.kill()
    await world.relay.start()


async def stop(world: World) -> None:
    """Stop in order, as for an update."""
    began = time.monotonic()
    code = await world.relay.end(signal.SIGTERM)
    if code != 0:
        world.complain(f"SIGTERM ended the relay with {code}")
    if time.monotonic() - began > DRAIN_S + 1:
        world.complain("SIGTERM took longer than the drain allows")
    await world.relay.start()


async def fill_disk(world: World) -> None:
    """Let the disk be full for a while."""
    if world.full is not None:
        with world.full():
            await world.wait()


async def kill_on_full_disk(world: World) -> None:
    """Cut the power while the disk is full."""
    if world.full is not None:
        with world.full():
            await world.wait()
            await world.relay.kill()
        await world.relay.start()


async def swap_token(world: World) -> None:
    """Let a token lapse, and write a good one."""
    world.relay.token.write_text(world.dice.choice(BAD))
    await world.wait()
    world.relay.token.write_text(GOOD)


async def step_clock(world: World) -> None:
    """Set the relay's clock, forward or back."""
    world.clock.step_to(world.dice.choice(STEPS_S))


async def cut_off(world: World) -> None:
    """Reset every connection to the platforms."""
    await world.emulator.play(script.away())
    await world.wait()
    await world.emulator.play(script.chaotic())


async def inspect(world: World) -> None:
    """Verify the journal beside the running relay."""
    if found := await world.relay.check():
        world.complain(f"the journal is not in order: {found}")


TROUBLES: Final[Mapping[str, Callable[[World], Awaitable[None]]]] = {
    "kill -9": kill,
    "SIGTERM": stop,
    "disk full": fill_disk,
    "kill -9 on a full disk": kill_on_full_disk,
    "token swapped": swap_token,
    "clock stepped": step_clock,
    "platforms cut off": cut_off,
    "journal checked": inspect,
}


async def make_trouble(world: World, over: asyncio.Event) -> None:
    """Make one trouble after the other until it is over, and each of them equally often."""
    while not over.is_set():
        for name in world.dice.sample(list(TROUBLES), len(TROUBLES)):
            await asyncio.sleep(world.dice.uniform(0, PAUSE_S))
            await TROUBLES[name](world)
            world.happened[name] += 1


async def operate(world: World, over: asyncio.Event) -> None:
    """Resume what is paused, as a patient operator would."""
    dice = random.Random(world.dice.random())
    while not over.is_set():
        await asyncio.sleep(dice.uniform(0, OPERATOR_S))
        with suppress(aiohttp.ClientError):
            await resume_all(world.relay)


async def resume_all(relay: Relay) -> None:
    """Clear every pause and wait."""
    for each in (await relay.ask("/api/v1/destinations"))["destinations"]:
        if each["state"] != "active":
            await relay.ask(f"/api/v1/destinations/{each['name']}/resume", {})
