"""One relay's worth of reading from Kafka, without storing and sending: what does it cost?

Called as `python -m tests.bench.kafka_reader ADDRESS TOPIC GROUP EVENTS FILE`. Without an address
the same messages come from FILE, so what is left is the chain: decode, check, hash, map, encode.
Prints the events that it took and the processor seconds, from the first batch to the last.
"""

import asyncio
import logging
import random
import sys
import time
from asyncio import Future
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from relay.app.process import tune
from relay.config import KafkaConfig, KafkaSourceConfig, sandbox_config
from relay.destinations import discover
from relay.intake import Intake, Route, Router, Storage, Window
from relay.journal.entry import Entry, Rejection
from relay.kafka.client import MAX_RECORDS, Clients
from relay.metrics import Metrics
from relay.rules import Rules
from relay.sources.kafka.batch import ORIGIN
from relay.sources.kafka.message import unpack
from relay.sources.kafka.source import KafkaSource
from tests.given.event.kafka_message import Record

BEGIN_WITHIN_S: Final = 30.0
QUIET_S: Final = 3.0
"""Without a message for so long, the topic is read to its end."""


class Cost(msgspec.Struct):
    """What a reader prints."""

    events: int
    cpu_s: float


class Counter:
    """A journal that stores nothing; it knows what the events cost since the first batch."""

    def __init__(self) -> None:
        self._begun_s: float | None = None
        self.cost = Cost(0, 0.0)
        self.news = asyncio.Event()

    def append(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Count."""
        now_s = time.process_time()
        if self._begun_s is None:
            self._begun_s = now_s
        else:
            self.cost = Cost(self.cost.events + len(entries), now_s - self._begun_s)
        self.news.set()
        stored: Future[None] = asyncio.get_running_loop().create_future()
        stored.set_result(None)
        return stored


def intake_of(journal: Counter) -> Intake:
    """Return an intake for both platforms."""
    types = discover()
    configured = sandbox_config({}).destinations
    routes = [
        Route(types[each.type].build(name, each), Rules()) for name, each in configured.items()
    ]
    router = Router(routes, Window(1_000_000))
    return Intake(router, Storage(router, journal), time.time, "US")


async def read_topic(address: str, topic: str, group: str, journal: Counter) -> None:
    """Consume until nothing comes any more."""
    source = KafkaSource(
        KafkaSourceConfig(topics=(topic,), group_id=group),
        Clients(KafkaConfig(bootstrap_servers=address), {}),
        intake_of(journal),
        Metrics(),
        clock=time.time,
        randomness=random.Random(),
    )
    reading = asyncio.create_task(source.run())
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(QUIET_S if journal.cost.events else BEGIN_WITHIN_S):
                await journal.news.wait()
            journal.news.clear()
    source.stop()
    await reading


async def read_lines(lines: Sequence[bytes], journal: Counter) -> None:
    """Take the same messages by the batch, as a poll brings them."""
    intake = intake_of(journal)
    messages = [Record(line) for line in lines]
    for at in range(0, len(messages), MAX_RECORDS):
        documents = unpack(messages[at : at + MAX_RECORDS]).documents
        taken = await intake.take_apart(documents, ORIGIN)
        await intake.store(taken, ORIGIN)


def main() -> None:
    """Read, and print the cost as JSON."""
    address, topic, group, file = sys.argv[1:]
    lines = [] if address else Path(file).read_bytes().splitlines()
    logging.disable()  # the library's; how it went is told by the figures

    async def read() -> Cost:
        journal = Counter()
        tune()
        if address:
            await read_topic(address, topic, group, journal)
        else:
            await read_lines(lines, journal)
        return journal.cost

    with suppress(KeyboardInterrupt):
        print(msgspec.json.encode(asyncio.run(read())).decode())


if __name__ == "__main__":
    main()
