"""The examples for producers publish a purchase that is delivered."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from deploy.kafka.broker import HERE, JARS, Cluster
from relay.sandbox import Sandbox
from tests.kafka.broker_side import fresh, make_topic
from tests.kafka.relay_side import accepted_ids, relay_of, until

EXAMPLES = HERE / "examples"


async def test_the_python_example_is_delivered(kafka: Cluster, tmp_path: Path) -> None:
    await _is_delivered(kafka, tmp_path, [sys.executable, str(EXAMPLES / "purchase.py")])


async def test_the_console_example_is_delivered(kafka: Cluster, tmp_path: Path) -> None:
    producer = f"java -cp {JARS}/* org.apache.kafka.tools.ConsoleProducer"
    await _is_delivered(
        kafka,
        tmp_path,
        ["env", f"PRODUCER={producer}", "sh", "-f", str(EXAMPLES / "purchase.sh")],
    )


async def test_the_node_example_is_delivered(kafka: Cluster, tmp_path: Path) -> None:
    """Its library is installed beside a copy of it."""
    if shutil.which("npm") is None:
        pytest.skip("NO npm, SO THE EXAMPLE FOR NODE IS NOT TESTED")
    example = tmp_path / "example"
    example.mkdir()
    shutil.copy(EXAMPLES / "purchase.mjs", example)
    await _said("npm", "install", "--no-audit", "--no-fund", "--prefix", str(example), "kafkajs@2")
    await _is_delivered(kafka, tmp_path, ["node", str(example / "purchase.mjs")])


async def _is_delivered(kafka: Cluster, folder: Path, command: list[str]) -> None:
    topic = await make_topic(kafka.address, fresh("example"), partitions=2)
    async with (
        Sandbox() as sandbox,
        relay_of(folder / "relay", sandbox.url, kafka.address, [topic], group=topic),
    ):
        said = await _said(*command, kafka.address, topic)
        event_id = said.split("published ")[1].split()[0]

        async def delivered() -> bool:
            both = [await accepted_ids(sandbox.url, name) for name in ("pinterest", "tiktok")]
            return all(set(each) == {event_id} for each in both)

        await until(delivered)


async def _said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()
