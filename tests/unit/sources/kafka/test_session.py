"""One membership: in which order it polls, stores and commits, and how it waits and leaves."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.metrics import Metrics
from relay.sources.kafka.batch import BatchReceiver
from relay.sources.kafka.message import Message
from relay.sources.kafka.session import Session
from relay.sources.kafka.status import Status
from relay.sources.kafka.watch import TopicsChanged
from tests.given.event.builders import NOW_S
from tests.given.event.kafka_message import Record
from tests.simulation import virtual_time

PARTITION = TopicPartition("conversions", 0)
SESSION_TIMEOUT_S = 10.0
GIVEN_UP_AFTER_S = 600.0


class Consumer:
    """Has one partition; hands out what it is given, and notes what happens to it."""

    def __init__(self, happened: list[str]) -> None:
        self._happened = happened
        self.log: list[Record] = []
        self.offset = 0
        self.polls = 0
        self.is_paused = False
        self.unread: TopicPartition | None = None
        """One of its partitions from which nothing has come; it has no position yet."""
        self.slips_in = False
        """Whether a poll hands out what was fetched before the pause."""
        self.failure: Exception | None = None
        """What the next commit fails with."""
        self.commit_takes_s = 0.0
        self.known = {"conversions"}
        """The topics that exist."""
        self.begins = 0
        self.read_before: int | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        self.polls += 1
        found = self.log[self.offset :] if self.slips_in or not self.is_paused else []
        self.offset += len(found)
        if not found:
            await asyncio.sleep(timeout_ms / 1000)
        return {PARTITION: found} if found else {}

    def assignment(self) -> set[TopicPartition]:
        return {PARTITION} if self.unread is None else {PARTITION, self.unread}

    async def position(self, at: TopicPartition) -> int:
        assert at != self.unread, "the library would wait here until something comes"
        return self.offset

    def highwater(self, at: TopicPartition) -> int | None:
        return None if at == self.unread else len(self.log)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        await self.answers.wait()
        await asyncio.sleep(self.commit_takes_s)
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        self._happened.append(f"committed {offsets[PARTITION]}")

    async def committed(self, _: TopicPartition) -> int | None:
        return self.read_before

    async def beginning_offsets(self, at: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(at, self.begins)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        await self.answers.wait()
        return dict.fromkeys(partitions, len(self.log))

    async def topics(self) -> set[str]:
        return self.known

    def pause(self, *_: TopicPartition) -> None:
        self.is_paused = True

    def paused(self) -> set[TopicPartition]:
        return {PARTITION} if self.is_paused else set()

    def resume(self, *_: TopicPartition) -> None:
        self.is_paused = False

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.offset = offset


class Receiver:
    """Stores what it is given, once it is let."""

    def __init__(self, happened: list[str]) -> None:
        self._happened = happened
        self.let = asyncio.Event()
        self.fails = False

    async def take(self, messages: Iterable[Message]) -> None:
        found = list(messages)
        await self.let.wait()
        if self.fails:
            raise KeyError("a mistake")
        self._happened.append(f"stored {len(found)}")


class ClientsOf:
    """The settings that a session asks for."""

    session_timeout_s = SESSION_TIMEOUT_S

    def __init__(self) -> None:
        self.password = b"first"

    def credentials(self) -> bytes:
        return self.password

    async def probe(self) -> None:
        """The brokers let the relay in."""


class Bench:
    """A session with everything around it in memory."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.consumer = Consumer(self.happened)
        self.receiver = Receiver(self.happened)
        self.stop = asyncio.Event()
        self.metrics = Metrics()
        self.clients = ClientsOf()
        self.status = Status("relay", ("conversions",), self.metrics, lambda: NOW_S)
        self.session = Session(
            cast("AIOKafkaConsumer", self.consumer),
            cast("BatchReceiver", self.receiver),
            self.status,
            cast("Clients", self.clients),
            self.stop,
        )

    @property
    def assigned(self) -> list[tuple[int, int | None]]:
        """The partitions that people see, with what is committed of them."""
        return [(each.partition, each.committed) for each in self.status.view().assignment]

    @property
    def lag(self) -> float | None:
        partition = {"topic": PARTITION.topic, "partition": str(PARTITION.partition)}
        return self.metrics.registry.get_sample_value("relay_kafka_lag", partition)

    def publish(self, count: int) -> None:
        begin = len(self.consumer.log)
        self.consumer.log += [Record(b"{}", offset=begin + at) for at in range(count)]


def happened(
    trial: Callable[[Bench], Coroutine[Any, Any, None]], messages: int = 3, *, stops: bool = True
) -> list[str]:
    """Run a session beside a trial of it, which begins with some messages; return what happened."""
    bench = Bench()
    bench.publish(messages)

    async def run() -> None:
        async with asyncio.timeout(GIVEN_UP_AFTER_S):
            running = asyncio.create_task(bench.session.run())
            await trial(bench)
            if stops:
                bench.stop.set()
            await running
            assert asyncio.all_tasks() == {asyncio.current_task()}, "something goes on"

    virtual_time.run(run())
    return bench.happened


def test_an_offset_is_committed_once_the_events_are_stored() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        assert bench.happened == []
        bench.receiver.let.set()
        await asyncio.sleep(0.5)

    assert happened(trial) == ["stored 3", "committed 3"]


def test_a_commit_that_only_a_new_consumer_can_make_ends_the_session() -> None:
    """The library tries for ever with the password that was given to the old one."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(1)
        bench.consumer.answers.clear()
        bench.receiver.let.set()
        bench.clients.password = b"second"

    with pytest.raises(Fault, match="credentials"):
        happened(trial, stops=False)


def test_a_broker_that_wants_a_new_password_ends_also_a_session_with_nothing_to_do() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(1)
        bench.consumer.answers.clear()
        bench.clients.password = b"second"

    with pytest.raises(Fault, match="credentials"):
        happened(trial, messages=0, stops=False)


def test_a_commit_that_takes_its_time_is_waited_for() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(1)
        bench.consumer.answers.clear()
        bench.receiver.let.set()
        await asyncio.sleep(30)
        bench.consumer.answers.set()
        await asyncio.sleep(2)

    assert happened(trial) == ["stored 3", "committed 3"]


def test_a_new_topic_waits_until_what_is_being_committed_is() -> None:
    """Else it would all be read again."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(3)
        bench.status.lacks(["others"], {})
        bench.consumer.commit_takes_s = 4
        bench.receiver.let.set()
        bench.consumer.known = {"conversions", "others"}
        seen.append(bench)

    seen: list[Bench] = []
    with pytest.raises(TopicsChanged):
        happened(trial, stops=False)
    assert seen[0].happened == ["stored 3", "committed 3"]


def test_what_is_held_up_is_given_up_for_a_new_consumer() -> None:
    """However long the journal is full, the topics and the lag are watched."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(3)
        bench.status.in_trouble("held", Fault("the journal is full"))
        bench.status.lacks(["others"], {})
        bench.consumer.known = {"conversions", "others"}
        seen.append(bench)

    seen: list[Bench] = []
    with pytest.raises(TopicsChanged):
        happened(trial, stops=False)
    assert seen[0].happened == []
    assert seen[0].status.view().state == "active"


def test_what_takes_long_pauses_the_partitions_and_not_the_loop() -> None:
    """What slips in meanwhile is read again afterwards, not lost and not taken twice."""

    async def trial(bench: Bench) -> None:
        bench.consumer.slips_in = True
        await asyncio.sleep(0.5)
        bench.publish(2)
        await asyncio.sleep(60)
        assert bench.consumer.is_paused
        assert bench.consumer.polls >= 50
        bench.consumer.slips_in = False
        bench.receiver.let.set()
        await asyncio.sleep(2)

    assert happened(trial) == ["stored 3", "committed 3", "stored 2", "committed 5"]


def test_partitions_that_are_taken_away_get_half_a_session_and_no_commit_after() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        began_s = asyncio.get_running_loop().time()
        await bench.session.on_partitions_revoked([PARTITION])
        assert asyncio.get_running_loop().time() - began_s == SESSION_TIMEOUT_S / 2
        bench.consumer.log.clear()
        bench.consumer.offset = 0
        bench.receiver.let.set()

    assert {"stored 3", "committed 3"}.isdisjoint(happened(trial))


def test_partitions_that_are_taken_away_before_anything_came_are_given_at_once() -> None:
    """The library also says so of none at all, before it joins its group."""

    async def trial(bench: Bench) -> None:
        began_s = asyncio.get_running_loop().time()
        await bench.session.on_partitions_revoked([])
        assert asyncio.get_running_loop().time() == began_s

    happened(trial, messages=0)


def test_people_see_the_partitions_as_long_as_they_are_this_relays() -> None:
    async def trial(bench: Bench) -> None:
        bench.receiver.let.set()
        await bench.session.on_partitions_assigned([PARTITION])
        assert bench.assigned == [(0, None)]
        await asyncio.sleep(1)
        assert bench.assigned == [(0, 3)]
        await bench.session.on_partitions_revoked([PARTITION])
        assert bench.assigned == []
        await bench.session.on_partitions_assigned([PARTITION])
        seen.append(bench)

    seen: list[Bench] = []
    happened(trial)
    assert seen[0].assigned == []


def test_the_trouble_of_what_is_dropped_is_over() -> None:
    """What another relay will read is no longer held up here."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(3)
        bench.status.in_trouble("held", Fault("the journal is full"))
        await bench.session.on_partitions_revoked([PARTITION])
        await asyncio.sleep(1)
        assert bench.status.view().state == "active"

    happened(trial)


def test_a_partition_from_which_nothing_came_holds_up_no_other() -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.unread = TopicPartition("conversions", 1)
        bench.receiver.let.set()
        await asyncio.sleep(1)

    assert happened(trial) == ["stored 3", "committed 3"]


@pytest.mark.parametrize("failure", [CommitFailedError(), IllegalStateError()])
def test_what_can_no_longer_be_committed_is_no_end_of_the_session(failure: Exception) -> None:
    """The partitions are somebody else's by now, or are soon ours again."""

    async def trial(bench: Bench) -> None:
        bench.consumer.failure = failure
        bench.receiver.let.set()
        await asyncio.sleep(3)

    assert happened(trial) == ["stored 3", "committed 3"]


def test_what_could_not_be_stored_by_a_mistake_ends_the_session_and_is_never_committed() -> None:
    async def trial(bench: Bench) -> None:
        bench.receiver.fails = True
        bench.receiver.let.set()
        seen.append(bench)

    seen: list[Bench] = []
    with pytest.raises(KeyError):
        happened(trial, stops=False)
    assert seen[0].happened == []


def test_what_another_relay_has_read_meanwhile_is_not_told_as_a_loss(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def trial(bench: Bench) -> None:
        bench.receiver.let.set()
        await asyncio.sleep(2)
        await bench.session.on_partitions_revoked([PARTITION])
        bench.consumer.read_before = bench.consumer.begins = bench.consumer.offset = 7
        await asyncio.sleep(2)

    assert happened(trial) == ["stored 3", "committed 3", "committed 7"]
    assert not caplog.records


def test_a_commit_that_hangs_is_given_up_when_the_partitions_are_taken_away() -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.answers.clear()
        bench.receiver.let.set()
        await asyncio.sleep(0.5)
        await bench.session.on_partitions_revoked([PARTITION])
        bench.consumer.log.clear()
        bench.consumer.offset = 0
        bench.consumer.answers.set()
        await asyncio.sleep(2)

    assert "committed 3" not in happened(trial)


def test_told_to_stop_it_waits_for_nothing_that_is_held_up() -> None:
    """The journal is full: what was read is read again after the restart."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(30)
        bench.stop.set()
        await asyncio.sleep(3)

    assert happened(trial) == []


def test_told_to_stop_it_does_not_say_that_events_are_read_again() -> None:
    """As the last line of its log, it would hide that the journal is full."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(3)
        bench.status.in_trouble("held", Fault("the journal is full"))
        bench.stop.set()
        await asyncio.sleep(3)
        assert bench.status.view().state == "held"

    happened(trial)


def test_told_to_stop_it_commits_what_is_in_flight() -> None:
    async def trial(bench: Bench) -> None:
        await asyncio.sleep(0.5)
        bench.stop.set()
        bench.receiver.let.set()

    assert happened(trial) == ["stored 3", "committed 3"]


def test_what_is_not_stored_yet_counts_as_lag() -> None:
    """Also what a relay holds that has just begun, and has committed nothing."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(3)
        assert bench.lag == 3
        bench.receiver.let.set()
        await asyncio.sleep(3)
        assert bench.lag == 0

    assert happened(trial) == ["stored 3", "committed 3"]


def test_what_another_relay_has_read_is_no_lag_of_this_one() -> None:
    """Partitions that come back begin where the group has read to, not where they were left."""

    async def trial(bench: Bench) -> None:
        await asyncio.sleep(3)
        await bench.session.on_partitions_revoked([PARTITION])
        bench.consumer.offset = len(bench.consumer.log)
        await bench.session.on_partitions_assigned([PARTITION])
        for _ in range(10):
            bench.consumer.failure = CommitFailedError()
            await asyncio.sleep(0.2)
        assert bench.lag == 0

    happened(trial)


def test_a_gap_in_which_nothing_was_deleted_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """As behind the marker of a transaction that was rolled back."""

    async def trial(bench: Bench) -> None:
        bench.consumer.read_before = bench.consumer.begins = 2
        bench.consumer.offset = 7
        await asyncio.sleep(3)

    assert happened(trial, messages=0) == ["committed 7"]
    assert not caplog.records


def test_what_is_deleted_once_it_was_read_is_no_loss(caplog: pytest.LogCaptureFixture) -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.read_before = 0
        await asyncio.sleep(0.5)
        bench.consumer.begins = 3
        bench.receiver.let.set()
        await asyncio.sleep(1)

    assert happened(trial) == ["stored 3", "committed 3"]
    assert not caplog.records


def test_of_a_single_message_behind_a_gap_what_was_deleted_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.read_before, bench.consumer.begins = 2, 7
        bench.consumer.log = [Record(b"{}", offset=7)]
        bench.receiver.let.set()
        await asyncio.sleep(1)

    assert happened(trial, messages=0) == ["stored 1", "committed 1"]
    [line] = [record for record in caplog.records if "deleted before" in record.message]
    assert vars(line)["fields"]["messages"] == 5


def test_that_all_there_was_is_deleted_is_told_without_a_message_behind_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def trial(bench: Bench) -> None:
        bench.consumer.read_before = 2
        bench.consumer.begins = bench.consumer.offset = 7
        await asyncio.sleep(3)

    assert happened(trial, messages=0) == ["committed 7"]
    [line] = [record for record in caplog.records if "deleted before" in record.message]
    assert vars(line)["fields"]["messages"] == 5
