"""Two doorways at one socket, as two workers have them: everybody gets in, and both get some."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import cast

import pytest

from relay.sources.port import listening
from relay.workers.doorway import Doorway
from relay.workers.seats import Seats, attached, shared
from tests.given.port.producers import Client, until

CROWD = 20


class Room:
    """A doorway, and the connections that came in by it."""

    def __init__(self, listening: socket.socket, seats: Seats) -> None:
        self.inside: list[asyncio.Transport] = []
        self._seats = seats
        self.doorway = Doorway([listening], self._enter, seats)
        seats.sit(0)

    def _enter(self) -> asyncio.Protocol:
        return Guest(self)

    def entered(self, transport: asyncio.Transport) -> None:
        """Take a seat."""
        self.inside.append(transport)
        self._seats.sit(len(self.inside))


class Guest(asyncio.Protocol):
    def __init__(self, room: Room) -> None:
        self._room = room

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._room.entered(cast("asyncio.Transport", transport))


@asynccontextmanager
async def two_rooms() -> AsyncIterator[tuple[int, Room, Room]]:
    """Hand out the port, and two rooms whose doorways are not open yet."""
    [outer] = await listening("127.0.0.1", 0)
    with outer, shared(2) as (_, descriptor), ExitStack() as stack:
        seats = [stack.enter_context(attached(descriptor, 2, slot)) for slot in range(2)]
        first, second = (Room(outer.dup(), each) for each in seats)
        yield outer.getsockname()[1], first, second
        for room in (first, second):
            room.doorway.close()
            for transport in room.inside:
                transport.close()
        await asyncio.sleep(0)


async def test_connections_that_stay_open_are_shared_evenly() -> None:
    async with two_rooms() as (port, first, second), AsyncExitStack() as stack:
        first.doorway.open()
        second.doorway.open()
        for _ in range(CROWD):
            await stack.enter_async_context(Client(port))
        await until(lambda: len(first.inside) + len(second.inside) == CROWD)
        assert abs(len(first.inside) - len(second.inside)) <= 2


async def test_a_worker_that_does_not_come_to_the_door_keeps_nobody_waiting() -> None:
    """Whoever it leaves outside is let in by the other one, though that one has more."""
    async with two_rooms() as (port, first, _), AsyncExitStack() as stack:
        first.doorway.open()
        for _ in range(CROWD):
            await stack.enter_async_context(Client(port))
        await until(lambda: len(first.inside) == CROWD)


async def test_after_its_doorway_is_closed_a_worker_lets_nobody_in() -> None:
    async with two_rooms() as (port, first, second), AsyncExitStack() as stack:
        first.doorway.open()
        first.doorway.close()
        second.doorway.open()
        await stack.enter_async_context(Client(port))
        await until(lambda: second.inside)
        assert first.inside == []


class Exhausted(socket.socket):
    """A socket of a process that has no file descriptor left, once."""

    left = 1

    def accept(self) -> tuple[socket.socket, object]:
        """Accept, or fail as the system does then."""
        if self.left:
            self.left -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


async def test_who_cannot_be_let_in_for_want_of_means_is_let_in_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Told once a second, instead of turning round and round."""
    async with two_rooms() as (port, first, second), AsyncExitStack() as stack:
        [listening] = second.doorway._sockets
        second.doorway._sockets = [Exhausted(fileno=listening.detach())]
        second.doorway.open()
        await stack.enter_async_context(Client(port))
        await until(lambda: second.inside)
        assert first.inside == []
    assert [record.getMessage() for record in caplog.records] == ["no connection can be accepted"]
    caplog.clear()
