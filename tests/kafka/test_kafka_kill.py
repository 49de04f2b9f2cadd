"""Three relays of one group, two of them killed in turn: nothing is lost.

CI runs 20,000 events; `RELAY_KAFKA_EVENTS=100000` runs as many as one likes.
"""

import asyncio
import os
from pathlib import Path

import pytest

from deploy.kafka.broker import Cluster
from relay.dispatch.in_flight import MAX_IN_FLIGHT
from relay.kafka.client import MAX_RECORDS
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids
from tests.kafka.broker_side import fresh, make_topic, publish, read_all, uncommitted
from tests.kafka.relay_side import event, has_taken, relay_of, until

EVENTS = int(os.environ.get("RELAY_KAFKA_EVENTS", "20000"))
UNUSABLE = b'{"event":"purchase","event_id":"no-time"}'
MAX_BATCH = 1_000
PLATFORMS = ("pinterest", "tiktok")
WITHIN_S = 60.0 + EVENTS / 500


@pytest.mark.slow
@pytest.mark.timeout(120 + EVENTS / 100)
async def test_nothing_is_lost_while_relays_are_killed(kafka: Cluster, tmp_path: Path) -> None:
    """Every usable event reaches both platforms, every other one the rejected topic."""
    topic = await make_topic(kafka.address, fresh("conversions"), partitions=6)
    messages = [UNUSABLE if at % 100 == 0 else event(f"e{at}") for at in range(EVENTS)]
    async with Sandbox() as sandbox:
        relays = [
            relay_of(tmp_path / name, sandbox.url, kafka.address, [topic], group=topic)
            for name in ("one", "two", "three")
        ]
        async with relays[0], relays[1], relays[2], asyncio.TaskGroup() as load:
            load.create_task(publish(kafka.address, topic, messages))
            for victim in relays[:2]:
                await _until_it_took(victim, EVENTS // 20)
                await victim.kill()
                await asyncio.sleep(1)
                await victim.start()
            await _until_all_is_read(kafka.address, topic)
            for relay in relays:
                await relay.until_nothing_waits()
        accepted = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
    rejected = await read_all(kafka.address, f"{topic}.rejected")
    usable = {f"e{at}" for at in range(EVENTS) if at % 100}
    for counts in accepted.values():
        assert counts.keys() == usable
        assert counts.total() - len(usable) <= 2 * (MAX_IN_FLIGHT * MAX_BATCH + 2 * MAX_RECORDS)
    assert {record.key for record in rejected} == {str(at).encode() for at in range(0, EVENTS, 100)}
    assert all(record.value == UNUSABLE for record in rejected)


async def _until_it_took(relay: Relay, events: int) -> None:
    await until(lambda: has_taken(relay, events), WITHIN_S)


async def _until_all_is_read(address: str, topic: str) -> None:
    async def nothing_left() -> bool:
        return not await uncommitted(address, topic, topic)

    await until(nothing_left, WITHIN_S, look_s=0.5)
