"""Who may use the admin port: host, origin and password checks, and headers for every answer.

A request is refused before any handler sees it. Nothing from a request is logged.
"""

import asyncio
import base64
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final, cast
from urllib.parse import urlsplit

from aiohttp import web

from relay.admin.answer import BadRequest, ErrorCode, error
from relay.config.address import is_loopback
from relay.config.secret import Secret
from relay.errors import JournalUnavailable
from relay.failed_attempts import DelayedRefusals
from relay.http_connection import HttpConnection
from relay.outcome.acting.audit import ACTOR_HEADER, AUTHOR, Author

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROBES: Final = frozenset({"/healthz", "/readyz"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
UNAUTHORIZED: Final = 401
FAILED: Final = "a request to the admin port failed"
FOREIGN: Final = (
    "The request comes from a page of another origin; a proxy before this port has to pass Host on."
)
MISTAKE: Final = "This is a mistake of the relay; its log says more."
CHALLENGE: Final = 'Basic realm="relay", charset="UTF-8"'
_WORDS: Final[Mapping[int, tuple[ErrorCode, str]]] = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address takes another method."),
    413: ("too_large", "The request is too large."),
}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PORT: Final = re.compile(":?[0-9]*")


class Guard:
    """Refuses foreign hosts and origins, and asks for the password.

    Without `password`, none is asked for, as on loopback; otherwise it returns the current one, and
    as long as it returns none, everybody is refused. `refusals` delays the answers to wrong
    passwords. A foreign `Host` is refused because another site's page could reach a loopback port
    through a name of its own (DNS rebinding).
    """

    def __init__(
        self,
        *,
        password: Callable[[], Secret | None] | None,
        hosts: Iterable[str],
        metrics_open: bool,
        body_timeout_s: float,
        refusals: DelayedRefusals,
    ) -> None:
        self._password = password
        self._refusals = refusals
        self._hosts = frozenset(map(_host_of, hosts))
        self._body_timeout_s = body_timeout_s
        self._free = PROBES | ({"/metrics"} if metrics_open else frozenset())

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check the request and handle it; errors become JSON answers."""
        refusal = self._refusal(request)
        if refusal is None:
            return await _answered(request, handler, self._body_timeout_s)
        if refusal.status == UNAUTHORIZED and "Authorization" in request.headers:
            with cast("HttpConnection", request.protocol).giving_way():
                await self._refusals.failed(request.remote)
        return refusal

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not self._knows(_host_of(request.headers.get("Host", ""))):
            message = "This host name is not known; add it to [admin] hosts."
            return error(403, "forbidden", message)
        if not _same_origin(request):
            return error(403, "forbidden", FOREIGN)
        if request.path not in self._free and not self._authorised(request):
            return _challenge(request)
        return None

    def _knows(self, host: str) -> bool:
        return host in self._hosts or is_loopback(host)

    def _authorised(self, request: web.Request) -> bool:
        """Compare digests, so that the time taken reveals neither the password nor its length."""
        if self._password is None:
            return True
        password = self._password()
        if password is None:
            return False
        _, given = _credentials_of(request.headers.get("Authorization", ""))
        return hmac.compare_digest(_digest(given), _digest(password.reveal()))


def _challenge(request: web.Request) -> web.Response:
    """Ask for the password, but without a browser's prompt if a page polls for new figures.

    After a change of the password, the prompt would appear every few seconds; the page says instead
    that the password has changed.
    """
    response = error(UNAUTHORIZED, "unauthorized", "The password of [admin] is needed.")
    if "HX-Request" not in request.headers:
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response


@web.middleware
async def introduce(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note who acts, for the audit log: the name that a command gives, or the user name."""
    header = request.headers.get("Authorization", "")
    actor = _text(request.headers.get(ACTOR_HEADER, "")) or _name_of(header)
    AUTHOR.set(Author(actor, request.remote or "unknown"))
    return await handler(request)


async def prepare(_: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of an answer just before it is sent, also of aiohttp's own errors."""
    harden(response)


def harden(response: web.StreamResponse) -> None:
    """Set the headers that every answer of the port has."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Server"] = "relay"
    # Otherwise another site could embed an address, and learn whether an event exists.
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if response.content_type == "text/html":
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        # With `no-referrer` a browser would hide the origin of the page's own forms as `null`.
        response.headers["Referrer-Policy"] = "same-origin"


async def _answered(
    request: web.Request, handler: Handler, body_timeout_s: float
) -> web.StreamResponse:
    try:
        if request.method not in SAFE_METHODS:
            await _receive(request, body_timeout_s)
        return await handler(request)
    except BadRequest as problem:
        return error(400, "bad_request", str(problem))
    except JournalUnavailable as problem:
        response = error(503, "unavailable", problem.reason)
        response.headers["Retry-After"] = str(problem.retry_after_s)
        return response
    except web.HTTPException as problem:
        return _as_json(problem)
    except Exception:
        log.exception(FAILED)
        return error(500, "internal", MISTAKE)


async def _receive(request: web.Request, timeout_s: float) -> None:
    """Read the body, which aiohttp then keeps for the handler."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadRequest("Send the body as it is, without a Content-Encoding.")
    try:
        async with asyncio.timeout(timeout_s):
            await request.read()
    except TimeoutError:
        raise BadRequest(f"The body did not arrive within {timeout_s:g} s.") from None
    except web.RequestPayloadError:
        raise BadRequest("The body is not framed as its head says.") from None
    except OSError:  # the client is gone, and nobody will read this
        raise BadRequest("The body ended too early.") from None


def _text(header: str) -> str:
    """Return a header as text that can be encoded; invalid UTF-8 is replaced."""
    return header.encode(errors="surrogateescape").decode(errors="replace")


def _as_json(problem: web.HTTPException) -> web.Response:
    """Return aiohttp's own error as JSON; raise the exception again if it is not an error."""
    if problem.status not in _WORDS:
        raise problem
    response = error(problem.status, *_WORDS[problem.status])
    if isinstance(problem, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(problem.allowed_methods))
    return response


def _same_origin(request: web.Request) -> bool:
    """Return whether the request cannot come from a page of another origin.

    Browsers send `Origin` with every request that changes something (`null` if they hide it), and
    those that do not still send `Sec-Fetch-Site`. Programs send neither.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        return _is_origin_of(origin, request.headers.get("Host", ""))
    if request.method in SAFE_METHODS:
        return True
    return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")


def _is_origin_of(origin: str, host: str) -> bool:
    """Return whether an `Origin` belongs to a `Host`; the scheme implies a missing port.

    The schemes are not compared, since a proxy in front may end TLS.
    """
    try:
        theirs, own = urlsplit(origin), urlsplit(f"//{host}")
        port = _DEFAULT_PORTS[theirs.scheme]
        same = (theirs.hostname, theirs.port or port) == (own.hostname, own.port or port)
    except (KeyError, ValueError):
        return False
    return same


def _host_of(header: str) -> str:
    """Return the host of a `Host` header or a setting, in lower case, without port or brackets.

    A malformed text is returned whole, and so matches no allowed host.
    """
    text = header.strip().lower()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
    elif text.count(":") > 1:
        return text
    else:
        host, _, rest = text.partition(":")
    return host.removesuffix(".") if _PORT.fullmatch(rest) else text


def _digest(password: str) -> bytes:
    return sha256(password.encode()).digest()


def _name_of(header: str) -> str:
    """Return the user name, '' if it equals the password, which some people enter twice."""
    name, password = _credentials_of(header)
    return "" if name == password else name


def _credentials_of(header: str) -> tuple[str, str]:
    """Return user name and password of HTTP Basic, '' if the header is missing or malformed."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:  # not base64, ASCII or UTF-8
        return "", ""
    return name, password
