"""An answer in one write is, byte for byte, what the usual way sends."""

import asyncio
import socket

import pytest

from tests.given.event.inbound import encoded
from tests.given.port.producers import Client, post, serving, until

VARYING = {"date"}


def plain(headers: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name not in VARYING}


async def test_both_ways_send_the_same() -> None:
    async with serving() as port:
        prompt = await port.post(encoded(event_id="a"))
        usual = await port.post(encoded(event_id="b"), Connection="close")
    assert prompt.body == usual.body
    assert prompt.status == usual.status == 202
    assert plain(usual.headers) == {**plain(prompt.headers), "connection": "close"}
    for answered in (prompt, usual):
        assert answered.headers["date"].endswith(" GMT")
        assert answered.headers["content-type"] == "application/json"


@pytest.mark.parametrize("head", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_connection_is_kept_or_closed_as_http_says(head: str) -> None:
    request = post(encoded()).replace(b"HTTP/1.1", head.encode())
    async with serving() as port, Client(port.number) as client:
        await client.send(request)
        assert (await client.answer()).status == 202
        if head == "HTTP/1.0":
            assert await client.is_closed()
        else:
            await client.send(request)
            assert (await client.answer()).status == 202


async def test_a_client_of_http_1_0_that_asks_for_it_is_told_that_its_connection_stays() -> None:
    request = post(encoded(), Connection="keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
    async with serving() as port:
        assert (await port.send(request)).headers["connection"] == "keep-alive"


async def test_requests_that_come_before_their_answers_are_read_are_all_answered() -> None:
    """Answers nobody reads pile up in the kernel, and then go the way that waits."""
    count = 300
    async with serving() as port, Client(port.number) as client:
        await client.send(b"".join(post(encoded(event_id=f"e{at}")) for at in range(count)))
        answers = [await client.answer() for _ in range(count)]
    assert {answered.status for answered in answers} == {202}


async def test_answers_that_nobody_reads_do_not_pile_up() -> None:
    """Once the kernel takes no more, the requests behind them wait."""
    request = post(b"[" + b"1," * 999 + b"1]")
    async with serving() as port:
        size = len((await port.send(request)).body)
        await until(lambda: not port.server.connections)
        with socket.create_connection(("127.0.0.1", port.number)) as silent:
            silent.setblocking(False)
            loop = asyncio.get_running_loop()
            sending = asyncio.create_task(loop.sock_sendall(silent, request * 500))
            await until(lambda: port.server.connections)
            transport = port.server.connections[0].transport
            assert transport is not None
            await until(transport.get_write_buffer_size)
            first = transport.get_write_buffer_size()
            for _ in range(1000):
                await asyncio.sleep(0)

            assert transport.get_write_buffer_size() < first + 3 * size
            sending.cancel()
            transport.abort()
