"""Three brokers, and the leader of a partition is killed under load: nothing is lost.

It takes most of a minute, so it runs on demand: `make test-kafka`.
"""

import asyncio
import os
from pathlib import Path

import pytest

from deploy.kafka.broker import Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import accepted_ids
from tests.kafka.broker_side import admin, fresh, make_topic, publish, read_all
from tests.kafka.relay_side import event, has_taken, outcomes_of, relay_of, until

EVENTS = 6_000
UNUSABLE = b"{}"


@pytest.mark.skipif(not os.environ.get("RELAY_KAFKA_CLUSTER"), reason="run by make test-kafka")
@pytest.mark.timeout(240)
async def test_the_leader_of_a_partition_may_die(three_brokers: Cluster, tmp_path: Path) -> None:
    """What the producer was told is stored is delivered, rejected, and told of in outcomes."""
    cluster = three_brokers
    topic = await make_topic(cluster.address, fresh("leader"), partitions=3)
    messages = [UNUSABLE if at % 100 == 0 else event(f"e{at}") for at in range(EVENTS)]
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, cluster.address, [topic], options="outcomes = true")
        async with relay, asyncio.TaskGroup() as load:
            load.create_task(_publish_slowly(cluster.address, topic, messages))
            await until(lambda: has_taken(relay, EVENTS // 4))
            leader = cluster.nodes[await _leader(cluster.address, topic)]
            leader.kill()
            await until(lambda: _all_arrived(sandbox.url), within_s=90)
            await until(lambda: _all_told(cluster, 2 * (EVENTS - EVENTS // 100)), within_s=60)
        assert {each.value for each in await read_all(cluster.address, f"{topic}.rejected")} == {
            UNUSABLE
        }
        assert len(await read_all(cluster.address, f"{topic}.rejected")) >= EVENTS // 100


async def _publish_slowly(address: str, topic: str, messages: list[bytes]) -> None:
    for at in range(0, len(messages), 200):
        await publish(address, topic, messages[at : at + 200], enable_idempotence=True)


async def _leader(address: str, topic: str) -> int:
    async with admin(address) as client:
        [found] = await client.describe_topics([topic])
    leader: int = found["partitions"][0]["leader"]
    return leader


async def _all_arrived(url: str) -> bool:
    expected = {f"e{at}" for at in range(EVENTS) if at % 100}
    return all([set(await accepted_ids(url, name)) == expected for name in ("pinterest", "tiktok")])


async def _all_told(cluster: Cluster, outcomes: int) -> bool:
    found = outcomes_of(await read_all(cluster.address, "relay.outcomes"))
    return len({(each.event_id, each.destination) for each in found}) == outcomes
