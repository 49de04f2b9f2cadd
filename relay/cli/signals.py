"""SIGTERM and Ctrl-C as an event to wait for; the second one ends the process at once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@asynccontextmanager
async def until_told() -> AsyncIterator[asyncio.Event]:
    """Hand out an event that the first signal to stop sets.

    Whoever cannot wait sends a second one: the process ends where it stands, as `kill -9` would
    end it, with the exit code that shells expect. Every accepted event is on disk then, too.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for each in STOP_SIGNALS:
        loop.add_signal_handler(each, told, each)
    try:
        yield stop
    finally:
        for each in STOP_SIGNALS:
            loop.remove_signal_handler(each)
