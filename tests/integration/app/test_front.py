"""What answers producers, before its port is open and after."""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from relay.app.front import Front
from relay.app.parts import Parts
from relay.app.receiving import receiving_of
from relay.config import parse
from relay.journal.sqlite import SqliteJournal
from relay.workers.pool import STARTING
from tests.given.event.inbound import encoded

DRAIN_S = 5.0
JSON = {"Content-Type": "application/json"}
CONFIG = """\
[server]
listen = "127.0.0.1:0"
workers = {workers}
[journal]
path = "{folder}/relay.db"
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
"""


@asynccontextmanager
async def journal_in(folder: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        folder / "relay.db", clock=time.time, max_size_bytes=2**30, retention_s=60
    )
    await journal.open(["p"])
    try:
        yield journal
    finally:
        await journal.close()


@asynccontextmanager
async def front(folder: Path, workers: int) -> AsyncIterator[Front]:
    """Return what would answer producers of a relay in `folder`."""
    config = parse(CONFIG.format(folder=folder, workers=workers), {}, origin="test")
    parts = Parts(config, {}, time.time, random.Random(1))
    async with journal_in(folder) as journal:
        yield (await receiving_of(parts, journal)).front


@pytest.mark.parametrize("workers", [1, 2])
async def test_it_is_not_ready_before_its_port_is_open(tmp_path: Path, workers: int) -> None:
    """Else a load balancer would send it producers, whose connections were refused."""
    async with front(tmp_path, workers) as found:
        assert found.unready() == STARTING
        async with found.open(DRAIN_S) as address:
            assert found.unready() is None
            async with aiohttp.request("GET", f"http://{address}/openapi.json") as answer:
                assert answer.status == 200


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_came_before_a_restart_is_a_duplicate_after_it(
    tmp_path: Path, workers: int
) -> None:
    body = encoded(event_time=int(time.time()))
    for _ in range(2):
        async with (
            front(tmp_path, workers) as found,
            found.open(DRAIN_S) as address,
            aiohttp.request("POST", f"http://{address}/v1/events", data=body, headers=JSON) as told,
        ):
            assert told.status == 202

    async with journal_in(tmp_path) as journal:
        assert (await journal.totals()).skipped == {("p", "duplicate"): 1}
