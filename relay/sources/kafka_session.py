"""One membership in a consumer group: poll, have it taken, commit; leave in order.

Never a wait in the poll loop. What takes longer than `PATIENCE_S` goes on beside it while the
partitions are paused, so the group sees a live member, and whatever slips in is put back. When
partitions are taken away, what is in flight gets half a session's time to be stored and
committed; what does not make it is dropped here and read again by the next owner.

What is committed is the consumer's position, not the last message: the markers of transactions
are no events, and would count as lag for ever.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError

from relay.kafka import topic
from relay.kafka.client import Clients
from relay.kafka.fault import KNOWN, Fault, fault_of
from relay.sources.kafka_batch import BatchTaker
from relay.sources.kafka_message import Message
from relay.sources.kafka_status import Status

POLL_MS: Final = 200
PATIENCE_S: Final = 1.0
WATCH_S: Final = 1.0
ANSWER_WITHIN_S: Final = 5.0
NEW_CLIENT_AFTER: Final = 12
"""Looks without an answer, while the brokers do let the relay in, until a new consumer is tried."""

TOPICS_EVERY: Final = 5
"""Looks between two looks for topics that were missing."""

Offsets = dict[TopicPartition, int]


class TopicAppeared(Exception):
    """A configured topic is there now: subscribe anew."""


class Session(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """See the module docstring. `stop` ends it after what is in flight."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        taker: BatchTaker,
        status: Status,
        clients: Clients,
        stop: asyncio.Event,
    ) -> None:
        self._consumer = consumer
        self._taker = taker
        self._status = status
        self._clients = clients
        self._stop = stop
        self._committed: Offsets = {}
        self._working: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Consume until told to stop. Raises `Fault`, or what aiokafka raises."""
        watching = asyncio.create_task(self._watch())
        try:
            while not self._stop.is_set():
                if watching.done():
                    watching.result()
                await self._turn()
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            self._status.assigned(())

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Bring to an end what is in flight, within bounds; then forget what was ours."""
        working = self._working
        if working is not None and not working.done():
            within_s = self._clients.session_timeout_s / 2
            await asyncio.wait({working}, timeout=within_s)
            await _cancelled(working)
        self._committed = {}
        self._status.assigned(())

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Tell which partitions are ours now."""
        self._status.assigned(assigned)

    async def _turn(self) -> None:
        polled: dict[TopicPartition, list[Message]] = await self._consumer.getmany(
            timeout_ms=POLL_MS
        )
        # No await in between that waits: the position is that of exactly these messages.
        ends = await self._moved()
        if not polled and not ends:
            return
        self._working = asyncio.create_task(self._bring_to_end(polled, ends))
        try:
            await self._accompany(self._working)
        finally:
            await _cancelled(self._working)
            if self._working.cancelled():
                self._status.out_of_trouble()

    async def _accompany(self, working: "asyncio.Task[None]") -> None:
        held = False
        while not (await asyncio.wait({working}, timeout=PATIENCE_S))[0]:
            if self._stop.is_set() and held:
                return
            held = True
            await self._hold()
        if held:
            self._consumer.resume(*self._consumer.paused())
        if not working.cancelled():
            working.result()

    async def _hold(self) -> None:
        """Stay a member of the group without taking anything."""
        self._consumer.pause(*self._consumer.assignment())
        early: dict[TopicPartition, list[Message]] = await self._consumer.getmany(timeout_ms=0)
        for partition, messages in early.items():
            self._consumer.seek(partition, messages[0].offset)

    async def _bring_to_end(
        self, polled: Mapping[TopicPartition, Sequence[Message]], ends: Offsets
    ) -> None:
        if polled:
            await self._taker.take(message for each in polled.values() for message in each)
        try:
            await self._consumer.commit(ends)
        except (CommitFailedError, IllegalStateError):
            return  # the partitions are somebody else's by now, who reads this again
        self._committed |= ends
        self._status.committed(ends)

    async def _moved(self) -> Offsets:
        """Return the positions that are not committed yet, of partitions that have one."""
        positions = {
            partition: await self._consumer.position(partition)
            for partition in self._consumer.assignment()
            if self._consumer.highwater(partition) is not None
        }
        return {
            partition: position
            for partition, position in positions.items()
            if self._committed.get(partition) != position
        }

    async def _watch(self) -> None:
        """Measure the lag, and notice when the cluster goes away."""
        unanswered = 0
        for look in count():
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._measure()
                    if self._status.missing and look % TOPICS_EVERY == 0:
                        await self._look_for_topics()
            except KNOWN as error:
                unanswered += 1
                self._status.away(await self._cause(error, unanswered))
            else:
                unanswered = 0
                self._status.reached()
            await asyncio.sleep(WATCH_S)

    async def _measure(self) -> None:
        assignment = self._consumer.assignment()
        ends: Offsets = await self._consumer.end_offsets(assignment)
        read = {partition: await self._read_to(partition) for partition in ends}
        self._status.measured(
            {
                partition: max(0, ends[partition] - offset)
                for partition, offset in read.items()
                if offset is not None and partition in self._consumer.assignment()
            }
        )

    async def _read_to(self, partition: TopicPartition) -> int | None:
        committed = self._committed.get(partition)
        if committed is not None or partition not in self._consumer.assignment():
            return committed
        if self._consumer.highwater(partition) is None:
            return None
        position: int = await self._consumer.position(partition)
        return position

    async def _look_for_topics(self) -> None:
        known = await topic.existing(self._clients)
        if not known.isdisjoint(self._status.missing):
            raise TopicAppeared

    async def _cause(self, error: BaseException, unanswered: int) -> Fault:
        """Return why nothing answers. Raises `Fault` if only a new consumer can help."""
        try:
            await self._clients.probe()
        except Fault as fault:
            return fault
        found = fault_of(error)
        if isinstance(error, TimeoutError):
            found = Fault("a broker that leads a partition does not answer")
        if unanswered >= NEW_CLIENT_AFTER:
            raise found
        return found


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
