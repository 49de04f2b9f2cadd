"""The one place that talks HTTP, against servers that behave and servers that do not."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import MAX_ANSWER_BYTES, AiohttpTransport, Fault

TOKEN = "canary-token"
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


async def send(request: HttpRequest, timeout_s: float = 5.0) -> HttpResponse | Fault:
    transport = AiohttpTransport()
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


async def test_a_compressed_answer_is_read() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert answer.body == b"{}"


async def test_an_answer_without_end_is_cut() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except ConnectionError:
            return response

    async with answering(handler) as request:
        answer = await send(request)
    assert isinstance(answer, HttpResponse)
    assert MAX_ANSWER_BYTES < len(answer.body) < 2 * MAX_ANSWER_BYTES


async def test_a_platform_that_hangs_is_a_timeout() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with answering(handler) as request:
        assert await send(request, timeout_s=0.05) == Fault("timeout")


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


async def test_nobody_there_is_no_connection() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    async with answering(handler) as request:
        pass
    assert await send(request) == Fault("connect")


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
