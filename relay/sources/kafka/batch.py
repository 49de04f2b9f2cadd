"""Brings the messages of one poll to the disk: intake, one append, and the rejected topic.

It has no time limit: while the journal is full, or the rejected topic cannot be written, it tries
again, and the caller keeps the consumer in its group meanwhile. Nothing is skipped. It may be
cancelled at any time, since nothing is committed before it returns.
"""

import asyncio
import random
from collections.abc import Iterable
from typing import Final

from relay.dispatch.retry import Backoff
from relay.errors import JournalUnavailable
from relay.intake import Finding, Intake, Origin, Taken
from relay.kafka.fault import Fault
from relay.metrics import Metrics
from relay.sources.kafka.message import Message, Rejected, unpack
from relay.sources.kafka.rejected import RejectedTopics
from relay.sources.kafka.status import Status

ORIGIN: Final = Origin("kafka")
MAX_EVENTS: Final = 10_000
"""The most events in one append; more, from messages with long arrays, take several."""
FULL_RETRY_S: Final = 1.0
REJECTED_FIRST_S: Final = 1.0
REJECTED_MAX_S: Final = 30.0


class BatchReceiver:
    """Receives the messages of a poll."""

    def __init__(
        self,
        intake: Intake,
        rejected: RejectedTopics,
        status: Status,
        metrics: Metrics,
        randomness: random.Random,
    ) -> None:
        self._intake = intake
        self._rejected = rejected
        self._status = status
        self._metrics = metrics
        self._waits = Backoff(REJECTED_FIRST_S, REJECTED_MAX_S, randomness)

    async def take(self, messages: Iterable[Message]) -> None:
        """Return once all usable events are on disk, and all others in their rejected topics."""
        unpacked = unpack(messages)
        rejected = list(unpacked.unreadable)
        unreadable = [Finding(0, None, each.problem) for each in unpacked.unreadable]
        for at in range(0, max(1, len(unpacked.documents)), MAX_EVENTS):
            taken = await self._intake.take_apart(unpacked.documents[at : at + MAX_EVENTS], ORIGIN)
            rejected += unpacked.rejected(taken.errors)
            if at == 0:
                taken.errors += unreadable
            if taken.entries or taken.errors:
                await self._store(taken)
        if rejected:
            await self._write_away(rejected)
        if unpacked.tombstones:
            self._status.passed_over(unpacked.tombstones)

    async def _store(self, taken: Taken) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started_s = loop.time()
            try:
                await self._intake.store(taken, ORIGIN)
            except JournalUnavailable as error:
                self._status.in_trouble("held", Fault(error.reason))
                await asyncio.sleep(FULL_RETRY_S)
            else:
                break
        self._status.out_of_trouble()
        self._metrics.journal_append_seconds.observe(loop.time() - started_s)

    async def _write_away(self, rejected: list[Rejected]) -> None:
        while True:
            try:
                await self._rejected.write(rejected, self._stopped)
            except Fault as fault:
                await self._stopped(fault)
                await asyncio.sleep(self._waits.next_s())
            else:
                break
        self._waits.reset()
        self._status.out_of_trouble()

    async def _stopped(self, fault: Fault) -> None:
        self._status.in_trouble("stopped", fault)
