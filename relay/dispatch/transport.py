"""The one place that talks HTTP to the platforms.

Redirects are not followed (a redirected POST may become a GET), cookies are not kept, bodies are
read up to a bound and never decoded here. No aiohttp error leaves this module: their `repr` shows
request headers, and so the token.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Final, Literal, Protocol

import aiohttp
import msgspec
from aiohttp.client import ClientRequest, ClientTimeout
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from relay.config.proxy import Proxy
from relay.delivery import HttpRequest, HttpResponse

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""A longer answer counts as empty: its beginning might pass for a complete answer."""
MAX_HEADER_BYTES = 64 * 1024
"""A longer header makes the whole answer unreadable; gateways send long cookies and policies."""
MAX_HEADERS = 512
"""More headers do the same."""
CONNECT_S = 3.0
"""Seconds for TCP and TLS. Trying again soon is better than waiting for packets that were
dropped."""
CONNECT_SHARE = 0.3
"""The least share of `timeout` for connecting: over a slow link it takes longer."""
LAST_SHARE = 0.1
"""The share of `timeout` that is left for reading if the process was stalled for the rest."""
TUNNEL_TIMES = 2
"""The factor for connecting through a proxy, which connects to the platform before it answers."""


_UNCONNECTED: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
)


class Fault(msgspec.Struct, frozen=True):
    """No complete answer came: it is unknown whether the platform accepted the request.

    With `name`, `connect`, `tls` and `proxy` it did not: there was no connection to send it over.
    """

    kind: Literal["name", "connect", "tls", "proxy", "timeout", "broken"]


class Transport(Protocol):
    """Sends requests; raises nothing but cancellation."""

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """Return the answer, or the fault if none came within `timeout_s` in total."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class FreshConnector(aiohttp.TCPConnector):
    """Never reuses a connection on which unsolicited data arrived.

    aiohttp would take it for the answer to the next request, even before that is sent.
    """

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the name that aiohttp calls it by
    ) -> Connection:
        """See `aiohttp.BaseConnector`."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()


class AiohttpTransport:
    """Sends requests over aiohttp's keep-alive connections.

    Their number is not bounded here: each sender bounds its requests in flight, and a common bound
    would let a platform that hangs block the others. An answer without a date gets that of its
    receipt (RFC 9110, section 6.6.1); `clock` returns Unix seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        *,
        connect_s: float = CONNECT_S,
        proxy: Proxy | None = None,
    ) -> None:
        self._clock = clock
        self._connect_s = connect_s
        self._proxy = proxy or Proxy()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """See `Transport`."""
        try:
            return await _in_time(self._send(request, timeout_s), timeout_s)
        except aiohttp.ClientSSLError:
            return Fault("tls")
        except _UNCONNECTED as error:
            return self._unconnected(request, error)
        except TimeoutError:
            return Fault("timeout")
        except (aiohttp.ClientError, OSError, ValueError):
            return Fault("broken")

    async def close(self) -> None:
        """See `Transport`."""
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        proxy = self._proxy.address_for(request.url)
        connect_s = max(self._connect_s, timeout_s * CONNECT_SHARE)
        async with self._open().post(
            request.url,
            data=request.body,
            headers=request.headers,
            allow_redirects=False,
            proxy=proxy,
            timeout=aiohttp.ClientTimeout(
                connect=connect_s * TUNNEL_TIMES if proxy else None,
                sock_connect=connect_s,
            ),
        ) as response:
            headers = {"date": formatdate(self._clock(), usegmt=True)}
            headers |= {name.lower(): value for name, value in response.headers.items()}
            body = await _read(response)
            return HttpResponse(response.status, headers, body)

    def _unconnected(self, request: HttpRequest, error: aiohttp.ClientError) -> Fault:
        if self._proxy.address_for(request.url):
            return Fault("proxy")
        return Fault("name" if isinstance(error, aiohttp.ClientConnectorDNSError) else "connect")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=FreshConnector(limit=0, loop=asyncio.get_running_loop()),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
                max_field_size=MAX_HEADER_BYTES,
                max_headers=MAX_HEADERS,
            )
        return self._session


async def _in_time(exchange: Coroutine[None, None, HttpResponse], timeout_s: float) -> HttpResponse:
    """Return the answer; raise `TimeoutError` if it does not come in time.

    An answer that came while the process was stalled is read before giving up: aiohttp's own
    timeout would discard it as soon as the process continues.
    """
    asked = asyncio.ensure_future(exchange)
    try:
        for share in (1 - LAST_SHARE, LAST_SHARE):
            done, _ = await asyncio.wait([asked], timeout=timeout_s * share)
            if done:
                return asked.result()
        raise TimeoutError
    finally:
        if asked.cancel():
            await asyncio.gather(asked, return_exceptions=True)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size_bytes = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size_bytes += len(part)
        if size_bytes > MAX_ANSWER_BYTES:
            response.close()
            return b""
    return b"".join(parts)
