"""Print how events ended, as the relay publishes it (`pip install aiokafka`), until Ctrl-C.

    python outcomes.py [BOOTSTRAP_SERVERS [GROUP_ID]]

The group goes on where it stopped. An outcome may come twice, and the later one counts if a dead
letter was sent anew: keep one row per `event_id` and `destination`, and pass over those with the
reason `duplicate`, which are about an event that was posted again.
"""

import asyncio
import json
import sys
from contextlib import suppress

from aiokafka import AIOKafkaConsumer


def sentence(outcome: dict[str, str | None]) -> str:
    """Return an outcome in words; the reason of what was delivered is null."""
    end = f"{outcome['state']} ({outcome['reason']})" if outcome["reason"] else outcome["state"]
    return f"{outcome['event_id']}: {end}, {outcome['destination']}, {outcome['at']}"


async def main(bootstrap_servers: str = "127.0.0.1:9092", group_id: str = "outcomes") -> None:
    """Print every outcome, the oldest first."""
    consumer = AIOKafkaConsumer(
        "relay.outcomes",
        bootstrap_servers=bootstrap_servers,
        group_id=group_id,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        async for record in consumer:
            print(sentence(json.loads(record.value)), flush=True)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
