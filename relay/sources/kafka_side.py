"""Whatever of Kafka is configured, started and stopped as one: the source, and the outcomes.

aiokafka's own log is silenced while it runs: it repeats each failed connection with its stack,
and `Status` says what is wrong in one line.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from relay.config import Config
from relay.intake import Intake
from relay.kafka.client import Clients
from relay.metrics import Metrics
from relay.outcome.source_view import SourcesView
from relay.sources.kafka import KafkaSource

SILENT: Final = logging.CRITICAL + 1


class KafkaSide:
    """See the module docstring; does nothing where Kafka is not configured."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        intake: Intake,
        metrics: Metrics,
        *,
        clock: Callable[[], float],
        randomness: random.Random,
    ) -> None:
        self._source: KafkaSource | None = None
        if config.kafka is None:
            return
        clients = Clients(config.kafka, environ)
        if config.sources.kafka is not None:
            self._source = KafkaSource(
                config.sources.kafka, clients, intake, metrics, clock=clock, randomness=randomness
            )

    def view(self) -> SourcesView:
        """Return how it is, for the port for people."""
        source = self._source
        return SourcesView(kafka=source.view() if source else None, outcomes=None)

    def stop(self) -> None:
        """Read nothing more; what is in flight is still stored and committed."""
        if self._source is not None:
            self._source.stop()

    @asynccontextmanager
    async def running(self, stop_within_s: float) -> AsyncIterator[None]:
        """Run while the context is open; leaving it takes about `stop_within_s` at most."""
        logging.getLogger("aiokafka").setLevel(SILENT)
        tasks = [asyncio.create_task(each.run()) for each in (self._source,) if each is not None]
        try:
            yield
        finally:
            self.stop()
            if tasks:
                await _end(tasks, stop_within_s)


async def _end(tasks: "list[asyncio.Task[None]]", within_s: float) -> None:
    await asyncio.wait(tasks, timeout=within_s)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
