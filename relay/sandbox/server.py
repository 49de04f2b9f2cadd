"""The emulator as a web server: one address for both platforms, the control API and the page.

It is a tool for tests and trials. It needs no account or password, keeps everything in memory, and
never stores, logs or returns a token. Bodies and what it remembers are bounded.
"""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import pairwise
from typing import Final, Self

from aiohttp import web

from relay.errors import RelayError
from relay.sandbox import control, elsewhere, page
from relay.sandbox.answer import PlatformName
from relay.sandbox.connection import SandboxRunner
from relay.sandbox.credential import Gate
from relay.sandbox.exchange import Exchange, Outcome
from relay.sandbox.platform import Call, Reply
from relay.sandbox.style import Style
from relay.sandbox.visitor import no_foreign_pages

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Neither platform publishes a limit; vendors cap a request at 1 to 2 MB."""

_SHUTDOWN_S: Final = 0.2
_PIECES: Final = 10
_FRAMING: Final = ("Content-Length", "Transfer-Encoding")

Sleep = Callable[[float], Awaitable[None]]


class Sandbox:
    """Serves both platforms on one address while the context is open.

    `scenario` is one of `relay.sandbox.scenario.SCENARIOS`. With `port` 0, a free port is chosen;
    `url` says which. `tokens` and `accounts` limit who has access (see `relay.sandbox.credential`).
    Raises `ConfigError` for an unknown scenario, and `RelayError` if it cannot listen.
    """

    def __init__(
        self,
        scenario: str = "ok",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        random: random.Random | None = None,
        sleep: Sleep = asyncio.sleep,
        tokens: Iterable[str] = (),
        accounts: Iterable[str] = (),
        style: Style | None = None,
    ) -> None:
        gate = Gate(tokens, accounts)
        self.exchange = Exchange(
            gate=gate, style=style or Style(), clock=clock, dice=random or _fresh_dice()
        )
        self.exchange.run_scenario(scenario)
        self._host = host
        self._port = port
        self._sleep = sleep
        self._runner = SandboxRunner(
            self._application(),
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_S,
        )

    @property
    def url(self) -> str:
        """Scheme, host and port, as a destination's `base_url` takes it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise RelayError(
                f"sandbox: cannot listen on {self._host}:{self._port}: {error.strerror}"
            ) from None
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(
            client_max_size=MAX_BODY_BYTES, middlewares=[no_foreign_pages]
        )
        application.router.add_post("/v5/ad_accounts/{account}/events", self._pinterest)
        application.router.add_post("/open_api/v1.3/event/track/", self._tiktok)
        application.add_routes(page.routes(self.exchange))
        application.add_routes(control.routes(self.exchange))
        application.add_routes(elsewhere.routes())
        return application

    async def _pinterest(self, request: web.Request) -> web.StreamResponse:
        return await self._answer("pinterest", request, "Authorization")

    async def _tiktok(self, request: web.Request) -> web.StreamResponse:
        return await self._answer("tiktok", request, "Access-Token")

    async def _answer(
        self, platform: PlatformName, request: web.Request, token_header: str
    ) -> web.StreamResponse:
        call = Call(
            account=request.match_info.get("account", ""),
            token=request.headers.get(token_header),
            query=request.query,
            content_type=request.content_type,
            content_encoding=request.headers.get("Content-Encoding", ""),
            body=await _body(request),
        )
        outcome = self.exchange.handle(platform, call)
        if outcome.delay_s > 0:
            await self._sleep(outcome.delay_s)
        return await self._carry_out(request, outcome)

    async def _carry_out(self, request: web.Request, outcome: Outcome) -> web.StreamResponse:
        match outcome.action.connection:
            case "keep":
                return _response(outcome.reply)
            case "slow_body":
                return await self._slow_body(request, outcome)
            case "half_body":
                return await _half_body(request, outcome.reply)
            case "hang":
                await self._sleep(outcome.action.hang_s)
            case "reset":
                pass
        _reset(request)
        return _response(outcome.reply)

    async def _slow_body(self, request: web.Request, outcome: Outcome) -> web.StreamResponse:
        """Send the whole body in pieces, spread over the script's `hang_s`."""
        body = outcome.reply.body
        cuts = [len(body) * at // _PIECES for at in range(_PIECES + 1)]
        response = await _begin(request, outcome.reply)
        for start, end in pairwise(cuts):
            await self._sleep(outcome.action.hang_s / _PIECES)
            await response.write(body[start:end])
        return response


def _fresh_dice() -> random.Random:
    return random.Random()  # noqa: S311 - dice of a test tool, no secret


async def _body(request: web.Request) -> bytes | None:
    """Return the body, None if it is over the limit."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


def _response(reply: Reply) -> web.Response:
    response = web.Response(status=reply.status, body=reply.body)
    _add_headers(response, reply)
    return response


def _add_headers(response: web.StreamResponse, reply: Reply) -> None:
    """Add the platform's headers, except those for framing, which the server sets itself."""
    for name, value in reply.headers.items():
        if name.title() not in _FRAMING:
            response.headers[name] = value


async def _half_body(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Promise the whole body, send half of it, and end the connection."""
    response = await _begin(request, reply)
    await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _begin(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Send the head of an answer, which promises the whole body."""
    response = web.StreamResponse(status=reply.status)
    _add_headers(response, reply)
    response.content_length = len(reply.body)
    await response.prepare(request)
    return response


def _reset(request: web.Request) -> None:
    """Abort the connection, so that the sender sees a reset."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
