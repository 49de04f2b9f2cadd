"""What is configured for Kafka starts and stops together, whatever the cluster does."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from relay.config import parse
from relay.intake import Intake
from relay.journal.outbox import Backlog, OutcomeLog
from relay.metrics import Metrics
from relay.sources.kafka.side import KafkaSide
from tests.given.event.builders import NOW_S
from tests.given.port.producers import until

PINTEREST = """
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:TOKEN"
"""
OUTCOMES = '[kafka]\nbootstrap_servers = "127.0.0.1:{port}"\noutcomes = true\n'
SOURCE = '[sources.kafka]\ntopics = ["conversions"]\n'


class EmptyLog:
    """A journal without outcomes."""

    async def outcome_backlog(self) -> Backlog:
        return Backlog(0, 0)


@asynccontextmanager
async def broker(*, is_silent: bool = False) -> AsyncIterator[tuple[int, list[None]]]:
    """Open the port of a broker that hangs up on everybody, or never says a word.

    The list has an entry for each connection.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(None)
        if is_silent:
            await reader.read()
        writer.close()

    met: list[None] = []
    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], met


def side(text: str, port: int = 0) -> KafkaSide:
    return KafkaSide(
        parse(PINTEREST + text.format(port=port), {}, origin="a test"),
        {},
        cast("Intake", None),
        cast("OutcomeLog", EmptyLog()),
        Metrics(),
        clock=lambda: float(NOW_S),
        randomness=random.Random(0),
    )


async def test_without_a_cluster_there_is_nothing_to_run_or_to_see() -> None:
    kafka = side("")
    async with kafka.running(0.1):
        assert (kafka.view().kafka, kafka.view().outcomes) == (None, None)


async def test_outcomes_are_published_without_a_topic_to_read() -> None:
    async with broker() as (port, _):
        kafka = side(OUTCOMES, port)
        async with kafka.running(5):
            await until(lambda: (found := kafka.view().outcomes) and found.state == "unreachable")
            assert kafka.view().kafka is None
            assert not logging.getLogger("aiokafka.client").isEnabledFor(logging.CRITICAL)


async def test_a_topic_is_read_without_outcomes() -> None:
    async with broker() as (port, _):
        kafka = side(OUTCOMES.replace("true", "false") + SOURCE, port)
        async with kafka.running(5):
            await until(lambda: (found := kafka.view().kafka) and found.state == "unreachable")
            assert kafka.view().outcomes is None


async def test_what_waits_for_the_next_try_stops_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """What is wrong is a line of each part, and none of the library."""
    loop = asyncio.get_running_loop()
    async with broker() as (port, _):
        kafka = side(OUTCOMES + SOURCE, port)
        async with kafka.running(5):
            await until(lambda: (found := kafka.view().outcomes) and found.state == "unreachable")
            await until(lambda: (found := kafka.view().kafka) and found.state == "unreachable")
            began_s = loop.time()
        assert loop.time() - began_s < 2
    names = {record.name for record in caplog.records if record.levelno >= logging.WARNING}
    assert names == {"relay.kafka.outcomes", "relay.sources.kafka.status"}


async def test_a_broker_that_never_answers_does_not_hold_up_the_end() -> None:
    loop = asyncio.get_running_loop()
    async with broker(is_silent=True) as (port, met):
        kafka = side(OUTCOMES + SOURCE, port)
        async with kafka.running(0.1):
            await until(lambda: len(met) == 2)
            began_s = loop.time()
        assert loop.time() - began_s < 2
        assert len(asyncio.all_tasks()) <= 1 + len(met), "something goes on beside the broker"
        await until(lambda: len(asyncio.all_tasks()) == 1)
