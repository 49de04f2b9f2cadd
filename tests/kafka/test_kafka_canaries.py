"""Raw PII from Kafka leaves no byte with the relay: not on disk, in its log, or in what it writes.

What cannot be used goes back to the cluster as it came, in the producer's own bytes; what the relay
adds to it, and the outcomes, hold nothing of a person.
"""

import signal
from pathlib import Path

import msgspec

from deploy.kafka.broker import Cluster
from relay.kafka.outcomes import TOPIC
from tests.acceptance.test_canaries import (
    CANARIES,
    DEBUGGING,
    PERSON,
    bodies,
    echoing_platforms,
    read_all,
)
from tests.kafka import broker_side
from tests.kafka.broker_side import fresh, make_topic, publish, uncommitted
from tests.kafka.relay_side import has_published, relay_of, until

EVENTS = 8
OUTCOMES = 2 * EVENTS


async def test_no_byte_of_a_person_from_kafka_is_kept_or_told(
    one_broker: Cluster, tmp_path: Path
) -> None:
    """With all that can be logged in the log, which is among the files."""
    address, topic = one_broker.address, await make_topic(one_broker.address, fresh("canaries"))
    cut_off = msgspec.json.encode(PERSON)[:-9]
    async with echoing_platforms() as url:
        relay = relay_of(
            tmp_path,
            url,
            address,
            [topic],
            group=topic,
            options="outcomes = true",
            environ=DEBUGGING,
        )
        async with relay:
            await publish(address, topic, [*map(msgspec.json.encode, bodies()), cut_off])
            await until(lambda: has_published(relay, OUTCOMES), within_s=60)
            await until(lambda: _is_committed(address, topic))
            told = await read_all(relay)
            await relay.end(signal.SIGTERM)
    rejected = await broker_side.read_all(address, f"{topic}.rejected")
    assert len(rejected) == len(bodies())  # all but the first, and what is cut off
    for record in rejected:
        told += b"".join(value for _, value in record.headers)
    for record in await broker_side.read_all(address, TOPIC):
        told += record.key + record.value
    kept = relay.text_on_disk()
    for canary in CANARIES:
        assert canary.encode() not in told.lower(), "told"
        assert canary.encode() not in kept.lower(), "kept"
    assert b'"level":"debug"' in kept


async def _is_committed(address: str, topic: str) -> bool:
    return await uncommitted(address, topic, topic) == 0
