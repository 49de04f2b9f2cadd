"""Clients that are let go of while the broker hangs: no task, no socket, and no late write is left.

The suite fails a test that leaves any; so ending is all that is asked here.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import AIOKafkaProducer

from deploy.kafka.broker import Cluster
from relay.config import KafkaConfig
from relay.kafka.client import Clients
from relay.kafka.closing import close_consumer, close_producer, end
from tests.kafka.broker_side import fresh, make_topic, read_all


async def test_a_producer_writes_nothing_more_once_it_is_let_go_of(kafka: Cluster) -> None:
    """Two batches: at most the first one may have been on its way already."""
    topic = await make_topic(kafka.address, fresh("closing"))
    producer = Clients(KafkaConfig(bootstrap_servers=kafka.address), {}).producer()
    await producer.start()
    with _hanging(kafka):
        for value in (b"first", b"second"):
            sending = asyncio.create_task(_send(producer, topic, value))
            await asyncio.sleep(0.1)
            await end(sending)
        await close_producer(producer)
    assert b"second" not in {each.value for each in await read_all(kafka.address, topic)}


async def test_a_consumer_leaves_nothing_behind(kafka: Cluster) -> None:
    topic = await make_topic(kafka.address, fresh("closing"))
    consumer = Clients(KafkaConfig(bootstrap_servers=kafka.address), {}).consumer(topic)
    consumer.subscribe([topic])
    await consumer.start()
    with _hanging(kafka):
        async with asyncio.timeout(10):
            await close_consumer(consumer)


async def _send(producer: AIOKafkaProducer, topic: str, value: bytes) -> None:
    batch = producer.create_batch()
    batch.append(key=None, value=value, timestamp=None)
    await (await producer.send_batch(batch, topic, partition=0))


@contextmanager
def _hanging(kafka: Cluster) -> Iterator[None]:
    """Have the broker keep its connections and answer nothing."""
    process = kafka.nodes[0]._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
