"""Topics that come, go and lose messages while the relay reads them."""

import os
import signal
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, RecordsToDelete

from deploy.kafka.broker import Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids
from tests.kafka.broker_side import admin, fresh, make_topic, publish, read_all
from tests.kafka.relay_side import event, is_in_state, lines_of, relay_of, source_of, until


async def test_a_topic_that_comes_later_is_read_then(kafka: Cluster, tmp_path: Path) -> None:
    """Until then, and once it is gone, the relay names it, and reads the others."""
    there, later = await make_topic(kafka.address, fresh("there")), fresh("later")
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [there, later], group=there)
        async with relay:
            await publish(kafka.address, there, [event("one")])
            await until(lambda: _has(sandbox.url, "one"))
            assert await _missing(relay) == [later]
            await make_topic(kafka.address, later)
            await publish(kafka.address, later, [event("two")])
            await until(lambda: _has(sandbox.url, "two"))
            assert await _missing(relay) == []
            await _delete(kafka, there)
            await until(lambda: _lacks(relay, there))
            await publish(kafka.address, later, [event("three")])
            await until(lambda: _has(sandbox.url, "three"))


async def test_without_its_only_topic_it_says_that_nothing_is_read(
    kafka: Cluster, tmp_path: Path
) -> None:
    """It has no partition to read from, so it is not active."""
    topic = await make_topic(kafka.address, fresh("only"))
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            await publish(kafka.address, topic, [event("before")])
            await until(lambda: is_in_state(relay, "active"))
            await _delete(kafka, topic)
            await until(lambda: is_in_state(relay, "unreachable"))
            assert "none of the topics exists" in (await source_of(relay))["message"]
            assert await _missing(relay) == [topic]
            await make_topic(kafka.address, topic)
            await publish(kafka.address, topic, [event("after")])
            await until(lambda: _has(sandbox.url, "before", "after"))


async def test_topics_of_its_own_are_made_again_if_somebody_deletes_them(
    kafka: Cluster, tmp_path: Path
) -> None:
    """Nothing is skipped meanwhile, and nothing waits for a restart."""
    topic = await make_topic(kafka.address, fresh("deleted"))
    async with Sandbox() as sandbox:
        relay = relay_of(
            *(tmp_path, sandbox.url, kafka.address, [topic]), group=topic, options="outcomes = true"
        )
        async with relay:
            await publish(kafka.address, topic, [b"first", event("before")])
            await until(lambda: _published(relay, 2))
            await _delete(kafka, f"{topic}.rejected", "relay.outcomes")
            await publish(kafka.address, topic, [b"second", event("after")])
            await until(lambda: _published(relay, 4))
            await until(lambda: _wrote(kafka, f"{topic}.rejected"))
    assert {each.value for each in await read_all(kafka.address, f"{topic}.rejected")} == {
        b"second"
    }
    assert {each.key for each in await read_all(kafka.address, "relay.outcomes")} == {b"after"}


async def test_messages_deleted_before_they_are_read_are_told_of(
    kafka: Cluster, tmp_path: Path
) -> None:
    """They are lost; that it goes on behind them must not hide it."""
    topic = await make_topic(kafka.address, fresh("retention"))
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            await publish(kafka.address, topic, [event("read")])
            await until(lambda: _has(sandbox.url, "read"))
            await relay.end(signal.SIGTERM)
            await publish(kafka.address, topic, [event(f"lost-{at}") for at in range(5)])
            async with admin(kafka.address) as client:
                upto = RecordsToDelete(before_offset=6)
                await client.delete_records({TopicPartition(topic, 0): upto})
            await publish(kafka.address, topic, [event("behind")])
            await relay.start()
            await until(lambda: _has(sandbox.url, "behind"))
        [line] = lines_of(relay, "were deleted before they were read")
        assert (line["topic"], line["messages"]) == (f"{topic}, partition 0", 5)


@pytest.mark.skipif(not os.environ.get("RELAY_KAFKA_CLUSTER"), reason="run by make test-kafka")
async def test_partitions_that_are_added_are_read(kafka: Cluster, tmp_path: Path) -> None:
    """Within half a minute, without a restart."""
    topic = await make_topic(kafka.address, fresh("added"))
    ids = [f"e{at}" for at in range(30)]
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            await publish(kafka.address, topic, [event("one")])
            await until(lambda: _has(sandbox.url, "one"))
            async with admin(kafka.address) as client:
                await client.create_partitions({topic: NewPartitions(3)})
            await publish(kafka.address, topic, [event(each) for each in ids])
            await until(lambda: _has(sandbox.url, *ids), within_s=60)
            assert len((await source_of(relay))["assignment"]) == 3


async def _delete(kafka: Cluster, *topics: str) -> None:
    async with admin(kafka.address) as client:
        await client.delete_topics(list(topics))


async def _has(url: str, *event_ids: str) -> bool:
    found = await accepted_ids(url, "tiktok")
    return all(each in found for each in event_ids)


async def _missing(relay: Relay) -> list[str]:
    found: list[str] = (await source_of(relay))["missing_topics"]
    return found


async def _lacks(relay: Relay, topic: str) -> bool:
    return await _missing(relay) == [topic]


async def _published(relay: Relay, count: int) -> bool:
    found: int = (await source_of(relay, "outcomes"))["published"]
    return found == count


async def _wrote(kafka: Cluster, topic: str) -> bool:
    async with admin(kafka.address) as client:
        if topic not in await client.list_topics():
            return False
    return bool(await read_all(kafka.address, topic))
