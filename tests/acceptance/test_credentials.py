"""Tokens that lapse while shops go on posting, and what people are told of it."""

import asyncio
import time
from pathlib import Path
from typing import Any, Self

import msgspec
from aiohttp import web

from relay.sandbox.server import Sandbox
from tests.acceptance.process import LOOK_S, Producer, Relay
from tests.acceptance.test_kill import PLATFORMS, accepted_ids

OLD, NEW = "pina_old-token", "pina_new-token"
RESUMED_WITHIN_S = 15.0
PAUSED_WITHIN_S = 10.0
LAPSED_EVENTS = 500
"""Events that come in while no token is good."""
SECRET_PATH = "/services/T0/B0/canary-of-a-webhook"


class Hook:
    """A Slack-compatible webhook on a real socket, and what was posted there."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._came = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._take), shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{SECRET_PATH}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def kinds(self, destination: str) -> list[str]:
        """Return the kinds of messages about a destination, in their order."""
        return [each["kind"] for each in self.messages if each["destination"] == destination]

    async def next_message(self) -> None:
        """Wait until one more comes."""
        self._came.clear()
        await self._came.wait()

    async def _take(self, request: web.BaseRequest) -> web.Response:
        assert request.path == SECRET_PATH
        self.messages.append(msgspec.json.decode(await request.read()))
        self._came.set()
        return web.Response(text="ok")


async def test_a_token_that_lapses_under_load_costs_nothing_but_the_wait(tmp_path: Path) -> None:
    """0 dead letters, resumed within 15 s of a good token in the file, everything delivered.

    The webhook hears of each pause and of its end, once, and its address is in no file.
    """
    token = tmp_path / "token"
    token.write_text(OLD)
    async with Sandbox() as sandbox, Hook() as hook:
        relay = Relay(tmp_path, sandbox.url, environ=_environ(token, hook))
        producer, stop = Producer(relay.producers, "p"), asyncio.Event()
        async with asyncio.TaskGroup() as load, relay:
            load.create_task(producer.post_until(stop))
            await producer.until_acknowledged(LAPSED_EVENTS)
            sandbox.exchange.gate.lapse(OLD)
            await until_all_are(relay, "paused", PAUSED_WITHIN_S)
            await hook_heard(hook, ["paused"])
            await producer.until_acknowledged(len(producer.acknowledged) + LAPSED_EVENTS)
            token.write_text(NEW)
            written_at = time.monotonic()
            await until_all_are(relay, "active", RESUMED_WITHIN_S)
            resumed_s = time.monotonic() - written_at
            stop.set()
            funnels = await relay.until_nothing_waits()
            await hook_heard(hook, ["paused", "resumed"])
        accepted = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
    assert resumed_s < RESUMED_WITHIN_S
    for funnel in funnels.values():
        assert funnel["dead"] == 0
        assert funnel["delivered"] == funnel["received"] >= len(producer.acknowledged)
    for counts in accepted.values():
        assert producer.acknowledged <= counts.keys()
        assert counts.total() == len(counts), "a refused request took nothing, so nothing is twice"
    assert SECRET_PATH.encode() not in relay.text_on_disk()


async def test_what_people_are_told_names_the_screen_and_no_person(tmp_path: Path) -> None:
    """Also after a restart in the middle of the pause, which is not told twice."""
    token = tmp_path / "token"
    token.write_text("expired-token")
    async with (
        Sandbox() as sandbox,
        Hook() as hook,
        Relay(tmp_path, sandbox.url, environ=_environ(token, hook)) as relay,
    ):
        producer, stop = Producer(relay.producers, "jane"), asyncio.Event()
        async with asyncio.TaskGroup() as load:
            load.create_task(producer.post_until(stop))
            await producer.until_acknowledged(20)
            stop.set()
        await hook_heard(hook, ["paused"])
        await relay.kill()
        await relay.start()
        token.write_text(NEW)
        await hook_heard(hook, ["paused", "resumed"])
    texts = {each["destination"]: each["text"] for each in hook.messages[:2]}
    assert "Generate new token" in texts["pinterest-main"]
    assert "Generate Access Token" in texts["tiktok-main"]
    assert not [each for each in hook.messages if "jane" in each["text"]]


def _environ(token: Path, hook: Hook) -> dict[str, str]:
    """Return the settings that differ: tokens in a file, and somewhere to post messages."""
    return {
        "RELAY_DESTINATIONS__PINTEREST_MAIN__TOKEN": f"file:{token}",
        "RELAY_DESTINATIONS__TIKTOK_MAIN__TOKEN": f"file:{token}",
        "RELAY_NOTIFY__WEBHOOK": hook.url,
    }


async def until_all_are(relay: Relay, state: str, within_s: float) -> None:
    """Wait until every destination is in a state."""
    async with asyncio.timeout(within_s):
        while True:
            if all(each["state"] == state for each in (await relay.summary()).values()):
                return
            await asyncio.sleep(LOOK_S)


async def hook_heard(hook: Hook, kinds: list[str]) -> None:
    """Wait until just these messages have come about both destinations."""
    async with asyncio.timeout(RESUMED_WITHIN_S):
        while any(hook.kinds(f"{name}-main") != kinds for name in PLATFORMS):
            await hook.next_message()
