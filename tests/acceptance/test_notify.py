"""What people hear of a running relay, through a webhook, and what they never do."""

import asyncio
from pathlib import Path

import aiohttp

from relay.sandbox.server import Sandbox
from tests.acceptance.hook import Hook, environ
from tests.acceptance.process import Producer, Relay, purchase

NEW = "pina_new-token"
PERSON = "jane.canary"


async def test_what_people_are_told_names_the_screen_and_no_person(tmp_path: Path) -> None:
    """Also after a restart in the middle of the pause, which is not told twice."""
    token = tmp_path / "token"
    token.write_text("expired-token")
    async with (
        Sandbox() as sandbox,
        Hook() as hook,
        Relay(tmp_path, sandbox.url, environ=environ(token, hook)) as relay,
    ):
        producer, stop = Producer(relay.producers, PERSON), asyncio.Event()
        async with asyncio.TaskGroup() as load:
            load.create_task(producer.post_until(stop))
            await producer.until_acknowledged(20)
            stop.set()
        await hook.heard("paused")
        await relay.kill()
        await relay.start()
        token.write_text(NEW)
        await hook.heard("paused", "resumed")
    texts = {each["destination"]: each["text"] for each in hook.messages[:2]}
    assert "Generate new token" in texts["pinterest-main"]
    assert "Generate Access Token" in texts["tiktok-main"]
    assert not [each for each in hook.messages if PERSON in each["text"]]


async def test_the_first_event_that_a_platform_refuses_is_told_and_the_second_is_not(
    tmp_path: Path,
) -> None:
    token = tmp_path / "token"
    token.write_text(NEW)
    async with (
        Sandbox("poison") as sandbox,
        Hook() as hook,
        Relay(tmp_path, sandbox.url, environ=environ(token, hook)) as relay,
    ):
        await post(relay, "poison-1")
        await hook.heard("dead_letters")
        await post(relay, "poison-2")
        funnels = await relay.until_nothing_waits()
        await hook.quiet()
        await hook.heard("dead_letters")
    assert [funnel["dead"] for funnel in funnels.values()] == [2, 2]
    for each in hook.messages:
        assert each["reason"] == "platform_rejected"
        assert "relay dead list" in each["text"]
        assert "poison" not in each["text"]
        assert PERSON not in each["text"]


async def post(relay: Relay, event_id: str) -> None:
    """Have a shop post one purchase of a person."""
    body = purchase(event_id, email=f"{PERSON}@example.com")
    async with aiohttp.request("POST", f"{relay.producers}/v1/events", json=body) as answer:
        assert answer.status == 202
