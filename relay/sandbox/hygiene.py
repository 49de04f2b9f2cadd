"""Notes for the shop's engineer on mistakes about people and money that platforms accept silently.

A note says what is wrong and where, and never quotes the value. Both emulators use these functions;
rules of only one platform are in its own module.
"""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

_HEX_64 = re.compile(r"[0-9a-f]{64}")
_HEX_64_ANY_CASE = re.compile(r"[0-9A-Fa-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")

_EMPTY_DIGESTS: Final = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": "an empty text",
    "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b": "the word null",
    "eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c": "the word undefined",
}
"""SHA-256 digests of texts that stand for no value: they match nobody, or everybody."""

_PRIVATE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
        "100.64.0.0/10",
    )
)
"""Networks from which no shop is visited (RFC 1918, RFC 4193, RFC 6598)."""

AddressKind = Literal["public", "private", "invalid"]

MAX_KEY = 60
"""How many characters of an unknown key a note shows."""


def is_digest(value: str) -> bool:
    """Return whether the value is SHA-256 as 64 lower-case hexadecimal digits."""
    return _HEX_64.fullmatch(value) is not None


def is_any_digest(value: str) -> bool:
    """Return whether the value is SHA-256 as 64 hexadecimal digits of any case."""
    return _HEX_64_ANY_CASE.fullmatch(value) is not None


def digest_note(path: str, value: str) -> str | None:
    """Return what is wrong with a value that should be a digest, None if nothing is."""
    if not is_digest(value):
        if is_any_digest(value):
            return f"{path} is a digest in upper case; write it in lower case"
        return f"{path} is not hashed: raw personal data has left the shop"
    if nothing := _EMPTY_DIGESTS.get(value):
        return f"{path} is the digest of {nothing}; leave it out"
    return None


@lru_cache(maxsize=4_096)
def address_kind(address: str) -> AddressKind:
    """Return the kind of an IP address; the ranges for documentation count as public."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "invalid"
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_unspecified:
        return "invalid"
    at_home = parsed.is_loopback or parsed.is_link_local
    return "private" if at_home or any(parsed in network for network in _PRIVATE) else "public"


def address_note(path: str, address: str) -> str | None:
    """Return what is wrong with a visitor's IP address, None if nothing is."""
    match address_kind(address):
        case "invalid":
            return f"{path} is no IP address of anybody"
        case "private":
            return f"{path} is not public, so it matches nobody; send the visitor's address"
        case "public":
            return None


def unknown_key_note(path: str, keys: Iterable[object]) -> list[str]:
    """Return a note for each key that the platform does not know and so ignores."""
    shown = sorted(str(key)[:MAX_KEY] for key in keys)
    return [f"{path}{key} is not a key of this platform: ignored" for key in shown]


def money_notes(path: str, currency: str | None, *, has_value: bool) -> list[str]:
    """Return what is wrong with an order's currency."""
    if currency and not _CURRENCY.fullmatch(currency):
        return [f"{path}currency is not an upper-case ISO 4217 code"]
    if has_value and not currency:
        return [f"{path}value has no currency beside it"]
    return []
