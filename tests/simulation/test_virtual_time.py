"""The loop of simulations keeps the order of timers, and lets no time pass for threads."""

import asyncio
import threading
import time

from tests.simulation import virtual_time
from tests.simulation.virtual_time import virtual_loop

DAY_S = 86_400.0


def test_a_day_passes_at_once_and_timers_keep_their_order() -> None:
    seen: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        seen.append((name, asyncio.get_running_loop().time()))

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            for name, seconds in (("late", DAY_S), ("soon", 1.0), ("noon", DAY_S / 2)):
                group.create_task(sleep(name, seconds))

    began = time.monotonic()
    virtual_time.run(work())
    assert time.monotonic() - began < DAY_S / 1000
    assert seen == [("soon", 1.0), ("noon", DAY_S / 2), ("late", DAY_S)]


def test_a_timeout_is_over_in_virtual_time() -> None:
    async def work() -> float:
        try:
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        except TimeoutError:
            return asyncio.get_running_loop().time()
        raise AssertionError("the timeout never came")

    assert virtual_time.run(work()) == 3600


def test_time_stands_while_a_thread_works() -> None:
    async def work() -> tuple[int, float]:
        timer = asyncio.get_running_loop().create_task(asyncio.sleep(5))
        found = await asyncio.to_thread(sum, range(1_000_000))
        at_s = virtual_loop().time()
        await timer
        return found, at_s

    assert virtual_time.run(work()) == (499_999_500_000, 0.0)


def test_time_stands_while_it_is_said_that_something_is_at_work() -> None:
    """As a journal's own thread, which is none of the loop's."""

    async def work() -> float:
        loop, ended = virtual_loop(), asyncio.Event()
        loop.stand_while(lambda: not ended.is_set())
        timer = loop.create_task(asyncio.sleep(5))
        threading.Timer(0.01, loop.call_soon_threadsafe, (ended.set,)).start()
        await ended.wait()
        at_s = loop.time()
        await timer
        return at_s

    assert virtual_time.run(work()) == 0.0
