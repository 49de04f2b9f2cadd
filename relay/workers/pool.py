"""Starts the workers, restarts those that end, and stops them.

The port is opened here, once, so that it stays open whatever happens to a worker. If a worker ends
before the relay has started, the start fails; later, it is restarted after growing waits.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import msgspec

from relay.dispatch.retry import Backoff
from relay.errors import RelayError
from relay.metrics import Metrics
from relay.sources.port import address_of, listening
from relay.workers.connection_count import ConnectionCounts, shared
from relay.workers.member import Member
from relay.workers.message import Setup
from relay.workers.session import MainServices

RAN_WELL_S: Final = 60.0
"""Once a worker has run this long, its restarts begin with the shortest wait again."""
DRAIN_SHARE: Final = 0.9
"""The share of the time to stop that a worker has for its answers; the rest is for its exit."""
NONE_RUNS: Final = "no worker process runs"
STARTING: Final = "the relay is starting"
REFUSED: Final = "the system refused: "

log = logging.getLogger(__name__)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to start workers; `setup` takes a slot, listening sockets, and the counts' descriptor."""

    command: Sequence[str]
    environ: Mapping[str, str]
    host: str
    port: int
    workers: int
    setup: Callable[[int, Sequence[socket.socket], int], Setup]
    backoff: Callable[[], Backoff]


class _Shared(msgspec.Struct, frozen=True):
    """What all workers inherit."""

    sockets: Sequence[socket.socket]
    counts: ConnectionCounts
    descriptor: int


class Pool:
    """See the module docstring."""

    def __init__(self, plan: Plan, services: MainServices, metrics: Metrics) -> None:
        self._plan = plan
        self._services = services
        self._metrics = metrics
        self._members: dict[int, Member] = {}
        self._ready: set[int] = set()
        self._all_ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._drain_s = 0.0
        self._sockets: Sequence[socket.socket] = ()

    @property
    def stopping(self) -> bool:
        """Whether events are no longer accepted."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Close the port, and have the workers finish what is under way and end."""
        if self._stop.is_set():
            return
        self._stop.set()
        for each in self._sockets:
            each.close()
        for member in self._members.values():
            member.stop(self._drain_s * DRAIN_SHARE)

    @asynccontextmanager
    async def open(self, drain_s: float) -> AsyncIterator[str]:
        """Have workers serve while the context is open; it yields the address.

        Leaving it waits for the workers to end, and ends those that take longer than `drain_s`.
        """
        self._drain_s = drain_s
        self._sockets = await listening(self._plan.host, self._plan.port)
        address = address_of(self._plan.host, self._sockets[0].getsockname()[1])
        try:
            with shared(self._plan.workers) as (counts, descriptor):
                async with asyncio.TaskGroup() as tasks:
                    common = _Shared(self._sockets, counts, descriptor)
                    keeping = [
                        tasks.create_task(self._keep(slot, common))
                        for slot in range(self._plan.workers)
                    ]
                    await self._all_ready.wait()
                    yield address
                    self.stop()
                    await asyncio.wait(keeping, timeout=drain_s)
                    for task in keeping:
                        task.cancel()
        finally:
            self.stop()

    def unready(self) -> str | None:
        """Return why no producer can be answered at the moment, or None."""
        if not self._all_ready.is_set():
            return STARTING
        return None if self._ready else NONE_RUNS

    def reload_secrets(self) -> None:
        """Have the workers read secrets from their files again now."""
        for member in self._members.values():
            member.reload()

    async def _keep(self, slot: int, common: _Shared) -> None:
        """Keep a worker running until the relay stops."""
        loop, backoff = asyncio.get_running_loop(), self._plan.backoff()
        while not self._stop.is_set():
            began_s = loop.time()
            how = await self._run(slot, common)
            if self._stop.is_set():
                return
            if not self._all_ready.is_set():
                raise RelayError(f"a worker process did not start ({how}); {_look(how)}")
            self._metrics.worker_restarts.add()
            fields = {"worker": slot, "reason": how}
            log.error("a worker process ended and is started again", extra={"fields": fields})
            if loop.time() - began_s >= RAN_WELL_S:
                backoff.reset()
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff.next_s()):
                    await self._stop.wait()

    async def _run(self, slot: int, common: _Shared) -> str:
        """Run a worker to its end; return how it ended, in words."""
        member = Member(self._services, partial(self._is_ready, slot))
        setup = self._plan.setup(slot, common.sockets, common.descriptor)
        self._members[slot] = member
        try:
            return _how(await member.run(self._plan.command, self._plan.environ, setup))
        except OSError as error:
            return f"{REFUSED}{error.strerror}"
        finally:
            del self._members[slot]
            common.counts.remove(slot)
            self._ready.discard(slot)
            self._metrics.workers.set(len(self._ready))

    def _is_ready(self, slot: int) -> None:
        self._ready.add(slot)
        self._metrics.workers.set(len(self._ready))
        if len(self._ready) == self._plan.workers:
            self._all_ready.set()


def _look(how: str) -> str:
    """Return where to look for the cause; a process that never started has no log."""
    if how.startswith(REFUSED):
        return "check permissions and the limits of memory, processes and threads"
    return "its log says why"


def _how(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
