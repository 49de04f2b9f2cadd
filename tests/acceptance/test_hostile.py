"""The table of hostile requests against the real process: with one worker, and with several."""

import asyncio
from pathlib import Path

import pytest

from tests.acceptance.process import Relay
from tests.acceptance.test_workers import UNREACHABLE, port_of
from tests.given.hostile.row import Row
from tests.given.port.producers import MAX_BODY_BYTES, Answered, Client
from tests.integration.sources.test_hostile_requests import ROWS, check

TIMELESS = [row for row in ROWS if row.problem is None or row.problem[0] != "future"]
"""The clock of the others is that of their own test."""


@pytest.mark.parametrize("workers", [1, 3])
async def test_hostile_requests_have_their_answers_and_end_no_process(
    tmp_path: Path, workers: int
) -> None:
    environ = {"RELAY_SERVER__MAX_BODY": f"{MAX_BODY_BYTES}B"}
    async with Relay(tmp_path, UNREACHABLE, environ=environ, workers=workers) as relay:
        before = relay.worker_ids

        async def sent(row: Row) -> Answered:
            async with Client(port_of(relay)) as client:
                await client.send(row.request)
                return await client.answer()

        answers = await asyncio.gather(*map(sent, TIMELESS))
        assert relay.worker_ids == before
    for answered, row in zip(answers, TIMELESS, strict=True):
        check(answered, row)
    log = (tmp_path / "relay.log").read_text()
    assert not [line for line in log.splitlines() if '"level":"error"' in line]
