"""A user who may read and write but make no topic: the relay says what is missing, and waits."""

import asyncio
from pathlib import Path

from deploy.kafka.broker import GUEST, JARS, PASSWORD, Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids
from tests.kafka.broker_side import fresh, make_topic, publish, read_all
from tests.kafka.relay_side import event, is_in_state, lines_of, relay_of, until


async def test_a_topic_that_may_not_be_made_is_named_and_waited_for(
    kafka: Cluster, tmp_path: Path
) -> None:
    """Good events go on until something has to be written there."""
    await _permit(kafka, "--allow-principal", "User:*", "--operation", "All")
    await _permit(kafka, "--deny-principal", f"User:{GUEST}", "--operation", "Create")
    topic = await make_topic(kafka.address, fresh("permitted"))
    await _permit_topic(kafka, f"{topic}.rejected")
    async with Sandbox() as sandbox:
        relay = _guest(kafka, tmp_path, sandbox.url, topic)
        async with relay:
            await publish(kafka.address, topic, [event("good")])
            await until(lambda: _has(sandbox.url, "good"))
            [line] = lines_of(relay, "cannot make it")
            assert f"{topic}.rejected" in line["topic"]
            await publish(kafka.address, topic, [b"unusable"])
            await until(lambda: is_in_state(relay, "stopped"), within_s=60)
            await publish(kafka.address, topic, [event("behind-it")])
            await make_topic(kafka.address, f"{topic}.rejected")
            await until(lambda: _has(sandbox.url, "behind-it"), within_s=60)
    assert [each.value for each in await read_all(kafka.address, f"{topic}.rejected")] == [
        b"unusable"
    ]


async def test_a_topic_that_may_not_be_read_is_one_line(kafka: Cluster, tmp_path: Path) -> None:
    """The user sees it, joins the group and asks for its end; only a fetch is refused."""
    topic = await make_topic(kafka.address, fresh("unreadable"))
    await make_topic(kafka.address, f"{topic}.rejected")
    everybody_but = ("--allow-principal", "User:*", "--deny-principal", f"User:{GUEST}")
    await _acl(kafka, *everybody_but, "--operation", "Read", "--topic", topic)
    async with Sandbox() as sandbox:
        relay = _guest(kafka, tmp_path, sandbox.url, topic)
        async with relay:
            await until(lambda: is_in_state(relay, "unreachable"))
            await asyncio.sleep(3)  # more than one try
            [line] = lines_of(relay, '"level":"warning"')
            assert f"may not use the topic {topic};" in line["reason"]
            assert not lines_of(relay, '"state":"active"')


def _guest(kafka: Cluster, folder: Path, platforms: str, topic: str) -> Relay:
    password = folder / "password"
    password.write_text(PASSWORD)
    options = f"""security_protocol = "SASL_SSL"
sasl_plain_username = "{GUEST}"
sasl_plain_password = "file:{password}"
ssl_cafile = "{kafka.authority}"
"""
    address = kafka.secured_address
    return relay_of(folder / "relay", platforms, address, [topic], group=topic, options=options)


async def _permit(kafka: Cluster, *rule: str) -> None:
    await _acl(kafka, *rule, "--cluster")


async def _permit_topic(kafka: Cluster, topic: str) -> None:
    """Let everybody write to a topic, which the right to make it is not part of."""
    rule = ("--allow-principal", "User:*", "--operation", "Write", "--operation", "Describe")
    await _acl(kafka, *rule, "--topic", topic)


async def _acl(kafka: Cluster, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("java", "-cp", f"{JARS}/*", "org.apache.kafka.tools.AclCommand"),
        *("--bootstrap-server", kafka.address, "--add", "--force", *arguments),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


async def _has(url: str, event_id: str) -> bool:
    return event_id in await accepted_ids(url, "tiktok")
