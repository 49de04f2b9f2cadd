"""What a sender says of its token: nothing, however the platform answers."""

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
