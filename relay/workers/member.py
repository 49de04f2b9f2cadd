"""One worker process as the main process sees it, from its start to its end."""

import asyncio
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from relay.workers.channel import Channel
from relay.workers.clerk import Clerk, Office
from relay.workers.message import FromWorker, Setup

LAST_S: Final = 2.0
"""How long a worker may still be there once its socket has ended."""


class Member:
    """See the module docstring. `ready` is called when it takes events."""

    def __init__(self, office: Office, ready: Callable[[], None]) -> None:
        self._channel: Channel[FromWorker] = Channel(FromWorker, self._received, self._lost)
        self._clerk = Clerk(office, self._channel.send, ready)
        self._gone = asyncio.Event()

    async def run(self, command: Sequence[str], environ: Mapping[str, str], setup: Setup) -> int:
        """Start it, and wait for its end; return its exit code, negative for a signal.

        One that is still there when its socket has ended is of no use, and ended as well. Raises
        `OSError` if it cannot be started.
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

    def send(self, message: msgspec.Struct) -> None:
        """Tell it something."""
        self._channel.send(message)

    async def _serve(self, connection: socket.socket, setup: Setup) -> None:
        """Do what it asks for, until it is gone."""
        self._channel.send(setup)
        self._channel.open(connection)
        try:
            await self._gone.wait()
        finally:
            self._channel.abort()

    def _received(self, message: FromWorker) -> None:
        self._clerk.received(message)

    def _lost(self) -> None:
        self._clerk.left()
        self._gone.set()


async def _started(
    command: Sequence[str], environ: Mapping[str, str], theirs: socket.socket, setup: Setup
) -> Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=DEVNULL,
        env=environ,
        pass_fds=(theirs.fileno(), *setup.sockets, setup.seats),
        process_group=0,  # Ctrl-C is the main process's to hear
    )


async def _killed(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
