"""SIGTERM and Ctrl-C as an event to wait for; the second one ends the process at once."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
LAST_SHARE: Final = 0.95
"""The part of the time to stop after which the process ends, whatever still hangs."""

OVER: Final = "the time to stop is over; what is not finished goes on at the next start"
TELL_S: Final = 0.2
"""What the log has to take that sentence."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def until_told(
    limit_s: float | None = None, on_stop: Callable[[], object] = bool
) -> AsyncIterator[asyncio.Event]:
    """Hand out an event that the first signal to stop sets; `on_stop` is called then.

    Whoever cannot wait sends a second one: the process ends where it stands, as `kill -9` would
    end it, with the exit code that shells expect. It also ends by itself within `limit_s`, should
    a disk or a thread hang and the event loop with it. Every accepted event is on disk then, too.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    limit = threading.Timer((limit_s or 0) * LAST_SHARE, _give_up)
    limit.daemon = True

    def told(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        if limit_s is not None:
            limit.start()
        on_stop()

    for each in STOP_SIGNALS:
        loop.add_signal_handler(each, told, each)
    try:
        yield stop
    finally:
        limit.cancel()
        for each in STOP_SIGNALS:
            loop.remove_signal_handler(each)


def _give_up() -> None:
    """End the process from a thread of its own; what was not finished is as after a power cut."""
    telling = threading.Thread(target=log.warning, args=(OVER,), daemon=True)
    telling.start()
    telling.join(TELL_S)  # the log may be what hangs
    os._exit(0)
