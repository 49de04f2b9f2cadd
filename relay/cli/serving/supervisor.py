"""Tells a supervisor such as systemd about the process: ready, alive, reloading, stopping.

It sends datagrams to the socket that `NOTIFY_SOCKET` names, as systemd's sd_notify(3) describes
them (https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html, 2026). Without that
variable it does nothing, and a supervisor that does not listen does not disturb the relay.
Watchdog signals stop when the work stops; that is their purpose.
"""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

STATUS_INTERVAL_S: Final = 30.0
"""Seconds between two updates without a watchdog, so that `systemctl status` stays true."""
MAX_STATUS: Final = 500
"""The most characters of a status; longer ones are cut."""

log = logging.getLogger(__name__)


class Supervisor:
    """See the module docstring. `environ` is the process's, `process_id` its own."""

    def __init__(self, environ: Mapping[str, str], process_id: int) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._watchdog_s = _watchdog_s(environ, process_id)
        self._deaf = False
        self._stopping = False

    def ready(self, status: str) -> None:
        """Report that the start is over: both ports listen."""
        self._tell("READY=1", f"STATUS={_one_line(status)}")

    def stopping(self) -> None:
        """Report that the process is about to end; the status does not change any more."""
        self._stopping = True
        self._tell("STOPPING=1", "STATUS=Finishing what is in flight; the rest stays on disk.")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Report that the block reloads something, and readiness afterwards."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            yield
        finally:
            self._tell("READY=1")

    @asynccontextmanager
    async def watching(
        self, progress: Callable[[], Awaitable[None]], status: Callable[[], str]
    ) -> AsyncIterator[None]:
        """Send watchdog signals during the block, twice per watchdog interval.

        Each follows a call of `progress`, which returns only if nothing hangs.
        """
        if self._address is None:
            yield
            return
        task = asyncio.create_task(self._watch(progress, status))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(
        self, progress: Callable[[], Awaitable[None]], status: Callable[[], str]
    ) -> None:
        interval_s = STATUS_INTERVAL_S if self._watchdog_s is None else self._watchdog_s / 2
        while True:
            if await _returns(progress, interval_s):
                told = () if self._stopping else (f"STATUS={_one_line(status())}",)
                self._tell("WATCHDOG=1", *told)
                await asyncio.sleep(interval_s)  # half of the watchdog's interval
            else:
                log.error("nothing was written within %.1f s", interval_s)

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            self._complain(error)
        else:
            self._deaf = False

    def _complain(self, error: OSError) -> None:
        """Log that the supervisor does not listen, once until it listens again."""
        if not self._deaf:
            self._deaf = True
            reason = error.strerror or str(error)  # Python's own errors have no strerror
            log.warning("the supervisor does not listen", extra={"reason": reason})


def _address(text: str) -> str | None:
    """Return the socket's address, None without one; a leading `@` means an abstract socket."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else None


def _watchdog_s(environ: Mapping[str, str], process_id: int) -> float | None:
    """Return the watchdog's interval in seconds, None if there is no watchdog for this process."""
    if environ.get("WATCHDOG_PID", str(process_id)) != str(process_id):
        return None
    text = environ.get("WATCHDOG_USEC", "")
    if not (text.isascii() and text.isdecimal()):
        return None
    return int(text) / 1_000_000 or None


async def _returns(progress: Callable[[], Awaitable[None]], within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await progress()
    except TimeoutError:
        return False
    return True


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MAX_STATUS]
