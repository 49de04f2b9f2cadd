"""A relay process that reads from Kafka, and the platforms that count what it delivers."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from relay.outcome.published import Outcome
from tests.acceptance.process import Relay, accepted_ids, fetch, purchase

KAFKA = """
[kafka]
bootstrap_servers = "{address}"
client_id = "{group}"
session_timeout_ms = 6000
heartbeat_interval_ms = 1000
{options}
"""
SOURCE = """
[sources.kafka]
topics = {topics}
group_id = "{group}"
"""


class StoppedRelay(Relay):
    """A relay that is told to stop in the end, as it is in real life, instead of killed."""

    async def __aexit__(self, *_: object) -> None:
        assert await self.end(signal.SIGTERM) == 0


def relay_of(
    folder: Path,
    platforms: str,
    address: str,
    topics: Sequence[str],
    *,
    group: str = "relay",
    options: str = "",
    journal: str = "",
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Relay:
    """Return a relay that is not started yet; without topics it has no source."""
    folder.mkdir(exist_ok=True)
    relay = StoppedRelay(folder, platforms, 'linger = "20ms"', environ)
    file = folder / "relay.toml"
    text = file.read_text().replace("[journal]", f"[journal]\n{journal}")
    text += KAFKA.format(address=address, options=options, group=group)
    if topics:
        text += SOURCE.format(topics=list(topics), group=group)
    file.write_text(text)
    return relay


async def source_of(relay: Relay, part: str = "kafka") -> Any:
    """Return what the relay tells of its Kafka source, or of the outcomes."""
    return msgspec.json.decode(await fetch(f"{relay.admin}/api/v1/sources"))[part]


def outcomes_of(records: Sequence[Any]) -> Sequence[Outcome]:
    """Return the outcomes of records, whose key must be that of their event."""
    found = [msgspec.json.decode(record.value, type=Outcome) for record in records]
    assert [record.key.decode() for record in records] == [each.event_id for each in found]
    return found


async def metric_sum(relay: Relay, name: str) -> float:
    """Return the sum of all series of a metric."""
    text = (await fetch(f"{relay.admin}/metrics")).decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith(name + "{"))
    return sum(float(value) for _, _, value in lines)


def lines_of(relay: Relay, part: str) -> list[dict[str, Any]]:
    """Return the log lines that hold a text."""
    lines = (relay.folder / "relay.log").read_text().splitlines()
    return [msgspec.json.decode(line) for line in lines if part in line]


def event(event_id: str) -> bytes:
    """Return a purchase as a message."""
    return msgspec.json.encode(purchase(event_id))


async def until(
    condition: Callable[[], Awaitable[bool]], within_s: float = 30.0, look_s: float = 0.1
) -> None:
    """Wait until a condition holds; what is waited for is another process."""
    async with asyncio.timeout(within_s):
        while True:
            if await condition():
                return
            await asyncio.sleep(look_s)


async def is_in_state(relay: Relay, state: str) -> bool:
    """Return whether that is the state of the source."""
    found: str = (await source_of(relay))["state"]
    return found == state


async def has_taken(relay: Relay, events: int) -> bool:
    """Return whether the relay has accepted so many events."""
    return await metric_sum(relay, "relay_events_received_total") >= events


async def has_published(relay: Relay, count: int) -> bool:
    """Return whether the relay has published so many outcomes."""
    found: int = (await source_of(relay, "outcomes"))["published"]
    return found >= count


async def until_delivered(url: str, events: int) -> None:
    """Wait until both platforms have taken so many events."""

    async def delivered() -> bool:
        counts = [await accepted_ids(url, name) for name in ("pinterest", "tiktok")]
        return all(len(each) >= events for each in counts)

    await until(delivered)
