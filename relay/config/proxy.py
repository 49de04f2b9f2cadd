"""The proxy for requests that leave the relay's network: `HTTPS_PROXY` and `NO_PROXY`.

As in most clients, lower-case names come before upper-case ones. The proxy is asked for a tunnel,
so it sees neither tokens nor events. Requests without TLS, which only go to this machine itself,
never use it.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final, Self
from urllib.parse import urlsplit

from relay.config.address import is_loopback
from relay.config.model import Config
from relay.config.secret import Secret
from relay.errors import ConfigError

NAME: Final = "HTTPS_PROXY"
EXEMPT: Final = "NO_PROXY"
SCHEMES: Final = frozenset({"http", "https"})
_UNUSABLE: Final = f'{NAME} must be "http://HOST:PORT"; take it out to connect directly'
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Proxy:
    """A proxy for all but the exempt hosts, or none. Its address may contain a password."""

    __slots__ = ("_address", "_exempt")

    def __init__(self, address: Secret | None = None, exempt: Collection[str] = ()) -> None:
        self._address = address
        self._exempt = exempt

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Return the proxy that the environment sets. Raises `ConfigError`, without quoting it."""
        text = _variable(environ, NAME).strip()
        names = [each.strip().lstrip(".").lower() for each in _variable(environ, EXEMPT).split(",")]
        return cls(_checked(text) if text else None, [name for name in names if name])

    def __str__(self) -> str:
        """Return host and port, without user and password."""
        if self._address is None:
            return ""
        return urlsplit(self._address.reveal()).netloc.rpartition("@")[2]

    def address_for(self, url: str) -> str | None:
        """Return the proxy's address for a request to `url`, or None if it goes directly."""
        if self._address is None:
            return None
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" or is_loopback(host) or self._exempts(host):
            return None
        return self._address.reveal()

    def _exempts(self, host: str) -> bool:
        return any(name in {"*", host} or host.endswith(f".{name}") for name in self._exempt)


def proxy_of(config: Config, environ: Mapping[str, str]) -> Proxy:
    """Return the proxy that the environment sets, or none if no request leaves this machine."""
    urls = [each.base_url for each in config.destinations.values()]
    if config.notify.webhook is None and not any(url.startswith("https:") for url in urls):
        return Proxy()
    return Proxy.of(environ)


def proxied(config: Config, proxy: Proxy) -> list[str]:
    """Return the names of the destinations that are reached through the proxy."""
    return [name for name, each in config.destinations.items() if proxy.address_for(each.base_url)]


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.lower(), environ.get(name, ""))


def _checked(text: str) -> Secret:
    address = text if _SCHEME.match(text) else f"http://{text}"
    try:
        parts = urlsplit(address)
        known = parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.scheme not in SCHEMES or not text.isprintable() or " " in text:
        raise ConfigError(_UNUSABLE)
    return Secret(address)
