"""Keeps pages of other sites away from what the emulator received, which may be about people.

A page reaches this machine through the browser of somebody here: it is known by its `Origin`, or by
a host name of its own that leads here (DNS rebinding). Platforms' addresses are open to everybody.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FOREIGN: Final = "The request comes from a page of another site.\n"


@web.middleware
async def no_foreign_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request for the page or the control API that another site's page has made."""
    guarded = request.path == "/" or request.path.startswith("/sandbox/")
    if guarded and _came_by_loopback(request) and not _is_own(request):
        return web.Response(status=403, text=FOREIGN)
    return await handler(request)


def _came_by_loopback(request: web.Request) -> bool:
    """Return whether the client connected to a loopback address; others have names of any kind."""
    transport = request.transport
    name: Any = None if transport is None else transport.get_extra_info("sockname")
    return bool(name) and _is_loopback(name[0])


def _is_own(request: web.Request) -> bool:
    named = [f"//{request.headers.get('Host', '')}", request.headers.get("Origin", "//localhost")]
    try:
        return all(_is_loopback(urlsplit(each).hostname or "") for each in named)
    except ValueError:  # brackets that hold no IPv6 address
        return False


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
