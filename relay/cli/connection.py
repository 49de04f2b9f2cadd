"""A small synchronous HTTP client from the standard library: one host, one persistent connection.

It talks only to a relay, so it knows no proxy, redirect or cookie. Answers are bounded. Errors are
`RelayError`s of one line; none contains a header, and so neither key nor password.
"""

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

import msgspec

from relay.errors import ConfigError, RelayError

MAX_ANSWER_BYTES: Final = 64 * 2**20
"""A longer answer cannot come from a relay, and is an error."""

_SCHEMES: Final[Mapping[str, type[http.client.HTTPConnection]]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


class NoAnswer(RelayError):
    """No answer came; it is unknown whether the request was carried out."""


class CutOff(NoAnswer):
    """The server was reached, and a whole answer did not come."""


class Reply(msgspec.Struct, frozen=True):
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Reply {self.status}>"


class Exchange(Protocol):
    """Sends requests; `address` is host and port, for people."""

    address: str

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> Reply:
        """Return the answer to one request. Raises `NoAnswer`."""
        ...


class Connection:
    """Talks to the host of `url` while the context is open; `headers` are sent with each request.

    `timeout_s` bounds each wait for the network, not the whole exchange.
    """

    def __init__(self, url: str, *, headers: Mapping[str, str], timeout_s: float) -> None:
        kind, host, port = _place(url)
        self.address = urlsplit(url).netloc.rpartition("@")[2]
        self._headers = headers
        self._connection = kind(host, port, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> Reply:
        """See `Exchange`."""
        headers = dict(self._headers)
        if content_type is not None:
            headers["Content-Type"] = content_type
        kind = NoAnswer
        try:
            if self._connection.sock is None:
                self._connection.connect()
            kind = CutOff
            return self._exchange(method, path, body, headers)
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            self._connection.close()
            raise kind(f"no answer from {self.address}: {_reason(error)}") from None

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        with suppress(BrokenPipeError, ConnectionResetError):
            # A server that stops reading the body may have answered why.
            self._connection.request(method, path, body, dict(headers))
        answer = self._connection.getresponse()
        content = answer.read(MAX_ANSWER_BYTES + 1)
        if len(content) > MAX_ANSWER_BYTES:
            raise http.client.HTTPException
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, names, content)


def _place(url: str) -> tuple[type[http.client.HTTPConnection], str, int | None]:
    """Return the class of connection, the host and the port for an address."""
    wrong = ConfigError("the address must be like http://127.0.0.1:8080")
    try:
        parts = urlsplit(url)
        kind, host, port = _SCHEMES[parts.scheme], parts.hostname, parts.port
    except (ValueError, KeyError):
        raise wrong from None
    if not host or " " in url or not url.isprintable() or not parts.path.isascii():
        raise wrong
    return kind, host, port


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return reason
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "what came is no HTTP"


_NO_HOST: Final = "there is no such host"
_REASONS: Final[Mapping[type[Exception], str]] = {
    TimeoutError: "it took too long",
    socket.gaierror: _NO_HOST,
    UnicodeError: _NO_HOST,  # a label is too long
    ssl.SSLCertVerificationError: (
        "its certificate is not trusted; SSL_CERT_FILE can name the authority that signed it"
    ),
    ssl.SSLError: "TLS fails; does it speak https at all?",
    http.client.RemoteDisconnected: "it closed the connection",
}
"""The first one that fits counts."""
