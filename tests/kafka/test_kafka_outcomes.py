"""Outcomes: one record per event and destination that reached an end; also without a source."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import msgspec

from deploy.kafka.broker import Cluster
from relay.outcome.published import Outcome
from relay.sandbox import Sandbox
from relay.schema.document import schema_of
from tests.acceptance.process import Relay, purchase
from tests.kafka.broker_side import read_all
from tests.kafka.relay_side import has_published, outcomes_of, relay_of, source_of, until

SCHEMA = schema_of(Outcome, "outcome")
TOPIC = "relay.outcomes"
KILLS = 3


async def test_every_end_is_told_once_and_as_the_schema_says(
    kafka: Cluster, tmp_path: Path
) -> None:
    """Events that came by HTTP, without any topic to read."""
    events = [
        purchase("delivered"),
        purchase("delivered"),
        purchase("unwanted") | {"consent": {"advertising": False}},
        {key: value for key, value in purchase("no-page").items() if key != "page"},
        purchase("viewed") | {"event": "page_view"},
    ]
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [], options="outcomes = true")
        async with relay:
            await _post(relay, events)
            await until(lambda: has_published(relay, 10))
            view = await source_of(relay, "outcomes")
        assert (view["state"], view["waiting"], view["lost"]) == ("active", 0, 0)
    ids = {each["event_id"].encode() for each in events}
    records = [each for each in await read_all(kafka.address, TOPIC) if each.key in ids]
    for record in records:
        jsonschema.validate(msgspec.json.decode(record.value), SCHEMA)
    outcomes = outcomes_of(records)
    assert Counter((each.event_id, each.destination, each.reason) for each in outcomes) == Counter(
        [
            ("delivered", "pinterest-main", None),
            ("delivered", "tiktok-main", None),
            ("delivered", "pinterest-main", "duplicate"),
            ("delivered", "tiktok-main", "duplicate"),
            ("unwanted", "pinterest-main", "no_consent"),
            ("unwanted", "tiktok-main", "no_consent"),
            ("no-page", "pinterest-main", None),
            ("no-page", "tiktok-main", "invalid_event"),
            ("viewed", "pinterest-main", None),
            ("viewed", "tiktok-main", "not_mapped"),
        ]
    )
    assert all((each.reason is None) == (each.state == "delivered") for each in outcomes)
    assert all(each.received_at <= each.at for each in outcomes)


async def test_a_kill_loses_no_outcome(kafka: Cluster, tmp_path: Path) -> None:
    """What was published and not forgotten yet comes again; nothing is missing."""
    async with Sandbox() as sandbox:
        relay = relay_of(tmp_path, sandbox.url, kafka.address, [], options="outcomes = true")
        async with relay:
            for number in range(KILLS):
                ids = [f"kill-{number}-{at}" for at in range(200)]
                await _post(relay, [purchase(each) for each in ids])
                await relay.kill()
                await relay.start()
            await relay.until_nothing_waits()
            await until(lambda: _nothing_waits(relay))
    outcomes = outcomes_of(await read_all(kafka.address, TOPIC))
    told = {
        (each.event_id, each.destination)
        for each in outcomes
        if each.event_id.startswith("kill-") and each.state == "delivered"
    }
    assert len(told) == KILLS * 200 * 2


async def _post(relay: Relay, events: list[dict[str, Any]]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{relay.producers}/v1/events", json=events) as answer,
    ):
        assert answer.status == 202


async def _nothing_waits(relay: Relay) -> bool:
    await asyncio.sleep(0.5)  # a look at the backlog behind the last settlement
    view = await source_of(relay, "outcomes")
    return (view["waiting"], view["state"]) == (0, "active")
