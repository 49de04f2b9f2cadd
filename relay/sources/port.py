"""A listening port for producers: opened once, closed in order."""

import asyncio
import os
import socket
from typing import Self

from relay.errors import RelayError
from relay.sources.connections import Server, bounded

ACCEPTED_AT_ONCE = 32
"""How many connections asyncio accepts before it handles any of them.

Accepting more of a crowd at once could open more files than the process may have.
"""
BACKLOG = 4096
"""How many connections the kernel queues until they are accepted; aiohttp's 128 is too few."""


class Port:
    """Serves a protocol factory on `host:port` while the context is open; port 0 picks a free one.

    Leaving the context closes the port at once, and waits up to `drain_s` for answers under way.
    """

    def __init__(
        self, server: Server, *, host: str, port: int, max_connections: int, drain_s: float
    ) -> None:
        self._server = server
        self._host = host
        self._port = port
        self._max_connections = max_connections
        self._drain_s = drain_s
        self._listening: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """The `host:port` that it listens on."""
        return address_of(self._host, self._port)

    async def __aenter__(self) -> Self:
        factory = bounded(self._server, self._max_connections)
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(
                factory, self._host, self._port, backlog=ACCEPTED_AT_ONCE
            )
            _queue_crowds(self._listening)
        except OSError as error:
            raise cannot_listen(self.address, "[server] listen", error) from None
        self._port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.close()
        self._server.pre_shutdown()
        await self._server.shutdown(self._drain_s)


async def listening(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on `host:port`, for other processes to accept from.

    Raises `RelayError` if the port cannot be opened.
    """
    loop = asyncio.get_running_loop()
    try:
        bound = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
        sockets = [each.dup() for each in bound.sockets]
        bound.close()
        for each in sockets:
            each.listen(BACKLOG)
    except OSError as error:
        raise cannot_listen(address_of(host, port), "[server] listen", error) from None
    return sockets


def _queue_crowds(server: asyncio.Server) -> None:
    for each in server.sockets:
        with each.dup() as same:
            same.listen(BACKLOG)


def address_of(host: str, port: int) -> str:
    """Return `host:port`, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def cannot_listen(address: str, key: str, error: OSError) -> RelayError:
    """Return the error, in one line, for a port that is in use or not allowed."""
    number = error.errno or 0
    # A failed look-up has negative error numbers of its own.
    reason = os.strerror(number).lower() if number > 0 else "there is no such host"
    return RelayError(f"cannot listen on {address}: {reason}; change {key} or end who holds it")
