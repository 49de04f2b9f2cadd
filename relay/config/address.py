"""Addresses: where the relay listens, and where a platform is reached.

Both are texts in one normal form. For an unusable address, the message of the `ConfigError` begins
with "must", ready to follow the name of a key. Nothing is resolved: only a host's text is checked.
"""

import re
from ipaddress import IPv6Address, ip_address
from typing import ClassVar, Self

from relay.errors import ConfigError

MAX_PORT = 65_535
MAX_LABEL = 63
"""The most characters between the dots of a host name (RFC 1035, section 2.3.4)."""
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def is_loopback(host: str) -> bool:
    """Return whether `host`, a name or an address without brackets, is this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback  # from 3.13, Python itself handles ::ffff:127.0.0.1


class Listen(str):
    """Where to listen: `host:port`, with IPv6 addresses in brackets. Port 0 means any free one."""

    __slots__ = ()

    FORM: ClassVar = "an address as host:port, IPv6 in brackets"
    EXAMPLE: ClassVar = "127.0.0.1:8080"
    PATTERN: ClassVar = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be."""
        self = super().__new__(cls, text.strip())
        known = re.fullmatch(cls.PATTERN, self) is not None
        if not known or self.port > MAX_PORT or not _is_host(self.host, self):
            raise ConfigError(f'must be {cls.FORM}, such as "{cls.EXAMPLE}"')
        return self

    @property
    def host(self) -> str:
        """The name or address, without brackets."""
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port, 0 for any free one."""
        return int(self.rpartition(":")[2])

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)


class BaseUrl(str):
    """A platform's `scheme://host[:port]`; lower-case, without a default port or a slash."""

    __slots__ = ()

    FORM: ClassVar = "scheme://host[:port] without a path"
    EXAMPLE: ClassVar = "https://api.pinterest.com"
    PATTERN: ClassVar = r"^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?/?$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be."""
        plain = text.strip().lower().removesuffix("/")
        if re.fullmatch(cls.PATTERN, plain) is None:
            raise ConfigError(f'must be {cls.FORM}, such as "{cls.EXAMPLE}"')
        scheme, _, rest = plain.partition("://")
        host, port = split_port(rest)
        if not _is_host(host, rest) or int(port or 1) not in range(1, MAX_PORT + 1):
            raise ConfigError(f'must be {cls.FORM}, such as "{cls.EXAMPLE}"')
        if scheme == "http" and not is_loopback(host.strip("[]")):
            raise ConfigError("must use https; plain http is for loopback addresses only")
        shown = f":{port}" if port and port != _DEFAULT_PORTS[scheme] else ""
        return super().__new__(cls, f"{scheme}://{host}{shown}")


def split_port(text: str) -> tuple[str, str]:
    """Return host and port of `host[:port]`; a colon in brackets belongs to the address."""
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and not port.endswith("]") else (text, "")


def _is_host(host: str, text: str) -> bool:
    """Return whether the `host` of `text` may exist; looking up any other would be an error."""
    labels = host.removesuffix(".").split(".")
    return _has_good_brackets(text) and all(0 < len(each) <= MAX_LABEL for each in labels)


def _has_good_brackets(text: str) -> bool:
    """Return whether brackets, if there are any, contain an IPv6 address."""
    if not text.startswith("["):
        return True
    try:
        IPv6Address(text[1 : text.index("]")])
    except ValueError:
        return False
    return True
