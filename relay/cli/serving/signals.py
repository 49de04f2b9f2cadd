"""Turns SIGTERM and Ctrl-C into an event to wait for; a second one ends the process at once."""

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
"""The share of the time limit after which the process ends, whatever still hangs."""

OVER: Final = "the time to stop is over; what is not finished goes on at the next start"
TELL_S: Final = 0.2
"""Seconds that the log gets for the last message."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def until_told(
    limit_s: float | None = None, on_stop: Callable[[], object] = bool
) -> AsyncIterator[asyncio.Event]:
    """Yield an event that the first stop signal sets; `on_stop` is called then.

    A second signal ends the process at once, like `kill -9`, with the exit code that shells expect.
    The process also ends within `limit_s` seconds after the first one, even if a disk, a thread or
    the event loop hangs, or a name server, for which the loop waits when it is closed. In any case,
    every accepted event is on disk.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    limit = _Limit(limit_s)

    def told(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        limit.begin()
        on_stop()

    for each in STOP_SIGNALS:
        loop.add_signal_handler(each, told, each)
    try:
        yield stop
    finally:
        if not stop.is_set():
            limit.cancel()
        for each in STOP_SIGNALS:
            loop.remove_signal_handler(each)


class _Limit:
    """Ends the process a time limit after `begin`, if there is a limit.

    Its thread runs from the start: once memory or processes are used up, none could be started.
    """

    def __init__(self, limit_s: float | None) -> None:
        self._begun = threading.Event()
        self._cancelled = threading.Event()
        self.begin = self._begun.set
        if limit_s is not None:
            after_s = min(limit_s * LAST_SHARE, threading.TIMEOUT_MAX)
            threading.Thread(target=self._watch, args=(after_s,), daemon=True).start()

    def cancel(self) -> None:
        """Remove the limit: the process ends by itself."""
        self._cancelled.set()
        self._begun.set()

    def _watch(self, after_s: float) -> None:
        self._begun.wait()
        if not self._cancelled.wait(after_s):
            _give_up()


def _give_up() -> None:
    """End the process at once; unfinished work is lost as in a power cut."""
    try:
        telling = threading.Thread(target=log.warning, args=(OVER,), daemon=True)
        telling.start()
        telling.join(TELL_S)  # the log may be what hangs
    finally:
        os._exit(0)
