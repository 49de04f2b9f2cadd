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

DRAIN_S = 5.0
CONFIG = """\
[server]
listen = "127.0.0.1:0"
workers = {workers}
[journal]
path = "{folder}/relay.db"
"""


@asynccontextmanager
async def front(folder: Path, workers: int) -> AsyncIterator[Front]:
    """Return what would answer producers of a relay in `folder`."""
    config = parse(CONFIG.format(folder=folder, workers=workers), {}, origin="test")
    parts = Parts(config, {}, time.time, random.Random(1))
    journal = SqliteJournal(
        config.journal.path, clock=time.time, max_size_bytes=2**30, retention_s=60
    )
    await journal.open([])
    try:
        yield (await receiving_of(parts, journal)).front
    finally:
        await journal.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_it_is_not_ready_before_its_port_is_open(tmp_path: Path, workers: int) -> None:
    """Else a load balancer would send it producers, whose connections were refused."""
    async with front(tmp_path, workers) as found:
        assert found.unready() == STARTING
        async with found.open(DRAIN_S) as address:
            assert found.unready() is None
            async with aiohttp.request("GET", f"http://{address}/openapi.json") as answer:
                assert answer.status == 200
