"""The cluster away, or closed to the relay: one clear line, HTTP goes on, nothing is lost.

`RELAY_KAFKA_AWAY_S=30` keeps the broker away for longer than CI has patience for.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from deploy.kafka.broker import PASSWORD, USER, Cluster
from relay.config import KafkaConfig
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids, fetch, purchase
from tests.kafka.broker_side import fresh, make_topic, publish, read_all
from tests.kafka.relay_side import (
    event,
    has_published,
    is_in_state,
    lines_of,
    outcomes_of,
    relay_of,
    until,
    until_delivered,
)

AWAY_S = float(os.environ.get("RELAY_KAFKA_AWAY_S", "8"))
SECURED = """\
security_protocol = "SASL_SSL"
sasl_mechanism = "{mechanism}"
sasl_plain_username = "{user}"
sasl_plain_password = "file:{password}"
ssl_cafile = "{authority}"
"""


@pytest.mark.slow
async def test_a_broker_that_goes_and_comes_is_nothing_to_http(
    kafka: Cluster, tmp_path: Path
) -> None:
    """The relay recovers by itself; outcomes wait on disk, and are published once."""
    topic = await make_topic(kafka.address, fresh("away"), partitions=3)
    async with Sandbox() as sandbox:
        relay = relay_of(
            *(tmp_path, sandbox.url, kafka.address, [topic]),
            group=topic,
            options="outcomes = true",
        )
        async with relay:
            await publish(kafka.address, topic, [event(f"before-{at}") for at in range(300)])
            await until_delivered(sandbox.url, 300)
            async with _away(kafka):
                await _post_while_it_is_away(relay)
            await publish(kafka.address, topic, [event(f"after-{at}") for at in range(300)])
            await until_delivered(sandbox.url, 610)
            await until(lambda: has_published(relay, 2 * 610))
        counts = await accepted_ids(sandbox.url, "tiktok")
    assert len(counts) == counts.total() == 610
    records = await read_all(kafka.address, "relay.outcomes")
    outcomes = [each for each in outcomes_of(records) if each.event_id in counts]
    assert len(outcomes) == len({(each.event_id, each.destination) for each in outcomes}) == 2 * 610
    assert len(lines_of(relay, '"unreachable"')) == 1
    assert not lines_of(relay, "Traceback")


async def test_sasl_with_tls_connects_and_a_wrong_password_is_one_line(
    kafka: Cluster, tmp_path: Path
) -> None:
    """The file of the password is read again, so nobody has to restart anything."""
    topic = await make_topic(kafka.address, fresh("secured"))
    password = tmp_path / "password"
    password.write_text("not the password")
    options = _secured(kafka, password, "SCRAM-SHA-512")
    async with Sandbox() as sandbox:
        relay = relay_of(
            tmp_path / "r",
            sandbox.url,
            kafka.secured_address,
            [topic],
            group=topic,
            options=options,
        )
        async with relay:
            await until(lambda: is_in_state(relay, "unreachable"))
            await asyncio.sleep(2.5)  # more than one try
            [line] = lines_of(relay, "sasl_plain_password")
            assert line["reason"].startswith("the broker refuses this user and password")
            assert line["key"] == "kafka.sasl_plain_password"
            await _http_works(relay, "meanwhile")
            password.write_text(PASSWORD)
            await until(lambda: is_in_state(relay, "active"))
            await publish(kafka.address, topic, [event("secured")])
            await until_delivered(sandbox.url, 2)
        assert b"not the password" not in relay.text_on_disk()
        assert b"Traceback" not in relay.text_on_disk()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
async def test_every_mechanism_connects(kafka: Cluster, tmp_path: Path, mechanism: str) -> None:
    """SCRAM-SHA-512 is the test above."""
    topic = await make_topic(kafka.address, fresh("mechanism"))
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    options = _secured(kafka, password, mechanism)
    async with Sandbox() as sandbox:
        relay = relay_of(
            tmp_path / "r",
            sandbox.url,
            kafka.secured_address,
            [topic],
            group=topic,
            options=options,
        )
        async with relay:
            await publish(kafka.address, topic, [event("mechanism")])
            await until_delivered(sandbox.url, 1)


@pytest.mark.parametrize(
    ("change", "reason", "key"),
    [
        ('ssl_cafile = "{other}"', "certificate is not trusted", "kafka.ssl_cafile"),
        ('ssl_cafile = "/nowhere/ca.pem"', "cannot be read", "kafka.ssl_cafile"),
        ('sasl_mechanism = "PLAIN"', "user and password", "kafka.sasl_plain_password"),
        ('security_protocol = "SASL_PLAINTEXT"', "TLS", "kafka.security_protocol"),
    ],
)
async def test_a_wrong_setting_is_one_line_that_names_it(
    kafka: Cluster, tmp_path: Path, change: str, reason: str, key: str
) -> None:
    """No stack trace, no loop of lines, and HTTP is served."""
    other = tmp_path / "other.pem"
    other.write_text(OTHER_AUTHORITY)
    password = tmp_path / "password"
    password.write_text("wrong")
    settings = dict(
        line.split(" = ", 1) for line in _secured(kafka, password, "SCRAM-SHA-256").splitlines()
    )
    name, _, value = change.format(other=other).partition(" = ")
    settings[name] = value
    if name == "security_protocol":
        del settings["ssl_cafile"]
    options = "\n".join(f"{name} = {value}" for name, value in settings.items())
    async with Sandbox() as sandbox:
        relay = relay_of(
            tmp_path / "r", sandbox.url, kafka.secured_address, ["any"], options=options
        )
        async with relay:
            await until(lambda: is_in_state(relay, "unreachable"))
            await asyncio.sleep(2.0)  # more than one try
            [line] = [each for each in lines_of(relay, "warning") if "key" in each]
            assert reason in line["reason"]
            assert line["key"] == key
            await _http_works(relay, "served")
    assert b"Traceback" not in relay.text_on_disk()


async def test_a_listener_that_asks_for_a_password_says_so_to_who_has_none(
    kafka: Cluster,
) -> None:
    """It lets anybody connect, and hangs up only at the first request."""
    settings = KafkaConfig(
        bootstrap_servers=kafka.secured_address,
        security_protocol="SSL",
        ssl_cafile=kafka.authority,
    )
    with pytest.raises(Fault, match="ask for a user and password") as caught:
        await Clients(settings, {}).probe()
    assert caught.value.key == "kafka.security_protocol"


@asynccontextmanager
async def _away(kafka: Cluster) -> AsyncIterator[None]:
    await asyncio.to_thread(kafka.nodes[0].stop)
    try:
        yield
    finally:
        await asyncio.to_thread(kafka.nodes[0].start)


async def _post_while_it_is_away(relay: Relay) -> None:
    for number in range(10):
        await _http_works(relay, f"http-{number}")
        await asyncio.sleep(AWAY_S / 10)
    assert await is_in_state(relay, "unreachable")


async def _http_works(relay: Relay, event_id: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{relay.producers}/v1/events", json=purchase(event_id)) as answer,
    ):
        assert answer.status == 202
    await fetch(f"{relay.admin}/readyz")


def _secured(kafka: Cluster, password: Path, mechanism: str) -> str:
    return SECURED.format(
        mechanism=mechanism, user=USER, password=password, authority=kafka.authority
    )


OTHER_AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUBZMbdaUa5DEm2j2VYwgExkYQWQkwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUc29tZSBvdGhlciBhdXRob3JpdHkwIBcNMjYxMTI1MTczMjQ0
WhgPMjEyNjExMDExNzMyNDRaMB8xHTAbBgNVBAMMFHNvbWUgb3RoZXIgYXV0aG9y
aXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkYu2ZAKFlI7vqOtJX9tq8akX
7GTp2y9HudoMdid1xbNDkRNspNtP+QygCm69NhxOmJnfwdMJ8JyHxQtDH+R1bKNT
MFEwHQYDVR0OBBYEFJfw/gj+j38dWItGjMwXqBh2xFyRMB8GA1UdIwQYMBaAFJfw
/gj+j38dWItGjMwXqBh2xFyRMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
RwAwRAIgLT+bkRaALJ1/2Kdx7RjQW5qUdEyGgmTiHywdRdh89uoCIDrLL+CO9JD3
i3z/uOhBKBjQywYc7XxK0pj7iptvDhh/
-----END CERTIFICATE-----
"""
