"""How the bench's own processes run their coroutine: on uvloop where it is installed.

The tools should cost as little as they can, because they share a machine with what they measure.
The services under test choose their event loop themselves.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def run(main: Coroutine[object, object, None]) -> None:
    """Run `main` until it ends, or until SIGTERM cancels it."""
    with asyncio.Runner(loop_factory=_fastest()) as runner, suppress(asyncio.CancelledError):
        runner.run(_until_terminated(main))


def _fastest() -> LoopFactory:
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop
    factory: LoopFactory = import_module("uvloop").new_event_loop
    return factory


async def _until_terminated(main: Coroutine[object, object, None]) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await main
