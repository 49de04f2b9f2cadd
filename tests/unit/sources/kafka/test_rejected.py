"""What is written of a message that cannot be used, and what is said if it cannot be written."""

import asyncio
from typing import cast

import pytest

from relay.intake import Problem
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.sources.kafka.message import Piece, Rejected
from relay.sources.kafka.rejected import RejectedTopics, record_of
from tests.given.event.kafka_message import Record
from tests.given.kafka.cluster import ClientsOf, Cluster
from tests.simulation import virtual_time

PROBLEM = Problem("missing", "event_id", "This key is required.")
MESSAGE = Record(b"[{},{}]", key=b"order-1")


def test_it_is_written_as_it_came_with_the_reason_in_headers() -> None:
    found = record_of(Rejected(Piece(MESSAGE, None), PROBLEM))
    assert (found.topic, found.key, found.value) == ("conversions.rejected", b"order-1", b"[{},{}]")
    assert found.headers == [
        ("relay-code", b"missing"),
        ("relay-path", b"event_id"),
        ("relay-message", b"This key is required."),
    ]


def test_elements_of_an_array_are_told_apart_and_share_its_bytes() -> None:
    """One message of 5 MiB with 100 bad elements must not become 500 MiB of memory."""
    found = [record_of(Rejected(Piece(MESSAGE, place), PROBLEM)) for place in range(2)]
    assert [dict(each.headers)["relay-index"] for each in found] == [b"0", b"1"]
    assert all(each.value is MESSAGE.value for each in found)


class Bench:
    """The topic on a cluster, and what it told of a message that it was to write."""

    def __init__(self) -> None:
        self.cluster = Cluster("conversions.rejected")
        self.topics = RejectedTopics(cast("Clients", ClientsOf(self.cluster)))
        self.told: list[Fault] = []

    async def tell(self, fault: Fault) -> None:
        self.told.append(fault)

    async def write(self) -> None:
        try:
            async with asyncio.timeout(60):
                await self.topics.write([Rejected(Piece(MESSAGE, None), PROBLEM)], self.tell)
        finally:
            await self.topics.close()


def test_it_is_written_once_the_cluster_has_it() -> None:
    bench = Bench()
    virtual_time.run(bench.write())
    assert bench.cluster.stored == [b"[{},{}]"]
    assert bench.told == []
    assert (bench.cluster.made, bench.cluster.closed) == (1, 1)


def test_whatever_stands_in_the_way_is_told_with_the_topic() -> None:
    async def trial(bench: Bench) -> None:
        writing = asyncio.create_task(bench.write())
        await asyncio.sleep(0.05)
        bench.cluster.is_away = True
        await asyncio.sleep(20)
        bench.cluster.is_away = False
        await writing

    bench = Bench()
    virtual_time.run(trial(bench))
    reason = "conversions.rejected: no broker listens there"
    assert set(bench.told) == {Fault(reason, "kafka.bootstrap_servers")}
    assert bench.cluster.stored == [b"[{},{}]"]


def test_what_the_cluster_refuses_is_told_with_the_topic() -> None:
    bench = Bench()
    bench.cluster.refuses = True
    with pytest.raises(Fault, match=r"^conversions\.rejected: .*max\.message\.bytes"):
        virtual_time.run(bench.write())
