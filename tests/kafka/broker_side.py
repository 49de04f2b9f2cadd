"""What tests do at the broker: publish, read what the relay wrote, ask for committed offsets."""

import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

_NUMBERS = itertools.count(1)


def fresh(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{next(_NUMBERS)}"


async def make_topic(
    address: str,
    name: str,
    partitions: int = 1,
    settings: Mapping[str, str] | None = None,
) -> str:
    """Make a topic with the cluster's own replication."""
    async with admin(address) as client:
        topic = NewTopic(
            name, partitions, -1, replica_assignments={}, topic_configs=dict(settings or {})
        )
        answer = await client.create_topics([topic])
    assert answer.topic_errors[0][1] == 0, answer
    return name


@asynccontextmanager
async def admin(address: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Hand out a client that may do anything."""
    client = AIOKafkaAdminClient(bootstrap_servers=address)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def producing(address: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Hand out a producer."""
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(
    address: str, topic: str, messages: Iterable[bytes | None], **options: Any
) -> None:
    """Publish messages with the keys 0, 1, …; return once the cluster has them."""
    async with producing(address, linger_ms=5, max_batch_size=256_000, **options) as producer:
        sent = [
            await producer.send(topic, value=message, key=str(number).encode())
            for number, message in enumerate(messages)
        ]
        for each in sent:
            await each


async def read_all(address: str, topic: str) -> Sequence[Any]:
    """Return all records of a topic, in order within a partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for number in sorted(await consumer._client._wait_on_metadata(topic))
        ]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def uncommitted(address: str, topic: str, group_id: str) -> int:
    """Return how many messages of a topic the group has not committed, as any tool would."""
    async with admin(address) as client:
        offsets = await client.list_consumer_group_offsets(group_id)
    consumer = AIOKafkaConsumer(bootstrap_servers=address, isolation_level="read_committed")
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for number in await consumer._client._wait_on_metadata(topic)
        ]
        ends = await consumer.end_offsets(partitions)
        return sum(
            ends[each] - (offsets[each].offset if each in offsets else 0) for each in partitions
        )
    finally:
        await consumer.stop()
