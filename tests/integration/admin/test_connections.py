"""Connections of the admin port: slow, broken off, idle and crowded; none takes anything away."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from relay.admin.connection import MAX_CONNECTIONS
from relay.failed_attempts import FREE, MAX_WAITING
from tests.given.port.admin import AdminPort
from tests.given.port.producers import Client, until

DROP = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PATHS = [b"/api/v1/dead-letters/drop", b"/undelivered/drop"]
SECRET = "correct horse"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(autouse=True)
def _nothing_to_report(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever clients do, it is no warning and no error in the relay's log."""
    yield
    records = caplog.get_records("call")
    assert [record for record in records if record.levelno >= logging.WARNING] == []


def client_of(port: AdminPort) -> Client:
    return Client(urlsplit(port.address).port or 0)


@pytest.mark.parametrize("path", PATHS)
async def test_chunks_that_go_wrong_halfway_are_answered(tmp_path: Path, path: bytes) -> None:
    async with AdminPort(tmp_path) as port, client_of(port) as client:
        head = DROP % path + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        await client.send(head)
        assert (await client.answer()).status == 100
        await client.send(b"c4n4ry\r\n")

        assert (await client.answer()).status == 400
        assert await client.is_closed()


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_is_gone_before_its_body_was_all_there_is_no_news(
    tmp_path: Path, path: bytes
) -> None:
    async with AdminPort(tmp_path) as port:
        async with client_of(port) as client:
            await client.send(DROP % path + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            assert (await client.answer()).status == 100
            client.abort()

        assert (await port.ask("/healthz")).status == 200


async def test_a_body_that_nobody_reads_is_not_unpacked(tmp_path: Path) -> None:
    packed = HEALTH[:-2] + b"Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\nc4n4ry"
    async with AdminPort(tmp_path) as port, client_of(port) as client:
        await client.send(packed + HEALTH)

        assert [(await client.answer()).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_is_waited_for_up_to_its_limit_and_no_longer(
    tmp_path: Path, path: bytes
) -> None:
    async with AdminPort(tmp_path, body_timeout_s=0.1) as port, client_of(port) as client:
        await client.send(DROP % path + b"Content-Length: 9\r\n\r\n{")

        answer = await client.answer()

    assert (answer.status, answer.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize("part", [b"", HEALTH[:-2]])
async def test_a_connection_without_a_request_is_closed(tmp_path: Path, part: bytes) -> None:
    async with AdminPort(tmp_path, idle_s=0.1) as port, client_of(port) as client:
        await client.send(part)

        assert await client.is_closed()


async def test_a_crowd_makes_room_for_who_comes_next(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port, AsyncExitStack() as crowd:
        first, second, *_ = [
            await crowd.enter_async_context(client_of(port)) for _ in range(MAX_CONNECTIONS)
        ]
        await first.send(DROP % PATHS[0] + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        assert (await first.answer()).status == 100

        assert (await port.ask("/healthz")).status == 200

        assert await second.is_closed()
        await first.send(b"[       ]")
        assert (await first.answer()).status == 400


def asking(password: str, head: bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\n") -> bytes:
    return head + b"Authorization: Basic " + b64encode(f":{password}".encode()) + b"\r\n\r\n"


async def test_a_crowd_of_wrong_passwords_makes_room_before_anybody_is_cut_off(
    tmp_path: Path,
) -> None:
    drop = DROP % PATHS[0] + b"Expect: 100-continue\r\nContent-Length: 9\r\n"
    async with AdminPort(tmp_path, password=SECRET) as port, AsyncExitStack() as crowd:
        first, *others = [
            await crowd.enter_async_context(client_of(port)) for _ in range(MAX_CONNECTIONS)
        ]
        await first.send(asking(SECRET, drop))
        assert (await first.answer()).status == 100
        await others[0].send(asking("wrong") * FREE)
        assert [(await others[0].answer()).status for _ in range(FREE)] == [401] * FREE
        port.held = asyncio.Event()
        for each in others:
            await each.send(asking("wrong"))
        await until(lambda: len(port.delays_s) == len(others))

        assert (await port.ask("/healthz")).status == 200

        assert await others[0].is_closed()
        await first.send(b"[       ]")
        assert (await first.answer()).status == 400


async def test_every_wrong_password_waits_however_many_connections_bring_them(
    tmp_path: Path,
) -> None:
    """One whose connection has made room waits no more, and lets none that follows go at once."""
    async with AdminPort(tmp_path, password=SECRET) as port, AsyncExitStack() as crowd:
        first = await crowd.enter_async_context(client_of(port))
        await first.send(asking("wrong") * FREE)
        assert [(await first.answer()).status for _ in range(FREE)] == [401] * FREE
        port.held = asyncio.Event()
        for _ in range(MAX_WAITING + 10):
            client = await crowd.enter_async_context(client_of(port))
            await client.send(asking("wrong"))
        await until(lambda: len(port.delays_s) == MAX_WAITING + 10)
