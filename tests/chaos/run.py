"""One chaos run.

The real relay and the emulated platforms, each a process of its own; producers that never give up;
and everything that can go wrong, at random but from one seed. At the end the world gets well, and
the account must add up to the last event.
"""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from relay.sandbox.answer import PlatformName
from tests.chaos import disk, record, script
from tests.chaos.clock import SteppedClock
from tests.chaos.process import Emulator, Relay
from tests.chaos.producer import Producer
from tests.chaos.sampler import Sampler
from tests.chaos.trouble import GOOD, World, make_trouble, operate, resume_all
from tests.chaos.verdict import Account, Verdict, judge

PRODUCERS: Final = 3
TICK_S: Final = 0.5
WELL_WITHIN_S: Final = 120.0
LATER_S: Final = 2 * 3600.0
"""By how much the relay's clock is ahead in the end, so that every wait for a retry is over."""
MAX_PROBLEMS: Final = 50


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What makes one run differ from another; the seed decides about everything random.

    After `seconds` the round of troubles that has begun goes on to its end.
    """

    seed: int
    seconds: float
    folder: Path
    may_mount: bool = False


class Report(msgspec.Struct, kw_only=True):
    """How a run went; it is filled while it goes on."""

    problems: list[str] = []
    happened: Counter[str] = msgspec.field(default_factory=Counter)
    producers: list[Producer] = []
    samples: int = 0
    verdict: Verdict | None = None

    def complain(self, problem: str) -> None:
        """Note what is wrong; the first ones say the most."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    @property
    def acknowledged(self) -> set[str]:
        """All event ids that were acknowledged."""
        return set().union(*(each.acknowledged for each in self.producers))


async def run(settings: Settings, tick: Callable[[float, Report], None]) -> Report:
    """Return how a run went; `tick` is told the seconds that have passed."""
    report = Report()
    with _disk(settings) as full:
        async with _world(settings, report, full) as world:
            await _go_wrong(world, settings, report, tick)
            await _get_well(world, report)
            account = await _account(world, report)
            await _end(world, report)
    report.verdict = judge(account)
    report.problems += report.verdict.problems[:MAX_PROBLEMS]
    return report


async def _go_wrong(
    world: World, settings: Settings, report: Report, tick: Callable[[float, Report], None]
) -> None:
    """Let everything go wrong for as long as is asked, and producers finish what they began."""
    sampler = Sampler(world.relay.admin, report.complain)
    over, quiet, posted = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sampler.sample_until(posted))
        trouble = tasks.create_task(make_trouble(world, over))
        operator = tasks.create_task(operate(world, quiet))
        posting = [tasks.create_task(each.post_until(quiet)) for each in report.producers]
        began = time.monotonic()
        while (passed_s := time.monotonic() - began) < settings.seconds:
            tick(passed_s, report)
            await asyncio.sleep(TICK_S)
        over.set()
        await trouble
        quiet.set()
        await asyncio.gather(operator, *posting)
        posted.set()
    report.samples = sampler.samples


async def _get_well(world: World, report: Report) -> None:
    """Mend everything, and wait until nothing waits any more."""
    await world.emulator.play(script.healthy())
    world.relay.token.write_text(GOOD)
    world.clock.step_to(LATER_S)
    sampler, done = Sampler(world.relay.admin, report.complain), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sampler.sample_until(done))
        if not await _nothing_waits(world.relay):
            report.complain(f"events still wait after {WELL_WITHIN_S:g} s without trouble")
        done.set()
    report.samples += sampler.samples


async def _nothing_waits(relay: Relay) -> bool:
    until = time.monotonic() + WELL_WITHIN_S
    while time.monotonic() < until:
        await resume_all(relay)
        if not any((await _counts(relay, "pending")).values()):
            return True
        await asyncio.sleep(TICK_S)
    return False


async def _account(world: World, report: Report) -> Account:
    return Account(
        acknowledged=report.acknowledged,
        requests=record.read(world.emulator.record),
        kills=world.relay.kills,
        letters={
            (each["destination"], each["event_id"]): (each["reason"], each["code"])
            async for each in _dead_letters(world.relay)
        },
        dead=await _counts(world.relay, "dead"),
        delivered=await _counts(world.relay, "delivered"),
    )


async def _end(world: World, report: Report) -> None:
    """Stop the relay; nothing may be left behind."""
    if code := await world.relay.end(signal.SIGTERM):
        report.complain(f"the relay ended with {code}: {world.relay.log.read_text()[-500:]}")
    if found := await world.relay.check():
        report.complain(f"the journal is not in order: {found}")
    log = world.relay.log.read_bytes()
    for sign in (b"Traceback", b'"level":"error"', b"never retrieved", b"was destroyed"):
        if sign in log:
            at = log.index(sign)
            report.complain(f"in the log: {log[max(0, at - 200) : at + 500]!r}")


async def _counts(relay: Relay, key: str) -> dict[PlatformName, int]:
    told = (await relay.ask("/api/v1/destinations"))["destinations"]
    return {each["name"]: each[key] for each in told}


async def _dead_letters(relay: Relay) -> AsyncIterator[Any]:
    cursor = ""
    while True:
        told = await relay.ask(f"/api/v1/dead-letters?limit=1000{cursor}")
        for each in told["dead_letters"]:
            yield each
        if told["next"] is None:
            return
        cursor = f"&cursor={told['next']}"


@contextmanager
def _disk(settings: Settings) -> Iterator[Any]:
    """Make the journal's folder; hand out how to fill its disk, None: as the process is limited."""
    folder = settings.folder / "journal"
    folder.mkdir(parents=True, exist_ok=True)
    if not settings.may_mount:
        yield None
        return
    with disk.mounted(folder) as done:
        yield partial(disk.full, folder) if done else None


@asynccontextmanager
async def _world(settings: Settings, report: Report, full: Any) -> AsyncIterator[World]:
    """Start both processes; whatever happens, they end."""
    dice = random.Random(settings.seed)
    clock = SteppedClock(settings.folder / "clock")
    emulator = Emulator(settings.folder, str(settings.seed))
    relay = Relay(settings.folder, settings.folder / "journal", emulator.url)
    relay.token.write_text(GOOD)
    report.producers += [
        Producer(relay.producers, f"p{at}", random.Random(dice.random()), report.complain)
        for at in range(PRODUCERS)
    ]
    await emulator.start()
    try:
        await emulator.play(script.chaotic())
        await relay.start()
        try:
            yield World(
                relay=relay,
                emulator=emulator,
                clock=clock,
                dice=dice,
                complain=report.complain,
                full=full or partial(disk.forbidden, lambda: relay.id),
                happened=report.happened,
            )
        finally:
            await relay.end(signal.SIGKILL)
    finally:
        await emulator.end(signal.SIGTERM)
        clock.close()
