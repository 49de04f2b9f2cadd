"""The load generator for Kafka: publishes a file of ready bodies, each as one message.

Bodies are read before the clock starts. It prints one JSON `Summary`, in which accepted are the
events that the broker has.
"""

import asyncio
from array import array
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import click
import msgspec
from aiokafka import AIOKafkaProducer

from tests.bench import loop
from tests.bench.load import Summary
from tests.bench.sink import EVENT_ID


async def publish(bodies: Sequence[bytes], address: str, topic: str) -> Summary:
    """Publish all `bodies` as fast as the broker takes them."""
    producer = AIOKafkaProducer(
        bootstrap_servers=address, acks="all", linger_ms=5, max_batch_size=1_000_000
    )
    sent_at_s = array("d")
    await producer.start()
    try:
        began_at_s, sent = monotonic(), []
        for body in bodies:
            sent_at_s.append(monotonic())
            sent.append(await producer.send(topic, body))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return Summary(
        requests=len(bodies),
        accepted=sum(body.count(EVENT_ID) for body in bodies),
        statuses={"202": len(bodies)},
        began_at_s=began_at_s,
        ended_at_s=monotonic(),
        sent_at_s=list(sent_at_s),
    )


async def report(bodies: Sequence[bytes], address: str, topic: str) -> None:
    """Publish all `bodies` and print the summary as JSON."""
    click.echo(msgspec.json.encode(await publish(bodies, address, topic)).decode())


@click.command()
@click.argument("bodies", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--address", required=True, help="host:port of the broker.")
@click.option("--topic", required=True)
def main(bodies: Path, address: str, topic: str) -> None:
    """Publish BODIES, one JSON body a line."""
    loop.run(report(bodies.read_bytes().splitlines(), address, topic))


if __name__ == "__main__":
    main()
