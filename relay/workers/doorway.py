"""Lets producers in at a socket that several workers listen on.

asyncio would take everybody who waits at once. Here a worker takes one connection a time, or of a
crowd a few, and gives those with fewer connections a moment to come first, so that connections that
stay open are shared evenly. A worker that hangs or is busy loses nobody: the others take who waits.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Final

from relay.workers.seats import Seats

DEFERENCE_S: Final = 0.002
"""How long a worker with more connections than another one lets that one come first."""
PAUSE_S: Final = 1.0
"""After an error that comes from a lack of means, such as file descriptors."""

log = logging.getLogger(__name__)


class Doorway:
    """See the module docstring. `factory` makes the protocol of each connection."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        factory: Callable[[], asyncio.Protocol],
        seats: Seats,
    ) -> None:
        self._sockets = sockets
        self._factory = factory
        self._seats = seats
        self._loop = asyncio.get_running_loop()
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        self._joining: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Let in who comes."""
        for each in self._sockets:
            self._watch(each)

    def close(self) -> None:
        """Let nobody in any more."""
        for timer in self._pauses.values():
            timer.cancel()
        sockets, self._sockets = self._sockets, ()
        for each in sockets:
            self._loop.remove_reader(each)
            each.close()

    def _watch(self, listening: socket.socket) -> None:
        self._pauses.pop(listening, None)
        self._loop.add_reader(listening, self._knocked, listening)

    def _knocked(self, listening: socket.socket) -> None:
        if self._seats.crowded:
            self._pause(listening, DEFERENCE_S, self._accept_and_watch)
        else:
            self._accept(listening)

    def _accept_and_watch(self, listening: socket.socket) -> None:
        self._watch(listening)
        self._accept(listening)

    def _accept(self, listening: socket.socket) -> None:
        """Take as many as do not tip the scales."""
        try:
            for _ in range(1 + self._seats.tolerance):
                connection, _address = listening.accept()
                self._let_in(connection)
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # nobody waits any more, or the client is gone
        except OSError as error:
            log.error("no connection can be accepted", extra={"reason": error.strerror})  # noqa: TRY400 - the reason says all
            self._pause(listening, PAUSE_S, self._watch)

    def _let_in(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        task = self._loop.create_task(self._join(connection))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _join(self, connection: socket.socket) -> None:
        await self._loop.connect_accepted_socket(self._factory, connection)

    def _pause(
        self, listening: socket.socket, seconds: float, then: Callable[[socket.socket], None]
    ) -> None:
        self._loop.remove_reader(listening)
        self._pauses[listening] = self._loop.call_later(seconds, then, listening)
