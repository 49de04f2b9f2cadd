"""One worker process as the main process sees it, from its start to its end."""

import asyncio
import errno
import logging
import os
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from relay.workers.channel import Channel
from relay.workers.message import FromWorker, Reload, Setup, Stop
from relay.workers.session import MainServices, WorkerSession

LAST_S: Final = 2.0
"""How long a worker may outlive its socket."""
SILENT_S: Final = 30.0
"""Time between two checks; a worker that takes events is ended if it was silent in between."""
STARTING_LOOKS: Final = 10
"""Checks until a worker must have said something: on a busy machine, starting takes a while."""

log = logging.getLogger(__name__)


class Member:
    """See the module docstring. `ready` is called when it takes events."""

    def __init__(
        self,
        services: MainServices,
        ready: Callable[[], None],
        silent_s: float = SILENT_S,
        starting_looks: int = STARTING_LOOKS,
    ) -> None:
        self._silent_s = silent_s
        self._looks_left = starting_looks
        self._heard = False
        self._stopping = False
        self._channel: Channel[FromWorker] = Channel(FromWorker, self._received, self._lost)
        self._session = WorkerSession(services, self._channel.send, ready)
        self._gone = asyncio.Event()

    async def run(self, command: Sequence[str], environ: Mapping[str, str], setup: Setup) -> int:
        """Start the process and wait for its end; return its exit code, negative for a signal.

        A process that outlives its socket is of no use any more, and is killed. Raises `OSError` if
        it cannot be started.
        """
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = await _started([*command, str(theirs.fileno())], environ, theirs, setup)
            theirs.close()
            try:
                await self._serve(ours, setup)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LAST_S):
                        return await process.wait()
            finally:
                await _killed(process)
        return process.returncode or 0

    def stop(self, within_s: float) -> None:
        """Have it finish what is under way and end; it may be silent meanwhile."""
        self._stopping = True
        self._channel.send(Stop(within_s))

    def reload(self) -> None:
        """Have it read secrets from their files again now."""
        self._channel.send(Reload())

    async def _serve(self, connection: socket.socket, setup: Setup) -> None:
        """Do what it asks for, until it is gone or hangs."""
        self._channel.send(setup)
        self._channel.open(connection)
        try:
            while not await self._is_gone() and not self._hangs():
                self._heard = False
        finally:
            self._channel.abort()

    async def _is_gone(self) -> bool:
        """Wait for its end, at most as long as it may be silent; return whether it has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._silent_s):
                return await self._gone.wait()
        return False

    def _hangs(self) -> bool:
        """Return whether it has been silent for too long."""
        if self._heard or self._stopping:
            return False
        self._looks_left -= 1
        if self._looks_left:
            return False
        log.error("a worker process hangs and is ended")
        return True

    def _received(self, message: FromWorker) -> None:
        self._heard = True
        self._looks_left = 1
        self._session.received(message)

    def _lost(self) -> None:
        self._session.lost()
        self._gone.set()


async def _started(
    command: Sequence[str], environ: Mapping[str, str], theirs: socket.socket, setup: Setup
) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=DEVNULL,
            env=environ,
            pass_fds=(theirs.fileno(), *setup.sockets, setup.counts),
            process_group=0,  # only the main process should receive Ctrl-C
        )
    except RuntimeError as error:  # asyncio cannot start the thread that waits for the process
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error


async def _killed(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
