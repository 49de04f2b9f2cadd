"""The examples publish a purchase that is delivered, and tell how it ended."""

import asyncio
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from deploy.kafka.broker import HERE, JARS, Cluster
from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, accepted_ids
from tests.kafka.broker_side import fresh, make_topic, publish
from tests.kafka.missing import without
from tests.kafka.relay_side import event, relay_of, source_of, until

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
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            without(f"NO {program}, SO THE EXAMPLE FOR NODE IS NOT TESTED")
    example = tmp_path / "example"
    example.mkdir()
    shutil.copy(EXAMPLES / "purchase.mjs", example)
    await _said("npm", "install", "--no-audit", "--no-fund", "--prefix", str(example), "kafkajs@2")
    await _is_delivered(kafka, tmp_path, ["node", str(example / "purchase.mjs")])


async def test_the_example_for_outcomes_tells_how_it_ended(kafka: Cluster, tmp_path: Path) -> None:
    topic = await make_topic(kafka.address, fresh("example"))
    async with Sandbox() as sandbox:
        relay = relay_of(
            *(tmp_path, sandbox.url, kafka.address, [topic]), group=topic, options="outcomes = true"
        )
        async with relay:
            await publish(kafka.address, topic, [event("told")])
            await until(lambda: _published(relay, 2))
            example = (sys.executable, str(EXAMPLES / "outcomes.py"), kafka.address, topic)
            command = ("env", "--default-signal=INT", *example)  # whoever runs tests may ignore it
            process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
            assert process.stdout is not None
            async with asyncio.timeout(60):
                told = [await _line(process.stdout, "told: ") for _ in range(2)]
                process.send_signal(signal.SIGINT)
                assert await process.wait() == 0
    ends = {line.rpartition(", ")[0] for line in told}
    assert ends == {"told: delivered, pinterest-main", "told: delivered, tiktok-main"}


async def _line(output: asyncio.StreamReader, beginning: str) -> str:
    """Return the next line that begins so; other tests have outcomes, too."""
    while not (line := (await output.readline()).decode()).startswith(beginning):
        assert line
    return line


async def _published(relay: Relay, count: int) -> bool:
    found: int = (await source_of(relay, "outcomes"))["published"]
    return found == count


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
