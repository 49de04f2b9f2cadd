"""What a sender says of its token: nothing, however the platform answers."""

import json
import logging
from pathlib import Path

import pytest

from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    TIKTOK,
    TOKEN,
    asked,
    pinterest,
    purchases,
    script,
    sending,
    tiktok,
)

SHORT_TOKEN = "canary0token"
"""Short enough for a word, and made of what request ids are made of."""


async def test_a_token_is_sent_and_never_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in a log line as the code wrote it, nor printed."""
    caplog.set_level(logging.DEBUG, "relay")
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay,
    ):
        script(
            sandbox,
            {"times": 1, "platform": "pinterest", "action": {"connection": "half_body"}},
            {"times": 1, "action": {"answer": "pinterest-401"}},
            {"times": 1, "action": {"answer": "tiktok-40105"}},
        )
        await relay.accept(*purchases(relay.clock, 3))
        await relay.until(asked(sandbox, 2))
        for name in (PINTEREST, TIKTOK):
            await relay.dispatcher.resume(name)
        relay.skip(400)
        await relay.until(asked(sandbox, 3, "pinterest"))
        relay.skip(400)
        funnels = await relay.settled()
        assert {funnel.delivered for funnel in funnels.values()} == {3}
    told = capfd.readouterr()
    assert caplog.text
    assert TOKEN not in caplog.text + told.out + told.err


async def test_no_answer_that_repeats_the_token_is_kept_as_it_is(tmp_path: Path) -> None:
    words = f"Bad token {SHORT_TOKEN}"
    refusal = {"code": 40105, "message": words, "request_id": SHORT_TOKEN}
    failed = {"code": SHORT_TOKEN, "events": [{"status": "failed", "error_message": words}]}
    async with (
        Sandbox() as sandbox,
        sending(
            tmp_path,
            tiktok(sandbox.url, token=f"env:{SHORT_TOKEN}"),
            pinterest(sandbox.url, token=f"env:{SHORT_TOKEN}"),
        ) as relay,
    ):
        script(
            sandbox,
            {"times": 1, "platform": "tiktok", "action": {"answer": {"body": json.dumps(refusal)}}},
            {"platform": "pinterest", "action": {"answer": {"body": json.dumps(failed)}}},
        )
        await relay.accept(*purchases(relay.clock, 1))
        await relay.until(lambda: relay.health(TIKTOK).state == "paused")
        await relay.dispatcher.resume(TIKTOK)
        await relay.settled()
        [found] = await relay.journal.find(event_id="order-0000")
    told = str(found)
    assert "40105" in told
    assert "Bad token [opaque]" in told
    assert SHORT_TOKEN not in told
