"""A Kafka broker for the cases that read from one: fresh for each trial, on the tools' cores."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka.broker import Cluster, Unavailable
from tests.bench.case import Case
from tests.bench.child import BenchError
from tests.bench.contender import TOPIC

PARTITIONS = 4


@contextmanager
def broker(case: Case, folder: Path) -> Iterator[str]:
    """Run a broker with an empty topic beside the block, and yield its address.

    Yields nothing of the kind where the case needs none. Raises `BenchError` without Java.
    """
    if case.source != "kafka":
        yield ""
        return
    try:
        with Cluster(folder / "kafka") as cluster:
            asyncio.run(_make_topic(cluster.address))
            yield cluster.address
    except Unavailable as error:
        raise BenchError(f"no Kafka to measure with: {error}") from error


async def _make_topic(address: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=address)
    await client.start()
    try:
        await client.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    finally:
        await client.close()
