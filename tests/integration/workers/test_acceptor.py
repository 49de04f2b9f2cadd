"""Two acceptors on one socket, as two workers have them: both get connections, none is lost."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from typing import cast

import pytest

from relay.sources.port import listening
from relay.workers.acceptor import PAUSE_S, Acceptor
from relay.workers.connection_count import ConnectionCounts, attached, shared
from tests.given.port.producers import Client, until

CROWD = 20


class Worker:
    """An acceptor, and the connections that it accepted."""

    def __init__(self, listening: socket.socket, counts: ConnectionCounts) -> None:
        self.connections: list[asyncio.Transport] = []
        self.counts = counts
        self.acceptor = Acceptor([listening], self._protocol, counts)
        counts.report(0)

    def _protocol(self) -> asyncio.Protocol:
        return Connection(self)

    def accepted(self, transport: asyncio.Transport) -> None:
        """Count a connection."""
        self.connections.append(transport)
        self.counts.report(len(self.connections))

    def has(self, connections: int) -> bool:
        """Return whether it has accepted so many."""
        return len(self.connections) == connections


class Connection(asyncio.Protocol):
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._worker.accepted(cast("asyncio.Transport", transport))


@asynccontextmanager
async def two_workers() -> AsyncIterator[tuple[int, Worker, Worker]]:
    """Hand out the port, and two workers whose acceptors are not open yet."""
    [outer] = await listening("127.0.0.1", 0)
    with outer, shared(2) as (_, descriptor), ExitStack() as stack:
        counts = [stack.enter_context(attached(descriptor, 2, slot)) for slot in range(2)]
        first, second = (Worker(outer.dup(), each) for each in counts)
        yield outer.getsockname()[1], first, second
        for worker in (first, second):
            worker.acceptor.close()
            for transport in worker.connections:
                transport.close()
        await asyncio.sleep(0)


async def test_connections_that_stay_open_are_shared_evenly() -> None:
    async with two_workers() as (port, first, second), AsyncExitStack() as stack:
        first.acceptor.open()
        second.acceptor.open()
        for _ in range(CROWD):
            await stack.enter_async_context(Client(port))
        await until(lambda: len(first.connections) + len(second.connections) == CROWD)
        assert abs(len(first.connections) - len(second.connections)) <= 2


async def test_a_worker_that_does_not_accept_keeps_nobody_waiting() -> None:
    """The other one accepts what it leaves, although it has more connections already."""
    async with two_workers() as (port, first, _), AsyncExitStack() as stack:
        first.acceptor.open()
        for _ in range(CROWD):
            await stack.enter_async_context(Client(port))
        await until(lambda: len(first.connections) == CROWD)


async def test_a_worker_with_more_connections_lets_the_other_one_go_first() -> None:
    async with two_workers() as (port, first, second), AsyncExitStack() as stack:
        first.acceptor.open()
        for _ in range(CROWD):
            await stack.enter_async_context(Client(port))
        await until(partial(first.has, CROWD))
        second.acceptor.open()
        for count in range(1, CROWD // 2):
            await stack.enter_async_context(Client(port))
            await until(partial(second.has, count))
        assert first.has(CROWD)


async def test_an_acceptor_that_is_closed_while_it_lets_another_one_go_first_is_closed() -> None:
    async with two_workers() as (port, first, second), AsyncExitStack() as stack:
        first.counts.report(5)
        first.acceptor.open()
        await stack.enter_async_context(Client(port))
        await until(lambda: first.acceptor._pauses)
        first.acceptor.close()
        second.acceptor.open()
        await until(lambda: second.connections)
        [timer] = first.acceptor._pauses.values()
        assert timer.cancelled()


async def test_a_closed_acceptor_accepts_nothing() -> None:
    async with two_workers() as (port, first, second), AsyncExitStack() as stack:
        first.acceptor.open()
        first.acceptor.close()
        second.acceptor.open()
        await stack.enter_async_context(Client(port))
        await until(lambda: second.connections)
        assert first.connections == []


class Exhausted(socket.socket):
    """A socket of a process that has no file descriptor left, once; notes when it is asked."""

    asked_s: list[float]

    def accept(self) -> tuple[socket.socket, object]:
        """Accept, or fail as the system does then."""
        self.asked_s.append(asyncio.get_running_loop().time())
        if len(self.asked_s) == 1:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


async def test_a_connection_is_accepted_once_there_are_file_descriptors_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Until then it is tried, and logged, once a second instead of in a busy loop."""
    async with two_workers() as (port, first, second), AsyncExitStack() as stack:
        [listening] = second.acceptor._sockets
        exhausted = Exhausted(fileno=listening.detach())
        exhausted.asked_s = []
        second.acceptor._sockets = [exhausted]
        second.acceptor.open()
        await stack.enter_async_context(Client(port))
        await until(lambda: second.connections)
        assert first.connections == []
        assert exhausted.asked_s[1] - exhausted.asked_s[0] > 0.9 * PAUSE_S
    assert [record.getMessage() for record in caplog.records] == ["no connection can be accepted"]
    caplog.clear()
