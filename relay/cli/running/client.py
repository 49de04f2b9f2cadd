"""A client for the admin port of a running relay.

Answers are the objects of `relay.outcome.views.api`. Failures are `RelayError`s of one line with
the fix; none contains the password.
"""

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from getpass import getuser
from ipaddress import ip_address
from typing import Final, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from relay.cli.connection import Connection, CutOff, Exchange, NoAnswer, Reply
from relay.config import Config, Listen, Secret, SecretRef, read_secret
from relay.errors import ConfigError, RelayError
from relay.outcome.acting.audit import ACTOR_HEADER
from relay.outcome.views.api import DestinationList, DestinationView

TIMEOUT_S: Final = 60.0
"""Most is answered at once."""
LONG_S: Final = 3_600.0
"""Long enough to replay, or to search, some ten million events."""
JSON: Final = "application/json"
AS_TYPED: Final = "surrogateescape"
"""How Python keeps invalid UTF-8 from a command line."""

Answer = TypeVar("Answer")


class NotFound(RelayError):
    """The relay knows nothing with this name."""


class _Problem(msgspec.Struct):
    """A part of `relay.admin.answer.Error`, which itself would import a whole web server."""

    message: str


class AdminClient:
    """Talks to the relay over `connection`, which the caller opens and closes."""

    def __init__(self, connection: Exchange) -> None:
        self._connection = connection

    def ask(self, path: str, **query: str | int | None) -> bytes:
        """GET a path and return the JSON; parameters that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        sought = f"{path}?{urlencode(given, errors=AS_TYPED)}" if given else path
        return self._answer("GET", sought)

    def tell(self, path: str, request: object = None) -> bytes:
        """POST to a path and return the JSON of the answer."""
        try:
            body = b"" if request is None else msgspec.json.encode(request)
        except UnicodeEncodeError:
            raise ConfigError("an option holds bytes that are no UTF-8: type it again") from None
        return self._answer("POST", path, body)

    def switch(self, name: str, action: Literal["pause", "resume"]) -> DestinationView:
        """Pause or resume a destination. For an unknown one, `ConfigError` names the others."""
        try:
            quoted = quote(name, safe="", errors=AS_TYPED)
            body = self.tell(f"/api/v1/destinations/{quoted}/{action}")
        except NotFound:
            known = read(self.ask("/api/v1/destinations"), DestinationList).destinations
            names = ", ".join(each.name for each in known) or "none is configured"
            raise ConfigError(f"no destination is called like that; known: {names}") from None
        return read(body, DestinationView)

    def _answer(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            reply = self._connection.request(method, path, body, JSON if body else None)
        except CutOff as error:
            begun = "; what was asked for may be done in part: run the same command again"
            raise CutOff(f"{error}{begun if method == 'POST' else ''}") from None
        except NoAnswer:
            raise NoAnswer(
                f"the relay does not answer at {self._connection.address}: start it with "
                "`relay serve`, or name its config with -c"
            ) from None
        # Another server may give the one status of success of this API to a page.
        if reply.status == 200 and _is_json(reply.body):  # noqa: PLR2004 - OK
            return reply.body
        raise self._problem(reply)

    def _problem(self, reply: Reply) -> RelayError:
        address = self._connection.address
        if reply.status == 401:  # noqa: PLR2004 - Unauthorized
            return ConfigError(
                f"the relay at {address} wants its password: name its config with -c, and set "
                "what `password` of [admin] points at"
            )
        try:
            message = msgspec.json.decode(reply.body, type=_Problem).message
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return RelayError(
                f"what answers at {address} is no relay (HTTP {reply.status}): check `listen` of "
                "[admin] in its config"
            )
        kind = NotFound if reply.status == 404 else RelayError  # noqa: PLR2004 - Not Found
        return kind(message.rstrip("."))


@contextmanager
def admin_client(
    config: Config,
    environ: Mapping[str, str] = os.environ,
    *,
    address: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Iterator[AdminClient]:
    """Talk to the admin port of the relay that runs with `config` while the context is open.

    `address` (host and port) replaces the address from `config`.
    """
    headers = {ACTOR_HEADER: actor()}
    password = _password(config.admin.password, environ)
    if password is not None:
        credentials = b64encode(b"relay:" + password.reveal().encode())
        headers["Authorization"] = f"Basic {credentials.decode()}"
    address = address or reachable(config.admin.listen, "admin.listen")
    with Connection(f"http://{address}", headers=headers, timeout_s=timeout_s) as connection:
        yield AdminClient(connection)


def _password(ref: SecretRef | None, environ: Mapping[str, str]) -> Secret | None:
    try:
        return None if ref is None else read_secret(ref, environ, is_token=False)
    except ConfigError as error:
        raise ConfigError(f"admin.password: {ref} {error}") from None


def actor() -> str:
    """Return the user who calls, as this machine knows them, for the relay's audit log."""
    try:
        name = getuser()
    except (OSError, KeyError):
        return ""
    return name if name.isascii() and name.isprintable() else ""


def reachable(listen: Listen, key: str) -> str:
    """Return `host:port` under which this machine reaches a port that listens on `listen`."""
    if listen.port == 0:
        raise ConfigError(f"{key} takes any free port, so that nobody knows which: give it a port")
    try:
        everywhere = ip_address(listen.host).is_unspecified
    except ValueError:
        everywhere = False
    if not everywhere:
        return str(listen)
    return f"{'[::1]' if ':' in listen.host else '127.0.0.1'}:{listen.port}"


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def read(body: bytes, kind: type[Answer]) -> Answer:
    """Decode an answer."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RelayError(
            "the relay answers in another form: it is of another version than this command"
        ) from None
