"""What answers producers, before its port is open and after, by one process and by several."""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
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
from tests.given.port.producers import Client, post, until

DRAIN_S = 5.0
JSON = {"Content-Type": "application/json"}
IMPATIENT = """\
idle_timeout = "1s"
body_timeout = "500ms"
max_body = "1KiB"
"""
CONFIG = """\
[server]
listen = "127.0.0.1:0"
workers = {workers}
{server}
[intake]
default_country = "DE"
[journal]
path = "{folder}/relay.db"
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
[destinations.q]
type = "pinterest"
ad_account_id = "549755885176"
"""


@asynccontextmanager
async def journal_in(folder: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        folder / "relay.db", clock=time.time, max_size_bytes=2**30, retention_s=60
    )
    await journal.open(["p", "q"])
    try:
        yield journal
    finally:
        await journal.close()


@asynccontextmanager
async def front(folder: Path, workers: int, server: str = "") -> AsyncIterator[Front]:
    """Return what would answer producers of a relay in `folder`."""
    async with journal_in(folder) as journal:
        yield (await receiving_of(parts_of(folder, workers, server), journal)).front


def parts_of(folder: Path, workers: int, server: str = "") -> Parts:
    text = CONFIG.format(folder=folder, workers=workers, server=server)
    config = parse(text, {}, origin="test")
    return Parts(config, {}, time.time, random.Random(1))


@asynccontextmanager
async def port(folder: Path, workers: int, server: str = "") -> AsyncIterator[int]:
    """Return the number of the port at which such a relay answers."""
    async with front(folder, workers, server) as found, found.open(DRAIN_S) as address:
        yield number_of(address)


def number_of(address: str) -> int:
    return int(address.rpartition(":")[2])


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
        skipped = (await journal.totals()).skipped
    assert skipped == {("p", "duplicate"): 1, ("q", "duplicate"): 1}


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_an_event_carries_is_counted_for_each_destination(
    tmp_path: Path, workers: int
) -> None:
    """Also where two map alike, so that it travels once between processes."""
    parts = parts_of(tmp_path, workers)
    async with journal_in(tmp_path) as journal:
        found = (await receiving_of(parts, journal)).front
        async with found.open(DRAIN_S) as address, Client(number_of(address)) as client:
            await client.send(post(encoded(event_time=int(time.time()))))
            assert (await client.answer()).status == 202
    for name in ("p", "q"):
        assert parts.metrics.identifiers.carried(name)["purchase"].identifiers == {"email": 1}


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_national_phone_number_is_one_of_the_shops_country(
    tmp_path: Path, workers: int
) -> None:
    async with port(tmp_path, workers) as number, Client(number) as client:
        user = {"phone": "030 1234567"}
        await client.send(post(encoded(event_time=int(time.time()), user=user)))
        answer = await client.answer()
    assert (answer.status, answer.json["warnings"]) == (202, [])


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_connection_more_than_the_settings_allow_is_refused(
    tmp_path: Path, workers: int
) -> None:
    async with (
        port(tmp_path, workers, "max_connections = 2") as number,
        AsyncExitStack() as stack,
    ):
        clients = [await stack.enter_async_context(Client(number)) for _ in range(3)]
        statuses = []
        for each in clients:
            await each.send(b"GET /openapi.json HTTP/1.1\r\nHost: relay\r\n\r\n")
            statuses.append((await each.answer()).status)
    assert statuses == [200, 200, 503]


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_client_is_waited_for_as_long_as_the_settings_say(
    tmp_path: Path, workers: int
) -> None:
    """One with nothing to say, one whose body stops halfway, one whose body is refused."""
    too_large = post(b"", Content_Length="2000")
    async with port(tmp_path, workers, IMPATIENT) as number:
        for sent, answered in ((b"", []), (post(encoded())[:-1], [408]), (too_large, [413])):
            async with Client(number) as client:
                await client.send(sent)
                assert [(await client.answer()).status for _ in answered] == answered
                assert await client.is_closed()


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_body_that_is_still_coming_at_the_stop_is_waited_for_no_longer(
    tmp_path: Path, workers: int
) -> None:
    async with (
        front(tmp_path, workers) as found,
        found.open(DRAIN_S) as address,
        Client(number_of(address)) as client,
    ):
        await client.send(post(b"", Expect="100-continue", Content_Length="2"))
        assert (await client.answer()).status == 100
        found.stop()
        assert (await client.answer()).status == 503


@pytest.mark.parametrize("workers", [1, 2])
async def test_leaving_closes_the_port_at_once_and_waits_for_what_is_being_stored(
    tmp_path: Path, workers: int
) -> None:
    leave = asyncio.Event()

    async def status_of_one_that_has_to_wait(number: int) -> int:
        async with Client(number) as client:
            with locked(tmp_path / "relay.db"):
                await client.send(post(encoded(event_time=int(time.time()))))
                await until(journal._opened.writer.is_busy)
                leave.set()
                await refused(number)
            return (await client.answer()).status

    async with journal_in(tmp_path) as journal:
        found = (await receiving_of(parts_of(tmp_path, workers), journal)).front
        async with found.open(DRAIN_S) as address:
            posting = asyncio.create_task(status_of_one_that_has_to_wait(number_of(address)))
            await leave.wait()
        assert await posting == 202


@contextmanager
def locked(journal: Path) -> Iterator[None]:
    """Have nobody else write into the journal."""
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


async def refused(number: int) -> None:
    """Connect until nobody listens any more."""
    with suppress(ConnectionError):
        async with asyncio.timeout(DRAIN_S):
            while True:
                async with Client(number):
                    pass
