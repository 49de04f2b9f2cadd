"""Starts and stops together whatever is configured for Kafka: the source, and the outcomes.

aiokafka's own log is silenced meanwhile: it would log each failed connection with a stack trace,
while `Status` says what is wrong in one line.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from relay.config import Config
from relay.intake import Intake
from relay.journal.outbox import OutcomeLog
from relay.kafka.client import Clients
from relay.kafka.outcomes import OutcomePublisher
from relay.metrics import Metrics
from relay.outcome.views.source import SourcesView
from relay.sources.kafka.source import KafkaSource

SILENT: Final = logging.CRITICAL + 1


class KafkaSide:
    """See the module docstring; does nothing if Kafka is not configured."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        intake: Intake,
        journal: OutcomeLog,
        metrics: Metrics,
        *,
        clock: Callable[[], float],
        randomness: random.Random,
    ) -> None:
        self._source: KafkaSource | None = None
        self._outcomes: OutcomePublisher | None = None
        if config.kafka is None:
            return
        clients = Clients(config.kafka, environ)
        if config.kafka.outcomes:
            self._outcomes = OutcomePublisher(clients, journal, metrics, randomness)
        if config.sources.kafka is not None:
            self._source = KafkaSource(
                config.sources.kafka, clients, intake, metrics, clock=clock, randomness=randomness
            )

    def view(self) -> SourcesView:
        """Return the state, for the admin port."""
        source, outcomes = self._source, self._outcomes
        return SourcesView(
            kafka=source.view() if source else None,
            outcomes=outcomes.view() if outcomes else None,
        )

    def stop(self) -> None:
        """Stop reading and publishing; what was read is still stored and committed."""
        for part in self._parts():
            part.stop()

    @asynccontextmanager
    async def running(self, stop_within_s: float) -> AsyncIterator[None]:
        """Run while the context is open; leaving it takes about `stop_within_s` at most."""
        logging.getLogger("aiokafka").setLevel(SILENT)
        tasks = [asyncio.create_task(each.run()) for each in self._parts()]
        try:
            yield
        finally:
            self.stop()
            if tasks:
                await _end(tasks, stop_within_s)

    def _parts(self) -> Sequence[KafkaSource | OutcomePublisher]:
        return [part for part in (self._source, self._outcomes) if part is not None]


async def _end(tasks: "list[asyncio.Task[None]]", within_s: float) -> None:
    await asyncio.wait(tasks, timeout=within_s)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
