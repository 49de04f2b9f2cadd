"""Tokens that lapse while shops go on posting."""

import asyncio
import time
from pathlib import Path

from relay.sandbox.server import Sandbox
from tests.acceptance.hook import SECRET_PATH, Hook, environ
from tests.acceptance.process import LOOK_S, Producer, Relay, accepted_ids
from tests.acceptance.test_kill import PLATFORMS

OLD, NEW = "pina_old-token", "pina_new-token"
RESUMED_WITHIN_S = 15.0
PAUSED_WITHIN_S = 10.0
LAPSED_EVENTS = 500
"""Events that come in while no token is good."""


async def test_a_token_that_lapses_under_load_costs_nothing_but_the_wait(tmp_path: Path) -> None:
    """0 dead letters, resumed within 15 s of a good token in the file, everything delivered.

    The webhook hears of each pause and of its end, once, and its address is in no file.
    """
    token = tmp_path / "token"
    token.write_text(OLD)
    async with Sandbox() as sandbox, Hook() as hook:
        relay = Relay(tmp_path, sandbox.url, environ=environ(token, hook))
        producer, stop = Producer(relay.producers, "p"), asyncio.Event()
        async with asyncio.TaskGroup() as load, relay:
            load.create_task(producer.post_until(stop))
            await producer.until_acknowledged(LAPSED_EVENTS)
            sandbox.exchange.gate.lapse(OLD)
            await until_all_are(relay, "paused", PAUSED_WITHIN_S)
            await hook.heard("paused")
            await producer.until_acknowledged(len(producer.acknowledged) + LAPSED_EVENTS)
            token.write_text(NEW)
            written_at = time.monotonic()
            await until_all_are(relay, "active", RESUMED_WITHIN_S)
            resumed_s = time.monotonic() - written_at
            stop.set()
            funnels = await relay.until_nothing_waits()
            await hook.heard("paused", "resumed")
        accepted = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
    assert resumed_s < RESUMED_WITHIN_S
    for funnel in funnels.values():
        assert funnel["dead"] == 0
        assert funnel["delivered"] == funnel["received"] >= len(producer.acknowledged)
    for counts in accepted.values():
        assert producer.acknowledged <= counts.keys()
        assert counts.total() == len(counts), "a refused request took nothing, so nothing is twice"
    assert SECRET_PATH.encode() not in relay.text_on_disk()


async def until_all_are(relay: Relay, state: str, within_s: float) -> None:
    """Wait until every destination is in a state."""
    async with asyncio.timeout(within_s):
        while True:
            if all(each["state"] == state for each in (await relay.summary()).values()):
                return
            await asyncio.sleep(LOOK_S)
