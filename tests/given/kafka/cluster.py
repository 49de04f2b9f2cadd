"""A stub of a cluster with one topic, and of the clients that reach it."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

from aiokafka.errors import MessageSizeTooLargeError

from relay.kafka.fault import Fault

BATCH = 3


class Batch:
    """Room for a few records."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, key: bytes, value: bytes, timestamp: None, headers: Any) -> object | None:
        del key, timestamp, headers
        if len(self.values) == BATCH:
            return None
        self.values.append(value)
        return self


class Producer:
    """Writes to the cluster, a batch of a partition at a time, as long as it is let."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._credentials = cluster.credentials
        self._sender = self
        self.sender_task = None
        self.client = self

    async def close(self) -> None:
        self._cluster.closed += 1

    async def start(self) -> None:
        pass

    async def partitions_for(self, topic: str) -> set[int]:
        del topic
        return {0, 1}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Task[None]":
        assert topic == self._cluster.topic
        return asyncio.create_task(self._sent(batch, partition))

    async def _sent(self, batch: Batch, partition: int) -> None:
        assert partition not in self._cluster.under_way
        self._cluster.under_way.add(partition)
        try:
            for _ in count():
                await asyncio.sleep(0.1)
                if not self._cluster.takes_nothing_from(self._credentials):
                    break
        finally:
            self._cluster.under_way.discard(partition)
        if self._cluster.refuses:
            raise MessageSizeTooLargeError
        self._cluster.stored += batch.values


class Topics:
    """Stands for the client that lists and makes topics."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def list_topics(self) -> set[str]:
        return self.names

    async def create_topics(self, topics: Sequence[Any]) -> Any:
        self.names |= {each.name for each in topics}
        return type("Answer", (), {"topic_errors": [("", 0, "")]})


class Cluster:
    """Stands for `Clients` and for all that they reach."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.topics = Topics(topic)
        self.stored: list[bytes] = []
        self.under_way: set[int] = set()
        self.is_away = self.refuses = False
        self.credentials = b"first"
        self.made = self.closed = 0

    def takes_nothing_from(self, credentials: bytes) -> bool:
        return (
            self.is_away or self.topic not in self.topics.names or credentials != self.credentials
        )

    def producer(self) -> Producer:
        self.made += 1
        return Producer(self)

    def admin(self) -> Topics:
        return self.topics

    async def probe(self) -> None:
        if self.is_away:
            raise Fault("no broker listens there", "kafka.bootstrap_servers")


class ClientsOf:
    """The cluster as the writer sees it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.producer = cluster.producer
        self.admin = cluster.admin
        self.probe = cluster.probe

    def credentials(self) -> bytes:
        return self._cluster.credentials
