"""What cannot be brought to an end now: partitions are paused, the group is kept, nothing lost."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.kafka.broker import Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids
from tests.kafka.broker_side import admin, fresh, make_topic, publish, read_all, uncommitted
from tests.kafka.relay_side import event, is_in_state, metric_sum, relay_of, source_of, until

EVENTS = 12_000
MAX_POLL_S = 6.0
NAMES = ("pinterest-main", "tiktok-main")


async def test_a_platform_down_for_longer_than_the_poll_interval(
    kafka: Cluster, tmp_path: Path
) -> None:
    """The journal fills up, then partitions pause: no rebalance, lag shown, and all arrives."""
    topic = await make_topic(kafka.address, fresh("full"), partitions=3)
    options = f"max_poll_interval_ms = {MAX_POLL_S * 1000:.0f}"
    async with Sandbox("outage") as sandbox:
        relay = relay_of(
            *(tmp_path, sandbox.url, kafka.address, [topic]),
            group=topic,
            options=options,
            journal='max_size = "2MiB"',
        )
        async with relay:
            await publish(kafka.address, topic, [event(f"e{at}") for at in range(EVENTS)])
            await until(lambda: is_in_state(relay, "held"))
            before = await _members(kafka, topic)
            await asyncio.sleep(MAX_POLL_S + 3)
            assert await is_in_state(relay, "held")
            assert await _members(kafka, topic) == before
            assert await metric_sum(relay, "relay_kafka_lag") > 0
            sandbox.exchange.run_scenario("ok")
            await _try_now(relay)
            await until(lambda: _all_arrived(sandbox.url), within_s=60)
            await until(lambda: is_in_state(relay, "active"))
            assert await uncommitted(kafka.address, topic, topic) == 0
        counts = await accepted_ids(sandbox.url, "tiktok")
    assert counts.total() == EVENTS


async def test_a_relay_that_is_stuck_gives_its_partitions_away(
    kafka: Cluster, tmp_path: Path
) -> None:
    """What it could not store is dropped there and read by the other one; nothing is lost."""
    topic = await make_topic(kafka.address, fresh("stuck"), partitions=4)
    async with Sandbox("outage") as outage, Sandbox() as fine:
        stuck = relay_of(
            *(tmp_path / "stuck", outage.url, kafka.address, [topic]),
            group=topic,
            journal='max_size = "2MiB"',
        )
        helper = relay_of(tmp_path / "helper", fine.url, kafka.address, [topic], group=topic)
        async with stuck:
            await publish(kafka.address, topic, [event(f"e{at}") for at in range(EVENTS)])
            await until(lambda: is_in_state(stuck, "held"))
            async with helper:
                await until(lambda: _has_partitions(helper, 2))
                await until(lambda: _has_partitions(stuck, 2))
                await until(lambda: _arrived_any(fine.url))
                outage.exchange.run_scenario("ok")
                await _try_now(stuck)
                await until(lambda: _nothing_left(kafka, topic), within_s=60)
                await stuck.until_nothing_waits()
                await helper.until_nothing_waits()
            arrived = await accepted_ids(outage.url, "tiktok") + await accepted_ids(
                fine.url, "tiktok"
            )
    assert len(arrived) == EVENTS


async def test_where_rejected_messages_cannot_be_written_nothing_is_skipped(
    kafka: Cluster, tmp_path: Path
) -> None:
    """Reading stops and says so; once the topic takes them, it goes on."""
    topic = await make_topic(kafka.address, fresh("stopped"))
    await make_topic(kafka.address, f"{topic}.rejected", settings={"max.message.bytes": "100"})
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            await publish(kafka.address, topic, [b"unusable"])
            await until(lambda: is_in_state(relay, "stopped"))
            message = (await source_of(relay))["message"]
            assert f"{topic}.rejected" in message
            assert "max.message.bytes" in message
            await publish(kafka.address, topic, [event("behind-it")])
            await asyncio.sleep(2)
            assert not await accepted_ids(sandbox.url, "tiktok")
            await _allow(kafka, f"{topic}.rejected", "1000000")
            await until(lambda: is_in_state(relay, "active"))
            await until(lambda: _arrived(sandbox.url, "behind-it"))
    assert [each.value for each in await read_all(kafka.address, f"{topic}.rejected")] == [
        b"unusable"
    ]


async def _has_partitions(relay: Relay, count: int) -> bool:
    return len((await source_of(relay))["assignment"]) == count


async def _arrived_any(url: str) -> bool:
    return bool(await accepted_ids(url, "tiktok"))


async def _nothing_left(kafka: Cluster, topic: str) -> bool:
    return await uncommitted(kafka.address, topic, topic) == 0


async def _members(kafka: Cluster, group: str) -> list[Any]:
    """Return who is in the group; who was thrown out and came back has another id."""
    async with admin(kafka.address) as client:
        [answer] = await client.describe_consumer_groups([group])
    *_, members = answer.groups[0]
    return sorted(member[0] for member in members)


async def _try_now(relay: Relay) -> None:
    async with aiohttp.ClientSession() as session:
        for name in NAMES:
            url = f"{relay.admin}/api/v1/destinations/{name}/resume"
            async with session.post(url) as answer:
                assert answer.status == 200


async def _all_arrived(url: str) -> bool:
    return all([len(await accepted_ids(url, n)) == EVENTS for n in ("pinterest", "tiktok")])


async def _arrived(url: str, event_id: str) -> bool:
    return event_id in await accepted_ids(url, "tiktok")


async def _allow(kafka: Cluster, topic: str, max_bytes: str) -> None:
    async with admin(kafka.address) as client:
        settings = {"max.message.bytes": max_bytes}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
