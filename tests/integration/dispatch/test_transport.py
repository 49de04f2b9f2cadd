"""The one place that talks HTTP, against servers that behave and servers that do not."""

import asyncio
import gzip
import socket
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from relay.config.proxy import Proxy
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import CONNECT_SHARE, MAX_ANSWER_BYTES, AiohttpTransport, Fault
from relay.retry_after import retry_after_s
from tests.given.port import proxy
from tests.given.port.producers import until

TOKEN = "canary-token"
NOW_S = datetime(2026, 1, 29, tzinfo=UTC).timestamp()
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[HttpRequest]:
    """Serve on a free port; yield a request to it."""
    runner = web.ServerRunner(web.Server(handler, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        headers = {"Authorization": TOKEN, "Content-Type": "application/json"}
        yield HttpRequest(f"http://127.0.0.1:{port}/events", headers, b"{}")
    finally:
        await runner.cleanup()


@asynccontextmanager
async def saying(
    answer: bytes, then: Callable[[], None] = lambda: None
) -> AsyncIterator[HttpRequest]:
    """Serve these bytes on a free port, whatever is asked; yield a request to it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        then()
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield HttpRequest(f"http://127.0.0.1:{port}/events", {"Authorization": TOKEN}, b"")


async def send(request: HttpRequest, timeout_s: float = 5.0) -> HttpResponse | Fault:
    transport = AiohttpTransport(lambda: NOW_S)
    try:
        return await transport.send(request, timeout_s)
    finally:
        await transport.close()


async def test_an_answer_comes_whole_with_its_headers_in_lower_case() -> None:
    seen = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append((request.method, request.headers["Authorization"], await request.read()))
        return web.Response(status=429, body=b"\xff not text", headers={"Retry-After": "7"})

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (429, b"\xff not text")
    assert answer.headers["retry-after"] == "7"
    assert seen == [("POST", TOKEN, b"{}")]


@pytest.mark.parametrize(
    ("date", "wait_s"), [(b"", 90.0), (b"Date: Wed, 28 Jan 2026 23:59:30 GMT\r\n", 120.0)]
)
async def test_an_answer_without_a_date_has_that_of_its_receipt(date: bytes, wait_s: float) -> None:
    """So that a wait until a date can be told from any answer."""
    until = b"Retry-After: Thu, 29 Jan 2026 00:01:30 GMT\r\n"
    async with saying(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n%b%b\r\n" % (date, until)) as asked:
        answer = await send(asked)
    assert isinstance(answer, HttpResponse)
    assert retry_after_s(answer.headers) == wait_s


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    count = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal count
        count += 1
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert (answer.status, count) == (302, 1)


async def test_cookies_are_not_kept() -> None:
    cookies = []

    async def handler(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "session=1"})

    transport = AiohttpTransport()
    async with answering(handler) as request:
        for _ in range(2):
            await transport.send(request, 5.0)
        await transport.close()
    assert cookies == [None, None]


@asynccontextmanager
async def answering_twice(unasked: asyncio.Event) -> AsyncIterator[HttpRequest]:
    """Answer each request with its number; say more after the first one, without being asked."""
    count = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            count += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % count)
            if count == 1:
                await unasked.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstrays")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield HttpRequest(f"http://127.0.0.1:{port}/events", {"Authorization": TOKEN}, b"")


async def test_what_comes_unasked_is_no_answer_to_the_next_request() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    transport, unasked = AiohttpTransport(), asyncio.Event()
    async with answering_twice(unasked) as request, answering(handler) as other:
        first = await transport.send(request, 5.0)
        unasked.set()
        await transport.send(other, 5.0)  # some turns of the loop: the stray has come
        second = await transport.send(request, 5.0)
        await transport.close()
    assert isinstance(first, HttpResponse)
    assert isinstance(second, HttpResponse)
    assert (first.body, second.body) == (b"1", b"2")


async def test_a_compressed_answer_is_read() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert answer.body == b"{}"


@pytest.mark.parametrize(
    "headers",
    [b"Content-Security-Policy: %b\r\n" % (b"x" * 60_000), b"Set-Cookie: a=b\r\n" * 500],
    ids=["long", "many"],
)
async def test_a_gateway_with_long_or_many_headers_is_understood(headers: bytes) -> None:
    """Otherwise what the platform has taken would be sent again and again."""
    async with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%b\r\n{}" % headers) as asked:
        answer = await send(asked)
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (200, b"{}")


async def test_headers_without_end_are_a_broken_answer() -> None:
    """They are not read for ever."""
    endless = b"X-Endless: %b\r\n" % (b"x" * 1_000_000)
    async with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%b\r\n{}" % endless) as asked:
        assert await send(asked) == Fault("broken")


async def test_an_answer_without_end_is_cut() -> None:
    written = 0

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
                written += 65_536
        except ConnectionError:
            return response

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert MAX_ANSWER_BYTES < written < 8 * MAX_ANSWER_BYTES, "what the sockets hold is in it"


async def test_the_beginning_of_too_long_an_answer_is_no_answer() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=b'{"code":0}' + b" " * 2 * MAX_ANSWER_BYTES)

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (200, b"")


async def test_a_platform_that_hangs_is_a_timeout_and_is_hung_up_on() -> None:
    gone = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        try:
            await asyncio.sleep(30)
        finally:
            gone.set()
        return web.Response()

    transport = AiohttpTransport(lambda: NOW_S)
    try:
        async with answering(handler) as request, asyncio.timeout(5):
            assert await transport.send(request, 0.05) == Fault("timeout")
            await gone.wait()
    finally:
        await transport.close()


class HaltingLoop(asyncio.SelectorEventLoop):
    """The loop of a process that can stand still, as in a container that is paused."""

    def __init__(self) -> None:
        super().__init__()
        self._stood_s = 0.0

    def time(self) -> float:
        """Return the seconds of the machine, which go on."""
        return super().time() + self._stood_s

    def stand_still(self) -> None:
        """Do nothing for a minute."""
        self._stood_s += 60.0


@pytest.mark.parametrize("size_bytes", [2, 100_000, 1_000_000])
def test_what_came_while_the_process_stood_still_is_the_answer(size_bytes: int) -> None:
    """Otherwise what the platform has taken would be sent again."""

    async def ask(loop: HaltingLoop) -> HttpResponse | Fault:
        told = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size_bytes, b"x" * size_bytes)
        async with saying(told, then=loop.stand_still) as request:
            return await send(request)

    with asyncio.Runner(loop_factory=HaltingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, HaltingLoop)
        answer = runner.run(ask(loop))
    assert isinstance(answer, HttpResponse)
    assert len(answer.body) == size_bytes


async def test_a_connection_that_ends_too_early_is_broken() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with answering(handler) as request:
        assert await send(request) == Fault("broken")


async def test_a_port_where_nobody_listens_is_no_connection() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    async with answering(handler) as request:
        pass
    assert await send(request) == Fault("connect")


async def test_packets_that_a_firewall_drops_are_no_connection() -> None:
    """Nor is it an answer that stays away: no platform can have taken what was never sent."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        with socket.create_connection(address):  # the backlog is full: the next one waits for ever
            request = HttpRequest(f"http://127.0.0.1:{address[1]}/", {"Authorization": TOKEN}, b"")
            transport = AiohttpTransport(connect_s=0.05)
            fault = await transport.send(request, 5.0)
            await transport.close()
    assert fault == Fault("connect")


async def test_a_name_that_is_not_known_is_told_from_an_address_that_is_silent() -> None:
    request = HttpRequest("http://a.invalid/", {"Authorization": TOKEN}, b"{}")
    assert await send(request) == Fault("name")


async def test_a_certificate_that_nobody_vouches_for_has_a_name_of_its_own(tmp_path: Path) -> None:
    async with proxy.encrypted(0, tmp_path) as port:
        request = HttpRequest(f"https://127.0.0.1:{port}/", {"Authorization": TOKEN}, b"")
        assert await send(request) == Fault("tls")
        await until(lambda: len(asyncio.all_tasks()) == 1)  # the server has ended its handshake


async def test_a_proxy_opens_a_tunnel_and_the_certificate_at_its_end_counts(tmp_path: Path) -> None:
    async with proxy.encrypted(0, tmp_path) as port, proxy.Proxy(port) as tunnel:
        assert await send_through(tunnel.address) == Fault("tls")
        await until(lambda: len(asyncio.all_tasks()) == 1)
    assert tunnel.hosts == {b"platform.example:443"}
    assert TOKEN.encode() not in b"".join(tunnel.asked) + tunnel.passed


@pytest.mark.parametrize(
    "status", [b"407 Proxy Authentication Required", b"503 Service Unavailable"]
)
async def test_a_proxy_that_opens_no_tunnel_is_not_taken_for_the_platform(status: bytes) -> None:
    refusal = b"HTTP/1.1 %b\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n" % status
    async with proxy.Proxy(0, refusal) as tunnel:
        assert await send_through(f"jane:secret@{tunnel.address}") == Fault("proxy")
    [head] = tunnel.asked
    assert b"Proxy-Authorization: Basic %b" % b64encode(b"jane:secret") in head
    assert TOKEN.encode() not in head


async def test_a_proxy_that_is_away_or_unknown_or_silent_is_no_fault_of_the_platform() -> None:
    """It has longer than a platform has: it connects to that before it answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address, began_at = f"127.0.0.1:{silent.getsockname()[1]}", time.monotonic()
        assert await send_through(address, timeout_s=1.0) == Fault("proxy")
        assert time.monotonic() - began_at >= 2 * CONNECT_SHARE
    assert await send_through(address) == Fault("proxy")
    assert await send_through("proxy.invalid:3128") == Fault("proxy")


async def send_through(address: str, timeout_s: float = 5.0) -> HttpResponse | Fault:
    through = Proxy.of({"HTTPS_PROXY": address})
    transport = AiohttpTransport(connect_s=0.0, proxy=through)
    try:
        asked = HttpRequest("https://platform.example/events", {"Authorization": TOKEN}, b"{}")
        return await transport.send(asked, timeout_s)
    finally:
        await transport.close()


async def test_a_longer_timeout_lets_a_connection_take_longer() -> None:
    """On a link with seconds of latency, no event would arrive whatever `timeout` says."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        request = HttpRequest(f"https://127.0.0.1:{silent.getsockname()[1]}/", {}, b"")
        transport, began_at = AiohttpTransport(connect_s=0.01), time.monotonic()
        fault = await transport.send(request, 2.0)
        took_s = time.monotonic() - began_at
        await transport.close()
    assert fault == Fault("connect")
    assert 2.0 * CONNECT_SHARE <= took_s < 2.0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://", "nonsense", "http://[::1", "http://a.invalid/"]
)
async def test_no_address_makes_it_raise(url: str) -> None:
    request = HttpRequest(url, {"Authorization": TOKEN}, b"{}")
    assert isinstance(await send(request, timeout_s=2.0), Fault)


async def test_a_token_that_is_no_header_is_a_fault_and_shows_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    async with answering(handler) as request:
        broken = HttpRequest(request.url, {"Authorization": f"{TOKEN}\r\nX: y"}, b"{}")
        fault = await send(broken)
    assert fault == Fault("broken")
    assert TOKEN not in caplog.text + repr(fault) + repr(broken)


async def test_cancelling_leaves_nothing_behind() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with answering(handler) as request:
        sent = asyncio.ensure_future(send(request))
        await asyncio.sleep(0)
        sent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sent
