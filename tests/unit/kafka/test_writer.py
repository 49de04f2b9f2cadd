"""What the writer promises whatever the cluster does; a stub of the cluster stands for it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import count
from typing import Any, cast

from aiokafka.errors import MessageSizeTooLargeError

from relay.kafka import writer as writing
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.kafka.writer import Record, Writer
from tests.simulation import virtual_time

TOPIC = "conversions.rejected"
BATCH = 3
GIVEN_UP_AFTER_S = 600.0


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
        assert topic == TOPIC
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


class Cluster:
    """Stands for `Clients` and for all that they reach."""

    def __init__(self) -> None:
        self.topics = {TOPIC}
        self.stored: list[bytes] = []
        self.under_way: set[int] = set()
        self.is_away = self.refuses = False
        self.credentials = b"first"
        self.made = self.closed = 0

    def takes_nothing_from(self, credentials: bytes) -> bool:
        return self.is_away or TOPIC not in self.topics or credentials != self.credentials

    def producer(self) -> Producer:
        self.made += 1
        return Producer(self)

    def admin(self) -> "Cluster":
        return self

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def list_topics(self) -> set[str]:
        return self.topics

    async def create_topics(self, topics: Sequence[Any]) -> Any:
        self.topics |= {each.name for each in topics}
        return type("Answer", (), {"topic_errors": [("", 0, "")]})

    async def probe(self) -> None:
        if self.is_away:
            raise Fault("no broker listens there", "kafka.bootstrap_servers")


class Bench:
    """A writer on a cluster, and what it told."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        clients = ClientsOf(self.cluster)
        self.writer = Writer(cast("Clients", clients))
        self.told: list[str] = []

    async def tell(self, fault: Fault) -> None:
        self.told.append(fault.reason)

    async def write(self, values: Sequence[bytes]) -> None:
        await self.writer.write([Record(TOPIC, value, value) for value in values], self.tell)


class ClientsOf:
    """The cluster as the writer sees it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.producer = cluster.producer
        self.admin = cluster.admin
        self.probe = cluster.probe

    def credentials(self) -> bytes:
        return self._cluster.credentials


def on_a_bench(trial: Callable[[Bench], Coroutine[Any, Any, None]]) -> Bench:
    bench = Bench()

    async def run() -> None:
        async with asyncio.timeout(GIVEN_UP_AFTER_S):
            await trial(bench)
        await bench.writer.close()

    virtual_time.run(run())
    return bench


def values(count: int) -> list[bytes]:
    return [str(at).encode() for at in range(count)]


def test_of_each_partition_one_batch_is_under_way_and_all_arrive() -> None:
    bench = on_a_bench(lambda bench: bench.write(values(100)))
    assert sorted(bench.cluster.stored) == sorted(values(100))
    assert bench.told == []


def test_while_the_cluster_is_away_it_says_so_and_writes_nothing_twice() -> None:
    async def trial(bench: Bench) -> None:
        bench.cluster.topics.add(TOPIC)
        await bench.write([b"before"])
        bench.cluster.is_away = True
        write = asyncio.create_task(bench.write(values(10)))
        await asyncio.sleep(60)
        bench.cluster.is_away = False
        await write

    bench = on_a_bench(trial)
    assert sorted(bench.cluster.stored) == sorted([b"before", *values(10)])
    assert set(bench.told) == {"no broker listens there"}
    assert bench.cluster.made == 1


def test_while_much_is_written_the_cluster_is_not_blamed() -> None:
    bench = on_a_bench(lambda bench: bench.write(values(1000)))
    assert sorted(bench.cluster.stored) == sorted(values(1000))
    [told] = set(bench.told)
    assert "there are many" in told


def test_a_topic_that_is_gone_is_made_again() -> None:
    async def trial(bench: Bench) -> None:
        await bench.write([b"before"])
        bench.cluster.topics.clear()
        assert "the topic is gone" in (await fault_of(bench.write([b"after"]))).reason
        await bench.write([b"after"])

    assert on_a_bench(trial).cluster.stored == [b"before", b"after"]


def test_other_credentials_take_a_new_producer() -> None:
    """The library's own would try the old password for ever."""

    async def trial(bench: Bench) -> None:
        await bench.write([b"before"])
        bench.cluster.credentials = b"second"
        assert "credentials" in (await fault_of(bench.write([b"after"]))).reason
        await bench.write([b"after"])

    bench = on_a_bench(trial)
    assert bench.cluster.stored == [b"before", b"after"]
    assert (bench.cluster.made, bench.cluster.closed) == (2, 2)


def test_what_the_cluster_refuses_is_a_fault_in_words() -> None:
    async def trial(bench: Bench) -> None:
        bench.cluster.refuses = True
        assert "max.message.bytes" in (await fault_of(bench.write(values(20)))).reason
        assert bench.cluster.under_way == set()

    assert on_a_bench(trial).cluster.stored == []


def test_a_key_goes_where_every_other_producer_would_put_it() -> None:
    """Hashes of Kafka's own UtilsTest.java (4.1), without their sign."""
    murmur2 = {b"21": -973_932_308, b"foobar": -790_332_482}
    for key, known in murmur2.items():
        assert writing._partition(key, range(6)) == (known & 0x7FFFFFFF) % 6


async def fault_of(write: Coroutine[Any, Any, None]) -> Fault:
    try:
        await write
    except Fault as fault:
        return fault
    raise AssertionError("it was written")
