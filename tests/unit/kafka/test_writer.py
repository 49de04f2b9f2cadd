"""What the writer promises whatever the cluster does; a stub of the cluster stands for it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

from relay.kafka import writer as writing
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.kafka.writer import Record, Writer
from tests.given.kafka.cluster import ClientsOf, Cluster
from tests.simulation import virtual_time

TOPIC = "conversions.rejected"
GIVEN_UP_AFTER_S = 600.0


class Bench:
    """A writer on a cluster, and what it told."""

    def __init__(self) -> None:
        self.cluster = Cluster(TOPIC)
        clients = ClientsOf(self.cluster)
        self.writer = Writer(cast("Clients", clients))
        self.told: list[str] = []

    async def tell(self, fault: Fault) -> None:
        self.told.append(fault.reason)

    async def write(self, values: Sequence[bytes]) -> None:
        await self.writer.write([Record(TOPIC, value, value) for value in values], self.tell)


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
        bench.cluster.topics.names.add(TOPIC)
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
        bench.cluster.topics.names.clear()
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
