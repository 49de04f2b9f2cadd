"""One membership in a consumer group: polls, has messages stored, commits, and leaves in order.

The poll loop never waits. If storing takes longer than `PATIENCE_S`, it goes on beside the loop
while the partitions are paused, so that the group sees a live member; messages that slip in are put
back. When partitions are revoked, what is in flight has half the session timeout to be stored and
committed; the rest is dropped here and read again by the next owner.

It commits the consumer's position, not the last message, since transaction markers are not events
and would otherwise count as lag for ever.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError

from relay.kafka.client import Clients
from relay.kafka.closing import end
from relay.sources.kafka.batch import BatchReceiver
from relay.sources.kafka.message import Message
from relay.sources.kafka.status import Status
from relay.sources.kafka.watch import Watch

POLL_MS: Final = 200
PATIENCE_S: Final = 1.0
FINISH_WITHIN_S: Final = 5.0
"""How long storing, and then a commit, may take once the consumer has to be replaced."""

Offsets = dict[TopicPartition, int]
Polled = Mapping[TopicPartition, Sequence[Message]]


class Session(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """See the module docstring. `stop` ends it once what is in flight is done."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        receiver: BatchReceiver,
        status: Status,
        clients: Clients,
        stop: asyncio.Event,
    ) -> None:
        self._consumer = consumer
        self._receiver = receiver
        self._status = status
        self._clients = clients
        self._stop = stop
        self._committed: Offsets = {}
        self._begun: Offsets = {}
        self._watch = Watch(consumer, status, clients, self._committed, self._begun)
        self._working: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Consume until `stop` is set. Raises `Fault`, or what aiokafka raises."""
        self._watching = asyncio.create_task(self._watch.run())
        try:
            while not self._stop.is_set():
                if self._watching.done():
                    self._watching.result()
                await self._turn()
        finally:
            await end(self._watching)
            self._status.assigned(())

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Finish what is in flight, within a time limit; then forget the partitions."""
        working = self._working
        if working is not None and not working.done():
            within_s = self._clients.session_timeout_s / 2
            await asyncio.wait({working}, timeout=within_s)
            await end(working)
        self._committed.clear()
        self._begun.clear()
        self._status.assigned(())

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Note which partitions are ours now."""
        self._status.assigned(assigned)

    async def _turn(self) -> None:
        polled: Polled = await self._consumer.getmany(timeout_ms=POLL_MS)
        # No await in between really waits, so the position belongs to exactly these messages.
        ends = await self._moved()
        self._begun |= {at: messages[0].offset for at, messages in polled.items()}
        if not polled and not ends:
            return
        self._working = asyncio.create_task(self._bring_to_end(polled, ends))
        try:
            await self._accompany(self._working)
        finally:
            await end(self._working)
            if not self._stop.is_set():
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
        """Stay a member of the group without consuming anything."""
        self._consumer.pause(*self._consumer.assignment())
        early: dict[TopicPartition, list[Message]] = await self._consumer.getmany(timeout_ms=0)
        for partition, messages in early.items():
            self._consumer.seek(partition, messages[0].offset)

    async def _bring_to_end(self, polled: Polled, ends: Offsets) -> None:
        if polled:
            messages = (message for each in polled.values() for message in each)
            await self._finish(self._receiver.take(messages))
        try:
            await self._finish(self._commit(polled, ends))
        except (CommitFailedError, IllegalStateError):
            return  # the partitions have another owner by now, who reads this again
        self._committed |= ends
        self._status.committed(ends)

    async def _commit(self, polled: Polled, ends: Offsets) -> None:
        await self._look_for_gaps(polled, ends)
        await self._consumer.commit(ends)

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it to its end, but give it up if a new consumer is needed: it might never end."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task, self._watching}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({task}, timeout=FINISH_WITHIN_S)
            if not task.done():
                self._watching.result()
            await task
        finally:
            await end(task)

    async def _look_for_gaps(self, polled: Polled, ends: Offsets) -> None:
        """Warn if messages were deleted before they were read, by retention or by hand.

        Other gaps are fine: transaction markers, and messages that were compacted or rolled back.
        If no message came from a partition, the deleted ones may have been all that it had.
        """
        found = ends | {at: messages[0].offset for at, messages in polled.items()}
        begun = {at: await self._read_to(at) for at in found}
        gaps = {
            at: offset for at, offset in begun.items() if offset is not None and offset < found[at]
        }
        first = await self._consumer.beginning_offsets(list(gaps)) if gaps else {}
        for at, offset in gaps.items():
            if offset < first[at]:
                self._status.deleted(at, first[at] - offset)

    async def _read_to(self, partition: TopicPartition) -> int | None:
        """Return how far the group has read a partition, or None if it never has."""
        if partition in self._committed:
            return self._committed[partition]
        offset: int | None = await self._consumer.committed(partition)
        return offset

    async def _moved(self) -> Offsets:
        """Return the positions that are not committed yet; partitions not read yet have none."""
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
