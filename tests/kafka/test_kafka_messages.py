"""What a message may be, and what becomes of one that cannot be used."""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.kafka.broker import Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids, purchase
from tests.kafka.broker_side import fresh, make_topic, producing, publish, read_all, uncommitted
from tests.kafka.relay_side import (
    event,
    has_taken,
    metric_sum,
    relay_of,
    source_of,
    until,
    until_delivered,
)


async def test_every_shape_of_a_message_is_read(kafka: Cluster, tmp_path: Path) -> None:
    """One event, an array, an envelope, a framed one; a tombstone is counted and passed over."""
    topic = await make_topic(kafka.address, fresh("shapes"), partitions=2)
    several = [purchase("array-1"), purchase("array-2")]
    messages = [
        event("single"),
        msgspec.json.encode(several),
        msgspec.json.encode({"events": [purchase("enveloped")]}),
        b"\x00\x00\x00\x00\x07" + event("framed"),
        b" \n" + event("blanks") + b"\n",
        None,
    ]
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            await publish(kafka.address, topic, messages)
            await until_delivered(sandbox.url, 6)
            await until(lambda: _tombstones(relay, 1))
        ids = await accepted_ids(sandbox.url, "tiktok")
    assert ids == Counter(
        {"single": 1, "array-1": 1, "array-2": 1, "enveloped": 1, "framed": 1, "blanks": 1}
    )
    assert await read_all(kafka.address, f"{topic}.rejected") == []


async def test_what_cannot_be_used_is_written_away_as_it_came(
    kafka: Cluster, tmp_path: Path
) -> None:
    """With the reason in headers; of an array, each bad element for itself, the good ones taken."""
    topic = await make_topic(kafka.address, fresh("unusable"))
    array = msgspec.json.encode([purchase("good"), {"event": "purchase"}, 5])
    framed = b"\x00\x00\x00\x00\x01{"
    messages = [b'{"event":1}', array, b"17", b"[]", b"", b"\xff", framed, event("last")]
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            await publish(kafka.address, topic, messages)
            await until_delivered(sandbox.url, 2)
            await until(lambda: _is_committed(kafka, topic))
            assert await metric_sum(relay, "relay_events_rejected_total") == 8
            assert await metric_sum(relay, "relay_kafka_lag") == 0
        assert set(await accepted_ids(sandbox.url, "pinterest")) == {"good", "last"}
    found = await read_all(kafka.address, f"{topic}.rejected")
    told = {(record.key, record.value, *_told(record.headers)) for record in found}
    assert told == {
        (b"0", b'{"event":1}', "wrong_type", "event", None),
        (b"1", array, "missing", "event_id", "1"),
        (b"1", array, "wrong_type", "", "2"),
        (b"2", b"17", "not_json", "", None),
        (b"3", b"[]", "not_json", "", None),
        (b"4", b"", "not_json", "", None),
        (b"5", b"\xff", "not_json", "", None),
        (b"6", framed, "not_json", "", None),
    }
    assert len(found) == 8


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_codec_is_readable(kafka: Cluster, tmp_path: Path, codec: str) -> None:
    """The library by itself brings gzip only."""
    topic = await make_topic(kafka.address, fresh(codec))
    async with (
        Sandbox() as sandbox,
        relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic),
    ):
        messages = [event(f"{codec}-{at}") for at in range(20)]
        await publish(kafka.address, topic, messages, compression_type=codec)
        await until_delivered(sandbox.url, 20)


async def test_a_transaction_counts_when_it_is_committed(kafka: Cluster, tmp_path: Path) -> None:
    """What was rolled back is never read, and the markers do not count as lag."""
    topic = await make_topic(kafka.address, fresh("transactions"))
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay, producing(kafka.address, transactional_id=topic) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait(topic, event("rolled-back"))
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(topic, event("committed"))
            await until_delivered(sandbox.url, 1)
            await until(lambda: _is_committed(kafka, topic))
        assert set(await accepted_ids(sandbox.url, "pinterest")) == {"committed"}


async def test_as_large_as_the_broker_takes_can_be_rejected(kafka: Cluster, tmp_path: Path) -> None:
    """The producer compressed, so the message is larger than what the broker ever saw."""
    topic = await make_topic(kafka.address, fresh("large"))
    large = b'{"nothing": "' + b"x" * 5_000_000 + b'"}'
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [topic], group=topic)
        async with relay:
            options = {"compression_type": "zstd", "max_request_size": 10_000_000}
            await publish(kafka.address, topic, [large, event("next")], **options)
            await until_delivered(sandbox.url, 1)
            await until(lambda: _is_committed(kafka, topic))
    assert [record.value for record in await read_all(kafka.address, f"{topic}.rejected")] == [
        large
    ]


async def test_told_to_stop_it_leaves_with_everything_committed(
    kafka: Cluster, tmp_path: Path
) -> None:
    """Another one goes on exactly where it was: nothing is delivered twice."""
    topic = await make_topic(kafka.address, fresh("stop"), partitions=3)
    async with Sandbox() as sandbox:
        first, second = (
            relay_of(tmp_path / name, sandbox.url, kafka.address, [topic], group=topic)
            for name in ("first", "second")
        )
        async with first, second, asyncio.TaskGroup() as load:
            messages = [event(f"e{at}") for at in range(3_000)]
            load.create_task(publish(kafka.address, topic, messages))
            await until(lambda: has_taken(first, 200))
            assert await first.end(signal.SIGTERM) == 0
            await until(lambda: _is_committed(kafka, topic))
            await first.start()
            await first.until_nothing_waits()
            await second.until_nothing_waits()
        counts = await accepted_ids(sandbox.url, "pinterest")
    assert len(counts) == counts.total() == 3_000


async def _tombstones(relay: Relay, count: int) -> bool:
    found: int = (await source_of(relay))["tombstones"]
    return found == count


async def _is_committed(kafka: Cluster, topic: str) -> bool:
    return await uncommitted(kafka.address, topic, topic) == 0


def _told(headers: tuple[tuple[str, bytes], ...]) -> tuple[str, str, str | None]:
    found: Mapping[str, Any] = {name: value.decode() for name, value in headers}
    assert found.keys() <= {"relay-code", "relay-path", "relay-message", "relay-index"}
    assert found["relay-message"]
    return found["relay-code"], found["relay-path"], found.get("relay-index")
