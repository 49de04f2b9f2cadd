"""A bound on the connections of a port: one more is told so and closed."""

import asyncio
from collections.abc import Callable
from typing import cast

from aiohttp import web

_BODY = (
    b'{"accepted":0,"rejected":0,"errors":[{"index":null,"event_id":null,"code":"unavailable",'
    b'"path":"","message":"Too many connections."}],"warnings":[]}'
)
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Retry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class _Busy(asyncio.Protocol):
    """Answers 503 without reading, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writable = cast("asyncio.Transport", transport)
        writable.write(_BUSY)
        writable.close()


def bounded(server: web.Server, max_connections: int) -> Callable[[], asyncio.Protocol]:
    """Return a protocol factory that serves at most `max_connections` at a time."""

    def factory() -> asyncio.Protocol:
        if len(server.connections) >= max_connections:
            return _Busy()
        return server()

    return factory
