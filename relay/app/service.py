"""One relay from its start to its end.

Start: journal → duplicate window → senders → admin port → producers' port; no event is accepted
before it can be stored. Stop: producers' port → answers under way → requests in flight → admin port
→ journal; whatever is left waits on disk. `[server] drain` bounds the stop as a whole.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from relay.app.front import Front
from relay.app.parts import Parts
from relay.app.receiving import receiving_of
from relay.app.sending import dispatcher_of
from relay.app.showing import admin_of, listening, notifying, refusing
from relay.config import Config
from relay.config.proxy import proxied
from relay.errors import JournalUnavailable
from relay.journal.base import Journal
from relay.journal.sqlite import SqliteJournal
from relay.outcome.absent import tell_absent
from relay.outcome.health import Health

MAINTENANCE_S = 30.0
"""Time between two rounds of retention and upkeep of the journal."""

CLOSE_S = 1.0
DRAIN_ANSWERS = 0.2
DRAIN_KAFKA = 0.05
DRAIN_REQUESTS = 0.6
DRAIN_CLOSE = 0.05
"""Shares of `[server] drain`: for answers under way, for leaving Kafka, for requests in flight,
and for the admin port's last answers, at most `CLOSE_S`; the rest closes the journal."""


class App:
    """One relay, wired from its configuration. `clock` returns Unix seconds."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        randomness: random.Random | None = None,
        upkeep_s: float = MAINTENANCE_S,
    ) -> None:
        self._parts = Parts(config, environ, clock, randomness or random.SystemRandom())
        self._drain_s = config.server.drain
        self._upkeep_s = upkeep_s
        self._opened: SqliteJournal | None = None
        self._front: Front | None = None
        self._health: Callable[[], Mapping[str, Health]] = dict
        self.producers_address = ""
        self.admin_address = ""

    async def run(self, stop: asyncio.Event, started: Callable[["App"], None]) -> None:
        """Serve until `stop` is set; `started` is called once both ports answer.

        Raises `RelayError` if the journal or a port cannot be opened.
        """
        journal = self._journal()
        await journal.open([each.name for each in self._parts.destinations])
        self._opened = journal
        try:
            await self._serve(journal, stop, started)
        finally:
            self._opened = None
            await journal.close()

    @property
    def proxy(self) -> str:
        """Host and port of the proxy to the platforms; empty if none is reached through one."""
        proxy = self._parts.proxy
        return str(proxy) if proxied(self._parts.config, proxy) else ""

    def reload_secrets(self) -> None:
        """Read secrets from their files again now."""
        self._parts.reload_secrets()
        if self._front is not None:
            self._front.reload_secrets()

    async def progress(self) -> None:
        """Return once the journal's writer has tried a commit, even if it failed.

        Does not return while the writer hangs, when no event can be acknowledged or recorded. A
        full or failing disk does not count as hanging, since a restart would not help.
        """
        if self._opened is None:
            return
        with suppress(JournalUnavailable):
            await self._opened.progress()

    def status(self) -> str:
        """Return the state in one line, for the process's supervisor."""
        if not self.producers_address:
            return "Starting."
        if reason := self._refusal():
            return f"Takes no events: {reason}."
        states = [
            f"{name} {health.state}" + (f" ({health.reason})" if health.reason else "")
            for name, health in self._health().items()
        ]
        return f"Takes events on {self.producers_address}; {', '.join(states) or 'sends nowhere'}."

    def _refusal(self) -> str | None:
        if self._front is None or self._opened is None:
            return None
        return refusing(self._front, self._opened)

    async def _serve(
        self, journal: SqliteJournal, stop: asyncio.Event, started: Callable[["App"], None]
    ) -> None:
        parts, drain_s = self._parts, self._drain_s
        tell_absent(await journal.totals(), parts.config.destinations)
        receiving = await receiving_of(parts, journal)
        self._front = receiving.front
        dispatcher = dispatcher_of(parts, journal)
        self._health = dispatcher.health
        admin = admin_of(parts, journal, dispatcher, receiving)
        close_s = min(CLOSE_S, drain_s * DRAIN_CLOSE)
        async with (
            asyncio.TaskGroup() as tasks,
            listening(
                admin, parts.config.admin.listen, close_s, parts.config.server.idle_timeout
            ) as self.admin_address,
            notifying(parts, journal, dispatcher, receiving.front),
            receiving.kafka.running(drain_s * DRAIN_KAFKA),
        ):
            dispatching = tasks.create_task(dispatcher.run())
            upkeep = tasks.create_task(self._upkeep(journal))
            async with receiving.front.open(drain_s * DRAIN_ANSWERS) as self.producers_address:
                started(self)
                await stop.wait()
                receiving.front.stop()
                receiving.kafka.stop()
            upkeep.cancel()
            dispatcher.stop()
            await asyncio.wait([dispatching], timeout=drain_s * DRAIN_REQUESTS)
            dispatching.cancel()

    def _journal(self) -> SqliteJournal:
        config = self._parts.config
        return SqliteJournal(
            config.journal.path,
            clock=self._parts.clock,
            max_size_bytes=config.journal.max_size,
            retention_s=config.journal.retention,
            outcomes=config.kafka is not None and config.kafka.outcomes,
        )

    async def _upkeep(self, journal: Journal) -> None:
        while True:
            await asyncio.sleep(self._upkeep_s)  # upkeep is not urgent, and ends with the service
            await journal.maintain(round(self._parts.clock() * 1000))
