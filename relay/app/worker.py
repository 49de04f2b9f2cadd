"""Runs in a worker process: answers producers, and has the main process store what they post.

Everything else comes to it over its socket to the main process. When that socket closes, the worker
ends at once, and its clients see their connections break.
"""

import asyncio
import os
import random
import socket
import time
from asyncio import Future
from collections.abc import Callable

from relay import logs
from relay.app.front import Backend, keyring_of, routes_of, source_of
from relay.app.parts import Parts
from relay.app.process import tune
from relay.config.build import build
from relay.intake import Intake, Router, Window
from relay.sources.connections import bounded
from relay.sources.http import HttpSource, server
from relay.workers.acceptor import Acceptor
from relay.workers.channel import Channel
from relay.workers.connection_count import ConnectionCounts, attached
from relay.workers.figure_book import INTERVAL_S, QUIET_TIMES, FigureBook
from relay.workers.link import Link
from relay.workers.message import Alive, FromMain, Ready, Reload, Setup, Stop
from relay.workers.shared_payloads import SharedPayloads

CUT_OFF = 1
"""The exit code of a worker whose socket has ended."""


class Worker:
    """See the module docstring. Belongs to the running loop; calls `leaving` at a regular end."""

    def __init__(self, leaving: Callable[[], None]) -> None:
        self._leaving = leaving
        loop = asyncio.get_running_loop()
        self._setup: Future[Setup] = loop.create_future()
        self._stop: Future[Stop] = loop.create_future()
        self._left: Future[None] | None = None
        self._channel: Channel[FromMain] = Channel(FromMain, self._received, self._lost)
        self._link: Link | None = None
        self._parts: Parts | None = None

    async def run(self, connection: socket.socket) -> None:
        """Serve until the main process asks for a stop, or is gone."""
        self._channel.open(connection)
        setup = await self._setup
        logs.configure(level=setup.log_level)
        parts = Parts(build(setup.document), setup.environ, time.time, random.SystemRandom())
        self._parts = parts
        with attached(setup.counts, setup.workers, setup.slot) as counts:
            await self._serve(setup, parts, counts)
        self._leaving()
        self._left = asyncio.get_running_loop().create_future()
        self._channel.close()
        await self._left

    async def _serve(self, setup: Setup, parts: Parts, counts: ConnectionCounts) -> None:
        source = self._source(setup, parts)
        settings = parts.config.server
        protocols = server(
            source,
            idle_timeout_s=settings.idle_timeout,
            body_timeout_s=settings.body_timeout,
            connected=counts.report,
        )
        factory = bounded(protocols, settings.max_connections, lambda: counts.elsewhere)
        counts.report(0)
        acceptor = Acceptor([socket.socket(fileno=each) for each in setup.sockets], factory, counts)
        acceptor.open()
        tune()
        self._channel.send(Ready())
        figures = FigureBook(parts.metrics)
        within_s = await self._until_stopped(figures)
        source.stop()
        acceptor.close()
        protocols.pre_shutdown()
        await protocols.shutdown(within_s)
        self._tell(figures)

    def _source(self, setup: Setup, parts: Parts) -> HttpSource:
        self._link = link = Link(self._channel, SharedPayloads(parts.destinations))
        router = Router(routes_of(parts), Window(0))  # duplicates are the main process's business
        intake = Intake(router, link, parts.clock, parts.config.intake.default_country)
        keyring = keyring_of(parts, link, setup.keys)
        return source_of(parts, Backend(intake, keyring, link, setup.openapi, setup.workers))

    async def _until_stopped(self, figures: FigureBook) -> float:
        """Report counts from time to time; return how many seconds the stop may take."""
        quiet = 0
        while not self._stop.done():
            await asyncio.wait([self._stop], timeout=INTERVAL_S)
            quiet = 0 if self._tell(figures) else quiet + 1
            if quiet >= QUIET_TIMES:
                self._channel.send(Alive())
                quiet = 0
        return self._stop.result().within_s

    def _tell(self, figures: FigureBook) -> bool:
        """Report what was counted; return whether there was anything."""
        found = figures.drain()
        if found is not None:
            self._channel.send(found)
        return found is not None

    def _received(self, message: FromMain) -> None:
        match message:
            case Setup():
                self._setup.set_result(message)
            case Stop():
                self._stop.set_result(message)
            case Reload():
                if self._parts is not None:
                    self._parts.reload_secrets()
            case _:
                if self._link is not None:
                    self._link.received(message)

    def _lost(self) -> None:
        if self._left is None:
            os._exit(CUT_OFF)
        self._left.set_result(None)


def work(descriptor: int, leaving: Callable[[], None]) -> None:
    """Run a worker on the socket `descriptor`; `leaving` is called when it ends regularly."""
    asyncio.run(_work(descriptor, leaving))


async def _work(descriptor: int, leaving: Callable[[], None]) -> None:
    await Worker(leaving).run(socket.socket(fileno=descriptor))
