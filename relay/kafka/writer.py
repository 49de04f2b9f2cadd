"""Writes to the relay's own topics: unusable messages, and outcomes.

Each partition has one batch under way at a time, and the producer numbers its batches: as long as
the producer exists, nothing is written twice, however long a broker is down. So it is replaced only
if nothing else helps: a record is refused, a topic is gone, or the credentials have changed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from relay.kafka import topic
from relay.kafka.client import Clients
from relay.kafka.closing import close_producer, end
from relay.kafka.fault import KNOWN, Fault, fault_of

ANSWER_WITHIN_S: Final = 5.0

Tell = Callable[[Fault], Awaitable[None]]


class Record(NamedTuple):
    """A record to write; without a key, it goes to any partition."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Writer:
    """See the module docstring; `close` it in the end."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._producer: AIOKafkaProducer | None = None
        self._credentials = b""
        self._acknowledged = 0

    async def prepare(self, topics: Collection[str]) -> AIOKafkaProducer:
        """Return the producer; a new one makes the topics that are missing. Raises `KNOWN`."""
        if self._producer is None:
            await self._clients.probe()
            for reason in (await topic.make(self._clients, topics)).values():
                raise Fault(
                    f"the topic is missing, or the user may not see it, and the relay cannot"
                    f" make it ({reason}); create it"
                )
            self._credentials = self._clients.credentials()
            self._producer = self._clients.producer()
            await self._producer.start()
        return self._producer

    async def write(self, records: Collection[Record], tell: Tell) -> None:
        """Return once the cluster has acknowledged all; `tell` is called with reasons for delay.

        Raises `Fault`. Some records may then be written already, and the next call uses a new
        producer.
        """
        topics = {record.topic for record in records}
        writing = asyncio.create_task(self._write(records, topics))
        try:
            acknowledged = self._acknowledged
            while not (await asyncio.wait({writing}, timeout=ANSWER_WITHIN_S))[0]:
                goes_on = self._acknowledged > acknowledged
                await tell(_SLOW if goes_on else await self._obstacle(topics))
                acknowledged = self._acknowledged
            writing.result()
        except KNOWN as error:
            await end(writing)
            await self.close()
            raise fault_of(error, doing="writing") from None
        finally:
            await end(writing)

    async def close(self) -> None:
        """Close the producer, if there is one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer)

    async def _write(self, records: Iterable[Record], topics: Collection[str]) -> None:
        producer = await self.prepare(topics)
        partitions = {name: sorted(await producer.partitions_for(name)) for name in topics}
        by_partition: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in records:
            number = _partition(record.key, partitions[record.topic])
            by_partition[record.topic, number].append(record)
        try:
            async with asyncio.TaskGroup() as sending:
                for (name, number), each in by_partition.items():
                    sending.create_task(self._send_in_order(producer, name, number, each))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _send_in_order(
        self, producer: AIOKafkaProducer, name: str, partition: int, records: Iterable[Record]
    ) -> None:
        """Send to one partition, a full batch at a time."""
        for batch in _batches(producer, records):
            await (await producer.send_batch(batch, name, partition=partition))
            self._acknowledged += 1

    async def _obstacle(self, topics: Collection[str]) -> Fault:
        """Return why the cluster takes no records. Raises `Fault` if a new producer may help."""
        try:
            await self._clients.probe()
            known = await topic.existing(self._clients)
            credentials = self._clients.credentials()
        except KNOWN as error:
            return fault_of(error)
        if not known.issuperset(topics):
            raise Fault("the topic is gone, or the user may not see it any more")
        if credentials != self._credentials:
            raise Fault("the credentials have changed", "kafka.sasl_plain_password")
        return Fault("the cluster does not take it in time; are enough replicas in sync?")


def _batches(producer: AIOKafkaProducer, records: Iterable[Record]) -> Iterator[Any]:
    """Fill one batch after another; at least one record fits into each."""
    batch: Any = producer.create_batch()
    for record in records:
        if not _append(batch, record):
            yield batch
            batch = producer.create_batch()
            _append(batch, record)
    yield batch


def _append(batch: Any, record: Record) -> bool:
    done = batch.append(
        key=record.key, value=record.value, timestamp=None, headers=list(record.headers)
    )
    return done is not None


def _partition(key: bytes | None, partitions: Sequence[int]) -> int:
    """Return the partition to which any other producer would also send this key."""
    if len(partitions) == 1:
        return partitions[0]
    found: int = _PARTITIONER(key, partitions, partitions)
    return found


_PARTITIONER: Final[Callable[..., int]] = DefaultPartitioner()
_SLOW: Final = Fault("the cluster takes one record after the other, but there are many")
