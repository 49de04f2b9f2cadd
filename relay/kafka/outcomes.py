"""Publishes outcomes to `relay.outcomes`, from the journal and beside the flow.

Row after row: sent, acknowledged by the cluster, then forgotten in the journal. Of each partition
one batch is under way at a time and the producer numbers its batches, so without a crash nothing
is published twice, however long a broker is away; meanwhile the journal keeps what ends.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Literal

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from relay.dispatch.retry import Backoff
from relay.errors import JournalUnavailable
from relay.journal.outcome import Backlog, OutcomeLog, Waiting
from relay.kafka import topic
from relay.kafka.client import Clients, close
from relay.kafka.fault import KNOWN, Fault, fault_of
from relay.metrics import Metrics
from relay.outcome.published import records
from relay.outcome.source_view import OutcomesView

TOPIC: Final = "relay.outcomes"
ROWS: Final = 4
"""Rows of the journal that are published at a time, each of up to 1,000 outcomes."""
LOOK_S: Final = 0.25
ANSWER_WITHIN_S: Final = 5.0
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 60.0

Record = tuple[bytes, bytes]
State = Literal["active", "unreachable"]

log = logging.getLogger(__name__)


class OutcomePublisher:
    """See the module docstring."""

    def __init__(
        self,
        clients: Clients,
        journal: OutcomeLog,
        metrics: Metrics,
        randomness: random.Random,
    ) -> None:
        self._clients = clients
        self._journal = journal
        self._metrics = metrics
        self._waits = Backoff(FIRST_WAIT_S, MAX_WAIT_S, randomness)
        self._stop = asyncio.Event()
        self._fault: Fault | None = None
        self._after = 0
        self._published = 0
        self._backlog, self._looked = Backlog(0, 0), False

    def view(self) -> OutcomesView:
        """Return how it goes."""
        return OutcomesView(
            state="active" if self._fault is None else "unreachable",
            message=self._fault.reason if self._fault else "outcomes are published",
            topic=TOPIC,
            published=self._published,
            waiting=self._backlog.waiting,
            lost=self._backlog.lost,
        )

    def stop(self) -> None:
        """Begin nothing more; what is not published waits in the journal."""
        self._stop.set()

    async def run(self) -> None:
        """Publish until `stop`; to be cancelled is fine, too."""
        while not self._stop.is_set():
            try:
                await self._publish()
            except KNOWN as error:
                self._tell(fault_of(error, doing="publishing"))
                await self._pause(self._waits.next_s())

    async def _publish(self) -> None:
        await self._clients.probe()
        for refused in await topic.make(self._clients, [TOPIC]):
            raise Fault(f"{refused}: the topic is missing and the relay cannot make it; create it")
        producer = self._clients.producer()
        try:
            await producer.start()
            while not self._stop.is_set():
                await self._turn(producer)
        finally:
            await close(producer)

    async def _turn(self, producer: AIOKafkaProducer) -> None:
        rows = await self._journal.outcomes(self._after, ROWS)
        if rows:
            await self._send(producer, rows)
            self._after = rows[-1].id
            # A journal that takes nothing now keeps rows that are published; they are passed over
            # until it forgets them with the next ones.
            with suppress(JournalUnavailable):
                await self._journal.outcomes_published(self._after)
        await self._look()
        if len(rows) < ROWS:
            await self._pause(LOOK_S)

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Waiting]) -> None:
        partitions = sorted(await producer.partitions_for(TOPIC))
        by_partition: defaultdict[int, list[Record]] = defaultdict(list)
        for record in (record for row in rows for record in records(row)):
            by_partition[_partition(record[0], partitions)].append(record)
        sending = [
            asyncio.create_task(_send_in_order(producer, number, each))
            for number, each in by_partition.items()
        ]
        try:
            await self._accompany(set(sending))
        finally:
            for task in sending:
                task.cancel()
            await asyncio.wait(sending)
        self._published += sum(map(len, by_partition.values()))
        self._tell(None)
        self._waits.reset()

    async def _accompany(self, pending: "set[asyncio.Task[None]]") -> None:
        """Wait for all, and say so if it takes long; raises as soon as one fails."""
        while pending:
            done, pending = await asyncio.wait(
                pending, timeout=ANSWER_WITHIN_S, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                task.result()
            if not done:
                self._tell(await self._cause())

    async def _cause(self) -> Fault:
        """Return why the cluster does not answer."""
        await self._look()
        try:
            await self._clients.probe()
        except Fault as fault:
            return fault
        return Fault("the cluster does not take them in time")

    async def _look(self) -> None:
        backlog = await self._journal.outcome_backlog()
        if self._looked and backlog.lost > self._backlog.lost:
            log.warning(
                "outcomes were given up: the journal is at its size limit",
                extra={"fields": {"lost": backlog.lost}},
            )
        self._backlog, self._looked = backlog, True
        self._metrics.outcomes_waiting.set(backlog.waiting)

    def _tell(self, fault: Fault | None) -> None:
        """Log what changed."""
        if fault == self._fault:
            return
        self._fault = fault
        if fault is None:
            log.info("outcomes are published", extra={"fields": {"topic": TOPIC}})
            return
        fields = {"topic": TOPIC, "reason": fault.reason, "key": fault.key}
        message = "outcomes cannot be published; they are kept, and it is tried again"
        log.warning(message, extra={"fields": fields})

    async def _pause(self, wait_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._stop.wait()


async def _send_in_order(
    producer: AIOKafkaProducer, partition: int, outcomes: Iterable[Record]
) -> None:
    """Send to one partition, a full batch at a time."""
    batch: Any = producer.create_batch()
    for key, value in outcomes:
        if batch.append(key=key, value=value, timestamp=None) is None:
            await (await producer.send_batch(batch, TOPIC, partition=partition))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    await (await producer.send_batch(batch, TOPIC, partition=partition))


def _partition(key: bytes, partitions: Sequence[int]) -> int:
    """Return where every other producer, too, would put a record with this key."""
    if len(partitions) == 1:
        return partitions[0]
    found: int = _PARTITIONER(key, partitions, partitions)
    return found


_PARTITIONER: Final[Callable[..., int]] = DefaultPartitioner()
