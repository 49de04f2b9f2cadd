"""What is seen of the cluster beside the poll loop: lag, topics, and why nothing answers."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.metrics import Metrics
from relay.sources.kafka.status import Status
from relay.sources.kafka.watch import (
    ANSWER_WITHIN_S,
    NEW_CONSUMER_AFTER,
    STEADY_AFTER,
    TOPICS_EVERY,
    WATCH_S,
    TopicsChanged,
    Watch,
)
from tests.given.event.builders import NOW_S
from tests.simulation import virtual_time

ONE, TWO = TopicPartition("conversions", 0), TopicPartition("conversions", 1)
UNANSWERED_S = ANSWER_WITHIN_S + WATCH_S
"""How long a look takes that nobody answers."""
AWAY = Fault("no broker listens there", "kafka.bootstrap_servers")


class Consumer:
    """Has partitions of a length each, of which the fetched ones have a position."""

    def __init__(self) -> None:
        self.ends = {ONE: 10, TWO: 20}
        self.fetched = {ONE: 4, TWO: 5}
        self.given_away: set[TopicPartition] = set()
        """Partitions that are another relay's as soon as the ends are known."""
        self.known = {"conversions"}
        self.answers = asyncio.Event()
        self.answers.set()
        self.failure: Exception | None = None

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        found = {at: self.ends[at] for at in partitions}
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        for at in self.given_away:
            self.ends.pop(at, None)
        return found

    def highwater(self, at: TopicPartition) -> int | None:
        return self.ends[at] if at in self.fetched else None

    async def position(self, at: TopicPartition) -> int:
        return self.fetched[at]

    async def topics(self) -> set[str]:
        return self.known


class ClientsOf:
    """The brokers, which let the relay in or do not."""

    def __init__(self) -> None:
        self.password = b"first"
        self.fault: Fault | None = None

    def credentials(self) -> bytes:
        return self.password

    async def probe(self) -> None:
        if self.fault is not None:
            raise self.fault


class Bench:
    """A watch with everything around it in memory."""

    def __init__(self) -> None:
        self.consumer, self.clients = Consumer(), ClientsOf()
        self.committed: dict[TopicPartition, int] = {}
        self.begun: dict[TopicPartition, int] = {}
        self.status = Status("relay", ("conversions", "others"), Metrics(), lambda: NOW_S)
        self.watch = Watch(
            cast("AIOKafkaConsumer", self.consumer),
            self.status,
            cast("Clients", self.clients),
            self.committed,
            self.begun,
        )

    @property
    def state(self) -> str:
        return self.status.view().state

    @property
    def lag(self) -> dict[int, int | None]:
        """The lag of each partition that is this relay's."""
        return {each.partition: each.lag for each in self.status.view().assignment}


def watching(trial: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    """Run a trial beside a watch, whose error is that of the trial."""
    bench = Bench()
    bench.status.assigned([ONE, TWO])

    async def run() -> None:
        async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(bench.watch.run())
            await trial(bench)
            looking.cancel()

    virtual_time.run(run())


def ends_with(trial: Callable[[Bench], Coroutine[Any, Any, None]]) -> BaseException:
    """Return the error with which the watch ends during the trial."""
    with pytest.raises(ExceptionGroup) as caught:
        watching(trial)
    [error] = caught.value.exceptions
    return error


def test_the_lag_is_what_is_not_committed_else_not_begun_else_not_read() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        assert bench.lag == {0: 6, 1: 15}
        bench.begun[ONE] = 2
        await asyncio.sleep(1)
        assert bench.lag == {0: 8, 1: 15}
        bench.committed.update({ONE: 10, TWO: 21})
        await asyncio.sleep(1)
        assert bench.lag == {0: 0, 1: 0}

    watching(trial)


def test_what_nothing_came_from_has_no_lag_yet() -> None:
    async def trial(bench: Bench) -> None:
        del bench.consumer.fetched[TWO]
        await asyncio.sleep(0.5)
        assert bench.lag == {0: 6, 1: None}

    watching(trial)


def test_a_partition_that_is_given_away_meanwhile_has_none_either() -> None:
    """Its figure would stay, beside that of its new owner."""

    async def trial(bench: Bench) -> None:
        bench.consumer.given_away = {TWO}
        bench.committed[TWO] = 7
        await asyncio.sleep(0.5)
        assert bench.lag == {0: 6, 1: None}

    watching(trial)


def test_all_is_well_once_every_partition_was_read_from() -> None:
    async def trial(bench: Bench) -> None:
        read = bench.consumer.fetched.pop(TWO)
        await asyncio.sleep(2.5)
        assert bench.state == "connecting"
        bench.consumer.fetched[TWO] = read
        await asyncio.sleep(1)
        assert bench.state == "active"

    watching(trial)


def test_a_partition_without_a_leader_is_not_waited_for_for_ever() -> None:
    async def trial(bench: Bench) -> None:
        del bench.consumer.fetched[TWO]
        await asyncio.sleep(STEADY_AFTER * WATCH_S - 0.5)
        assert bench.state == "connecting"
        await asyncio.sleep(1)
        assert bench.state == "active"

    watching(trial)


def test_topics_that_go_are_seen_and_one_that_comes_takes_a_new_consumer() -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.known = {"conversions", "others"}
        await asyncio.sleep(0.5)
        assert bench.status.view().missing_topics == []
        bench.consumer.known = {"conversions"}
        await asyncio.sleep(TOPICS_EVERY * WATCH_S)
        assert bench.status.view().missing_topics == ["others"]
        bench.consumer.known = {"conversions", "others"}
        await asyncio.sleep((TOPICS_EVERY - 1) * WATCH_S)
        seen.append("nothing yet")
        await asyncio.sleep(WATCH_S)

    seen: list[str] = []
    assert isinstance(ends_with(trial), TopicsChanged)
    assert seen == ["nothing yet"]


def test_without_any_topic_left_nothing_is_read_so_that_it_is_told_by_who_looks_for_them() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        bench.consumer.known = {"conversions.rejected"}
        await asyncio.sleep(TOPICS_EVERY * WATCH_S)

    assert isinstance(ends_with(trial), TopicsChanged)


def test_brokers_that_do_not_let_the_relay_in_say_why_and_are_asked_again() -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.answers.clear()
        bench.clients.fault = AWAY
        bench.clients.password = b"wrong"
        await asyncio.sleep(5 * NEW_CONSUMER_AFTER * UNANSWERED_S)
        assert bench.status.view().message.endswith(AWAY.advice)
        bench.clients.fault = None
        bench.consumer.answers.set()
        await asyncio.sleep(UNANSWERED_S)
        assert bench.state == "active"

    watching(trial)


def test_a_broker_that_is_silent_once_may_have_just_come_back() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        for _ in range(2 * NEW_CONSUMER_AFTER):
            bench.consumer.answers.clear()
            await asyncio.sleep(UNANSWERED_S)
            bench.consumer.answers.set()
            await asyncio.sleep(UNANSWERED_S)
            assert bench.state == "active"

    watching(trial)


def test_a_broker_that_stays_silent_is_told_and_then_a_new_consumer_is_tried() -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.answers.clear()
        await asyncio.sleep(UNANSWERED_S + 1)
        seen.append(bench.state)
        await asyncio.sleep(UNANSWERED_S)
        seen.append(bench.status.view().message)
        await asyncio.sleep((NEW_CONSUMER_AFTER - 3) * UNANSWERED_S)
        seen.append("goes on")
        await asyncio.sleep(UNANSWERED_S)

    seen: list[str] = []
    silence = "a broker that leads a partition does not answer"
    assert ends_with(trial) == Fault(silence)
    assert (seen[0], seen[2]) == ("connecting", "goes on")
    assert seen[1].endswith(silence)


def test_what_a_broker_answers_is_told_in_words() -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.failure = TopicAuthorizationFailedError("conversions")
        await asyncio.sleep(1.5)
        assert "may not use the topic conversions" in bench.status.view().message

    watching(trial)


def test_brokers_that_come_back_have_as_long_as_ever() -> None:
    """Only their silence counts, not that of the network before."""

    async def trial(bench: Bench) -> None:
        bench.consumer.answers.clear()
        await asyncio.sleep((NEW_CONSUMER_AFTER - 2) * UNANSWERED_S)
        bench.clients.fault = AWAY
        await asyncio.sleep(2 * UNANSWERED_S)
        bench.clients.fault = None
        await asyncio.sleep((NEW_CONSUMER_AFTER - 2) * UNANSWERED_S)

    watching(trial)


def test_other_credentials_take_a_new_consumer_as_soon_as_nothing_answers() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        bench.clients.password = b"second"
        await asyncio.sleep(60)
        bench.consumer.answers.clear()
        await asyncio.sleep(UNANSWERED_S + WATCH_S)

    assert ends_with(trial) == Fault("the credentials have changed")
