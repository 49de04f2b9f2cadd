"""Watches beside the poll loop: the lag, which topics exist, and why the cluster does not answer.

It checks once a second. It raises only if a new consumer is needed: a missing topic has appeared,
or none is left, the credentials have changed, or the brokers accept the relay but have not answered
for long.
"""

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from relay.kafka.client import Clients
from relay.kafka.fault import KNOWN, Fault, fault_of
from relay.sources.kafka.status import Status

WATCH_S: Final = 1.0
ANSWER_WITHIN_S: Final = 5.0
TOPICS_EVERY: Final = 5
"""Every this many checks, it looks for topics that come and go."""
STEADY_AFTER: Final = 10
"""After this many checks all counts as well, even if a partition has no leader to read from."""
NEW_CONSUMER_AFTER: Final = 12
"""Checks without an answer, although the brokers accept the relay, until a new one is tried."""

Offsets = dict[TopicPartition, int]


class TopicsChanged(Exception):
    """A configured topic exists now, or none does any more, so subscribe again."""


class Watch:
    """Watches one consumer.

    `committed` are the offsets that its session has committed, `begun` those at which its present
    work starts; the session changes both as it goes on.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        status: Status,
        clients: Clients,
        committed: Mapping[TopicPartition, int],
        begun: Mapping[TopicPartition, int],
    ) -> None:
        self._consumer = consumer
        self._status = status
        self._clients = clients
        self._committed = committed
        self._begun = begun
        self._unanswered = 0

    async def run(self) -> None:
        """Watch until cancelled. Raises `TopicsChanged` or `Fault` if a new consumer is needed."""
        credentials = self._clients.credentials()
        for look in count():
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._look(look)
            except KNOWN as error:
                await self._explain(error, credentials)
            else:
                self._unanswered = 0
                if look >= STEADY_AFTER or self._has_fetched():
                    self._status.reached()
            await asyncio.sleep(WATCH_S)

    def _has_fetched(self) -> bool:
        """Return whether every partition was read from; only then a missing right would show."""
        return all(self._consumer.highwater(at) is not None for at in self._consumer.assignment())

    async def _look(self, number: int) -> None:
        await self._measure()
        if number % TOPICS_EVERY == 0:
            known = await self._consumer.topics()
            appeared = not known.isdisjoint(self._status.missing)
            if appeared or known.isdisjoint(self._status.topics):
                raise TopicsChanged
            self._status.has_topics(known)

    async def _measure(self) -> None:
        ends: Offsets = await self._consumer.end_offsets(self._consumer.assignment())
        read = {partition: await self._read_to(partition) for partition in ends}
        self._status.measured(
            {
                partition: max(0, ends[partition] - offset)
                for partition, offset in read.items()
                if offset is not None and partition in self._consumer.assignment()
            }
        )

    async def _read_to(self, partition: TopicPartition) -> int | None:
        read_to = self._committed.get(partition, self._begun.get(partition))
        if read_to is not None or partition not in self._consumer.assignment():
            return read_to
        if self._consumer.highwater(partition) is None:
            return None
        position: int = await self._consumer.position(partition)
        return position

    async def _explain(self, error: BaseException, credentials: bytes) -> None:
        """Report why nothing answers. Raises `Fault` if only a new consumer can help."""
        try:
            await self._clients.probe()
        except Fault as fault:
            self._unanswered = 0
            self._status.away(fault)
            return
        self._unanswered += 1
        if self._clients.credentials() != credentials:
            raise Fault("the credentials have changed")
        if self._unanswered > 1:  # a single time may be a broker that has just come back
            self._status.away(_silence(error))
        if self._unanswered >= NEW_CONSUMER_AFTER:
            raise _silence(error)


def _silence(error: BaseException) -> Fault:
    if isinstance(error, TimeoutError):
        return Fault("a broker that leads a partition does not answer")
    return fault_of(error)
