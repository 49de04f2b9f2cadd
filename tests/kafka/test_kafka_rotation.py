"""A password that changes while the broker is away, as it does where credentials are rotated.

It takes a broker of its own, so it runs on demand: `make test-kafka`.
"""

import asyncio
import os
from pathlib import Path

import aiohttp
import pytest

from deploy.kafka.broker import GUEST, PASSWORD, Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids, purchase
from tests.kafka.broker_side import fresh, make_topic, publish
from tests.kafka.relay_side import event, has_published, lines_of, relay_of, until

NEXT_PASSWORD = "the next one"


@pytest.mark.skipif(not os.environ.get("RELAY_KAFKA_CLUSTER"), reason="run by make test-kafka")
@pytest.mark.timeout(240)
async def test_a_changed_password_is_read_from_its_file_by_all_clients(
    one_broker: Cluster, tmp_path: Path
) -> None:
    """Those as well that wait for a broker with what they could not write yet."""
    topic = await make_topic(one_broker.address, fresh("rotation"))
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    options = f"""security_protocol = "SASL_SSL"
sasl_plain_username = "{GUEST}"
sasl_plain_password = "file:{password}"
ssl_cafile = "{one_broker.authority}"
outcomes = true
"""
    async with Sandbox() as sandbox:
        relay = relay_of(
            *(tmp_path / "relay", sandbox.url, one_broker.secured_address, [topic]), options=options
        )
        async with relay:
            await publish(one_broker.address, topic, [event("before")])
            await until(lambda: has_published(relay, 2))
            await asyncio.to_thread(_restart_with_other_password, one_broker)
            await _post(relay, "meanwhile")
            await publish(one_broker.address, topic, [event("after")])
            await until(lambda: _told(relay, 2))
            password.write_text(NEXT_PASSWORD)
            await until(lambda: has_published(relay, 6))
        assert set(await accepted_ids(sandbox.url, "tiktok")) == {"before", "meanwhile", "after"}


def _restart_with_other_password(broker: Cluster) -> None:
    node = broker.nodes[0]
    node.stop()
    settings = node._properties.read_text()
    named = 'user_{}="{}"'
    old, new = named.format(GUEST, PASSWORD), named.format(GUEST, NEXT_PASSWORD)
    assert old in settings
    node._properties.write_text(settings.replace(old, new))
    node.start()


async def _post(relay: Relay, event_id: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{relay.producers}/v1/events", json=purchase(event_id)) as answer,
    ):
        assert answer.status == 202


async def _told(relay: Relay, parts: int) -> bool:
    """Return whether source and outcomes have said what is wrong."""
    return len(lines_of(relay, "refuses this user and password")) == parts
