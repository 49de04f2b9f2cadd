"""Reads the API key of a request from its headers, and from nowhere else.

It comes as `Authorization: Bearer TOKEN`, or as `relay-api-key` with `relay-api-secret`. A key that
is given twice, or in both ways, is refused, since a proxy in front may have checked the other one.
A key in the URL is refused as well, because URLs end up in logs.

While no key is needed, a page of another site must not post through the browser that opened it:
browsers name the site in `Origin`; programs send no such header.
"""

from base64 import b64decode
from math import ceil
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from relay.config.address import is_loopback
from relay.keys.keyring import Denied, Grant, Keyring
from relay.keys.token import PREFIX, read_pair, read_token
from relay.sources.answer import Refused

BEARER: Final = "bearer "
BASIC: Final = "basic "
PAIR: Final = ("relay-api-key", "relay-api-secret")
HEADERS: Final = ("Authorization", *PAIR)
IN_ADDRESS: Final = "A key in the address is not taken, and should be revoked: send it in a header."
TWICE: Final = "Send the key once: Authorization, or relay-api-key with relay-api-secret."
FOREIGN: Final = "A page of another site may not post where nobody needs a key: make one first."
STATUS: Final = {"unauthorized": 401, "forbidden": 403, "rate_limited": 429}


def grant_of(request: web.BaseRequest, keyring: Keyring) -> Grant:
    """Return what the request's key allows. Raises `Denied`."""
    _check_page(request, keyring)
    if PREFIX in request.query_string:
        raise Denied("unauthorized", IN_ADDRESS)
    shown = {name: request.headers.getall(name) for name in HEADERS if name in request.headers}
    if not shown:
        return keyring.anonymous()
    if any(len(values) > 1 for values in shown.values()) or len(shown) == len(HEADERS):
        raise Denied("unauthorized", TWICE)
    if "Authorization" not in shown:
        pair = [values[0].strip() for values in shown.values()]
        return keyring.grant(read_pair(*pair) if len(pair) == len(PAIR) else None)
    if len(shown) > 1:
        raise Denied("unauthorized", TWICE)
    value = shown["Authorization"][0].strip()
    is_bearer = value[: len(BEARER)].lower() == BEARER
    return keyring.grant(read_token(value[len(BEARER) :].strip()) if is_bearer else None)


def basic_grant_of(request: web.BaseRequest, keyring: Keyring) -> Grant:
    """Return what a key, sent as the user name of HTTP Basic, allows. Raises `Denied`.

    The password is ignored. Its encoding does not matter either: a key is ASCII in all of them.
    """
    values = request.headers.getall("Authorization", [])
    alone = not any(name in request.headers for name in PAIR)
    is_basic = len(values) == 1 and values[0].lower().startswith(BASIC)
    if not is_basic or not alone or PREFIX in request.query_string:
        return grant_of(request, keyring)
    _check_page(request, keyring)
    try:
        decoded = b64decode(values[0][len(BASIC) :].strip(), validate=True).decode("latin-1")
    except ValueError:
        decoded = ""
    return keyring.grant(read_token(decoded.partition(":")[0]))


def _check_page(request: web.BaseRequest, keyring: Keyring) -> None:
    """Raise `Denied` for a page that is not on this machine, as long as no key is needed.

    `Host` does not help: a page can also reach a loopback port by its own host name.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own(origin) and not keyring.required():
        raise Denied("forbidden", FOREIGN)


def _is_own(origin: str) -> bool:
    try:
        return is_loopback(urlsplit(origin).hostname or "")
    except ValueError:  # brackets that hold no IPv6 address
        return False


def refused(denied: Denied) -> Refused:
    """Return the answer to a refused key."""
    headers: dict[str, str] = {}
    if denied.kind == "unauthorized":
        headers["WWW-Authenticate"] = "Bearer"
    if denied.kind == "rate_limited":
        headers["Retry-After"] = str(max(1, ceil(denied.retry_after_s)))
    return Refused(STATUS[denied.kind], denied.kind, denied.message, headers)
