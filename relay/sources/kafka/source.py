"""The Kafka source: events from topics, committed only once the journal holds them.

getmany → intake → one append to the journal → commit. This module connects and reconnects: any
trouble with the cluster ends one `Session`, is reported once, and is retried at growing intervals;
HTTP is not affected. Several relays of one group share the partitions; the relay adds no
coordination of its own.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from relay.config import KafkaSourceConfig
from relay.intake import Intake
from relay.kafka import topic
from relay.kafka.client import Clients
from relay.kafka.closing import close_consumer
from relay.kafka.fault import KNOWN, Fault, fault_of, mistake_of
from relay.metrics import Metrics
from relay.outcome.views.source import KafkaSourceView
from relay.sources.kafka.batch import BatchReceiver
from relay.sources.kafka.rejected import SUFFIX, RejectedTopics
from relay.sources.kafka.session import Session
from relay.sources.kafka.status import Status
from relay.sources.kafka.watch import TopicsChanged

FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 60.0
TOPIC_WAIT_S: Final = 5.0
"""The longest wait while the only problem is that a topic does not exist yet."""
TOPICS: Final = "sources.kafka.topics"

log = logging.getLogger(__name__)


class KafkaSource:
    """Reads the configured topics from `run` until `stop`. `clock` returns Unix seconds."""

    def __init__(
        self,
        settings: KafkaSourceConfig,
        clients: Clients,
        intake: Intake,
        metrics: Metrics,
        *,
        clock: Callable[[], float],
        randomness: random.Random,
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._status = Status(settings.group_id, settings.topics, metrics, clock)
        self._rejected = RejectedTopics(clients)
        self._receiver = BatchReceiver(intake, self._rejected, self._status, metrics, randomness)
        self._random = randomness
        self._stop = asyncio.Event()

    def view(self) -> KafkaSourceView:
        """Return the present state of the source."""
        return self._status.view()

    def stop(self) -> None:
        """Stop consuming; `run` returns once what is in flight is committed."""
        self._stop.set()

    async def run(self) -> None:
        """Consume until `stop`; may also be cancelled."""
        failures = 0
        try:
            while not self._stop.is_set():
                answers = self._status.answers
                fault = await self._attempt()
                failures = failures + 1 if self._status.answers == answers else 0
                if fault is not None:
                    self._status.away(fault)
                    await self._pause(self._wait_s(fault, failures))
        finally:
            await self._rejected.close()

    async def _attempt(self) -> Fault | None:
        """Consume until stopped or something fails; return the fault, or None."""
        try:
            await self._consume()
        except TopicsChanged:
            return None
        except KNOWN as error:
            return fault_of(error, doing="reading")
        except Exception as error:
            log.exception("reading from Kafka failed")
            return mistake_of(error)
        return None

    async def _consume(self) -> None:
        await self._clients.probe()
        topics = await self._readable_topics()
        consumer = self._clients.consumer(self._settings.group_id)
        session = Session(consumer, self._receiver, self._status, self._clients, self._stop)
        consumer.subscribe(topics, listener=session)
        try:
            await consumer.start()
            await session.run()
        finally:
            await close_consumer(consumer)

    async def _readable_topics(self) -> list[str]:
        """Return the topics that exist, and make the topics for rejected messages."""
        known = await topic.existing(self._clients)
        wanted = self._settings.topics
        refused = await topic.make(self._clients, [name + SUFFIX for name in wanted])
        found = [name for name in wanted if name in known]
        self._status.lacks([name for name in wanted if name not in known], refused)
        if not found:
            reason = "none of the topics exists, or the user may not see them"
            raise Fault(f"{reason}: {', '.join(wanted)}", TOPICS)
        return found

    def _wait_s(self, fault: Fault, failures: int) -> float:
        longest_s = TOPIC_WAIT_S if fault.key == TOPICS else MAX_WAIT_S
        wait_s: float = min(longest_s, FIRST_WAIT_S * 2 ** min(failures, 10))
        return wait_s * self._random.uniform(0.8, 1.0)

    async def _pause(self, wait_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._stop.wait()
