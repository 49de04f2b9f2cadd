"""When the source tries again, what it says meanwhile, and how it stops."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from itertools import pairwise
from typing import Any, cast

import pytest
from aiokafka import ConsumerStoppedError

from relay.config import KafkaSourceConfig
from relay.intake import Intake
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.metrics import Metrics
from relay.sources.kafka.source import FIRST_WAIT_S, MAX_WAIT_S, TOPIC_WAIT_S, KafkaSource
from tests.given.event.builders import NOW_S
from tests.given.kafka.cluster import Topics
from tests.simulation import virtual_time

AWAY = Fault("no broker listens there", "kafka.bootstrap_servers")


class Cluster:
    """Stands for `Clients` and for all that they reach: its topics are empty."""

    def __init__(self) -> None:
        self.tried_s: list[float] = []
        """When it was asked whether it lets the relay in."""
        self.fault: Exception | None = None
        self.known = Topics("conversions")
        self.subscribed: Sequence[str] = ()
        self.failure: Exception | None = None
        """What the consumer fails with at its next poll."""
        self.stopped = 0
        self._coordinator = self._fetcher = self._client = None

    def credentials(self) -> bytes:
        return b"the same"

    async def probe(self) -> None:
        self.tried_s.append(asyncio.get_running_loop().time())
        if self.fault is not None:
            raise self.fault

    def admin(self) -> Topics:
        return self.known

    async def topics(self) -> set[str]:
        return self.known.names

    async def start(self) -> None:
        pass

    def consumer(self, group_id: str) -> "Cluster":
        assert group_id == "relay"
        return self

    def subscribe(self, topics: Sequence[str], *, listener: object) -> None:
        assert listener is not None
        self.subscribed = topics

    async def stop(self) -> None:
        self.stopped += 1

    def assignment(self) -> set[Any]:
        return set()

    async def end_offsets(self, partitions: set[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, 0)

    async def getmany(self, *, timeout_ms: int) -> dict[Any, Any]:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        await asyncio.sleep(timeout_ms / 1000)
        return {}


class Bench:
    """A source on a cluster."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.source = KafkaSource(
            KafkaSourceConfig(group_id="relay", topics=("conversions", "others")),
            cast("Clients", self.cluster),
            cast("Intake", None),
            Metrics(),
            clock=lambda: NOW_S,
            randomness=random.Random(0),
        )

    @property
    def message(self) -> str:
        return self.source.view().message

    @property
    def waits_s(self) -> list[float]:
        """How long it waited between its tries."""
        return [after - before for before, after in pairwise(self.cluster.tried_s)]


def running(trial: Callable[[Bench], Coroutine[Any, Any, None]]) -> Bench:
    """Run a trial beside a source, which has to stop at once afterwards."""
    bench = Bench()

    async def run() -> None:
        task = asyncio.create_task(bench.source.run())
        await trial(bench)
        bench.source.stop()
        async with asyncio.timeout(1):
            await task

    virtual_time.run(run())
    return bench


def test_while_the_cluster_is_away_it_is_tried_ever_more_slowly_up_to_a_minute() -> None:
    async def trial(bench: Bench) -> None:
        bench.cluster.fault = AWAY
        await asyncio.sleep(3600)
        assert bench.message.endswith(AWAY.advice)

    waits_s = running(trial).waits_s
    assert waits_s[0] <= 2 * FIRST_WAIT_S
    assert waits_s[1] > waits_s[0]
    assert all(0.8 * MAX_WAIT_S <= wait_s <= MAX_WAIT_S for wait_s in waits_s[6:])
    assert len(set(waits_s)) == len(waits_s), "relays that fail together try again together"


def test_after_an_answer_the_next_waits_are_short_again() -> None:
    async def trial(bench: Bench) -> None:
        bench.cluster.fault = AWAY
        await asyncio.sleep(600)
        bench.cluster.fault = None
        await asyncio.sleep(MAX_WAIT_S + 5)
        assert bench.source.view().state == "active"
        bench.cluster.tried_s.clear()
        bench.cluster.fault, bench.cluster.failure = AWAY, ConsumerStoppedError()
        await asyncio.sleep(20)

    assert running(trial).waits_s[0] <= 2 * FIRST_WAIT_S


def test_what_is_there_is_read_and_the_topics_for_what_is_unusable_are_made() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        assert bench.cluster.subscribed == ["conversions"]
        assert bench.source.view().missing_topics == ["others"]

    bench = running(trial)
    assert bench.cluster.known.names == {"conversions", "conversions.rejected", "others.rejected"}
    assert bench.cluster.stopped == 1


def test_topics_that_are_all_missing_are_looked_for_often() -> None:
    async def trial(bench: Bench) -> None:
        bench.cluster.known.names = set()
        await asyncio.sleep(600)
        assert "none of the topics exists" in bench.message
        assert "conversions, others; look at sources.kafka.topics" in bench.message
        assert bench.source.view().missing_topics == ["conversions", "others"]

    bench = running(trial)
    assert all(wait_s <= TOPIC_WAIT_S for wait_s in bench.waits_s)
    assert bench.cluster.stopped == 0


def test_a_topic_that_comes_is_read_without_a_wait() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        bench.cluster.known.names |= {"others"}
        await asyncio.sleep(6)
        assert bench.cluster.subscribed == ["conversions", "others"]
        assert bench.source.view().state == "active"

    assert running(trial).cluster.stopped == 2


def test_a_mistake_of_the_relay_is_logged_and_told_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        bench.cluster.failure = KeyError("a mistake")
        await asyncio.sleep(0.5)
        assert "the relay made a mistake (KeyError)" in bench.message
        await asyncio.sleep(5)
        assert bench.source.view().state == "active"

    bench = running(trial)
    assert len(bench.cluster.tried_s) == 2
    assert "reading from Kafka failed" in [record.message for record in caplog.records]
