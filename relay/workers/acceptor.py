"""Accepts connections from a listening socket that several workers share.

asyncio would accept the whole backlog at once. Here, a worker accepts one connection at a time (a
few if it has many already), and lets workers with fewer connections go first, so that connections
that stay open are spread evenly. If a worker hangs or is busy, no client is lost: the others accept
what waits.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Final

from relay.workers.connection_count import ConnectionCounts

DEFERENCE_S: Final = 0.002
"""How long a worker waits to let another one with fewer connections go first."""
PAUSE_S: Final = 1.0
"""Pause after an error that comes from a lack of resources, such as file descriptors."""

log = logging.getLogger(__name__)


class Acceptor:
    """See the module docstring. `factory` makes the protocol of each connection."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        factory: Callable[[], asyncio.Protocol],
        counts: ConnectionCounts,
    ) -> None:
        self._sockets = sockets
        self._factory = factory
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        self._joining: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Start to accept connections."""
        for each in self._sockets:
            self._watch(each)

    def close(self) -> None:
        """Stop accepting, and close the sockets."""
        for timer in self._pauses.values():
            timer.cancel()
        sockets, self._sockets = self._sockets, ()
        for each in sockets:
            self._loop.remove_reader(each)
            each.close()

    def _watch(self, listening: socket.socket) -> None:
        self._pauses.pop(listening, None)
        self._loop.add_reader(listening, self._on_readable, listening)

    def _on_readable(self, listening: socket.socket) -> None:
        if self._counts.crowded:
            self._pause(listening, DEFERENCE_S, self._accept_and_watch)
        else:
            self._accept(listening)

    def _accept_and_watch(self, listening: socket.socket) -> None:
        self._watch(listening)
        self._accept(listening)

    def _accept(self, listening: socket.socket) -> None:
        """Accept one connection, or a few more if the counts' tolerance allows it."""
        try:
            for _ in range(1 + self._counts.tolerance):
                connection, _address = listening.accept()
                self._let_in(connection)
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # nothing is waiting any more, or the client is gone
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
