"""Who may use the admin port: host, origin and password checks, and headers for every answer."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from relay.admin.answer import BadRequest, error
from relay.errors import JournalUnavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROBES = frozenset({"/healthz", "/readyz"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"


class Guard:
    """Refuses foreign hosts and origins, asks for the password, and hardens every answer.

    `password` None means that none is asked for, as on loopback. A foreign `Host` is refused
    since a page of another site could reach a loopback port through its own name (DNS rebinding).
    """

    def __init__(
        self, *, password: str | None, hosts: Iterable[str], metrics_open: bool = False
    ) -> None:
        self._password = password
        self._hosts = frozenset(host.lower() for host in hosts)
        self._free = PROBES | ({"/metrics"} if metrics_open else frozenset())

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check the request, have it done, and set the headers of the answer."""
        response = self._refusal(request) or await _answered(request, handler)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cache-Control", "no-store")
        if response.content_type == "text/html":
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            response.headers["X-Frame-Options"] = "DENY"
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not self._knows(_host_of(request.headers.get("Host", ""))):
            message = "This host name is not known; add it to [admin] hosts."
            return error(403, "forbidden", message)
        if not _same_origin(request):
            return error(403, "forbidden", "The request comes from a page of another origin.")
        if request.path not in self._free and not self._authorised(request):
            response = error(401, "unauthorized", "The password of [admin] is needed.")
            response.headers["WWW-Authenticate"] = 'Basic realm="relay", charset="UTF-8"'
            return response
        return None

    def _knows(self, host: str) -> bool:
        return host in self._hosts or _is_loopback(host)

    def _authorised(self, request: web.Request) -> bool:
        if self._password is None:
            return True
        given = _password_of(request.headers.get("Authorization", ""))
        return hmac.compare_digest(given.encode(), self._password.encode())


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadRequest as problem:
        return error(400, "bad_request", str(problem))
    except JournalUnavailable as problem:
        return error(503, "unavailable", problem.reason)
    except web.HTTPNotFound:
        return error(404, "not_found", "There is nothing at this address.")
    except web.HTTPMethodNotAllowed as problem:
        response = error(405, "method_not_allowed", "This address takes another method.")
        response.headers["Allow"] = ", ".join(sorted(problem.allowed_methods))
        return response
    except web.HTTPRequestEntityTooLarge:
        return error(413, "too_large", "The request is too large.")


def _same_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower()
    if request.method in SAFE_METHODS:
        return True
    return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")


def _host_of(header: str) -> str:
    """Return the host of a `Host` header without its port, in lower case."""
    host = header.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _password_of(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
