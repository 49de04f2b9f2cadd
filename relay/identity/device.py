"""The device and the click: advertising id, IP address, and values that are sent unchanged.

TikTok takes the digest of Apple's advertising id in upper case and of Google's in lower case
(Events API 2.0, "Parameters", 2026); Pinterest's tag lower-cases both. Both platforms want the
visitor's own public address, never that of a proxy.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import AF_INET, inet_pton
from typing import Final, get_args

from relay.event import AttStatus
from relay.identity.digest import digest
from relay.identity.text import LONGEST_PLACEHOLDER, is_placeholder, trim
from relay.identity.value import BLANK_VALUE, HASHED, NO_PAIR, PLACEHOLDER, Pair, read

TRACKING_OFF: Final = "left out: the all-zero id of a device that may not be tracked"
NOT_PUBLIC: Final = "left out: no public IP address in it"
TOO_LONG: Final = "left out: longer than 1000 characters"

NOT_A_STATUS: Final = "left out: no answer of App Tracking Transparency"

MAX_ADDRESSES: Final = 100
"""How many addresses of a list are examined; no request passes through as many proxies."""

MAX_CLICK_ID_LENGTH: Final = 1000
"""The longest TikTok click id ("Send TikTok click ID", 2026); a truncated one matches nothing."""

NOT_PUBLIC_NETWORKS: Final = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
            "100.64.0.0/10",  # carriers, RFC 6598
            *("127.0.0.0/8", "::1/128"),
            *("169.254.0.0/16", "fe80::/10"),
            "fc00::/7",  # unique local, RFC 4193
            *("0.0.0.0/32", "::/128"),
        ),
    )
)
"""Networks without visitors. Documentation ranges pass: platforms accept them, tests need them."""

_ATT_STATUSES: Final[dict[str, AttStatus]] = {status: status for status in get_args(AttStatus)}
_SUSPECT_FIRST_BYTES: Final = frozenset(
    network.network_address.packed[0] for network in NOT_PUBLIC_NETWORKS
)
_IPV4_PORT_COLONS: Final = 1


def mobile_ad_id(raw: str) -> tuple[Pair, str | None]:
    """Return the digests of the id in lower case and in upper case, and a problem."""
    text, hashed, problem = read(raw)
    if problem is not None:
        return NO_PAIR, problem
    if hashed:
        return (text, text), HASHED
    if not text.strip("0-"):
        return NO_PAIR, TRACKING_OFF
    return (digest(text.lower()), digest(text.upper())), None


def ip(raw: str) -> tuple[str | None, str | None]:
    """Return the first public address of a comma-separated list, normalised, and a problem."""
    if _is_surely_public(raw):
        return raw, None
    for part in raw.split(",", MAX_ADDRESSES)[:MAX_ADDRESSES]:
        address = _address(trim(part))
        if address is not None and _is_public(address):
            return str(address), None
    return None, NOT_PUBLIC


def opaque(raw: str) -> tuple[str | None, str | None]:
    """Return a value that is sent unchanged but for outer whitespace, and a problem."""
    text = raw.strip()
    if len(text) > LONGEST_PLACEHOLDER and text.isascii():
        return text, None
    text = trim(raw)
    if not text:
        return None, BLANK_VALUE
    return (None, PLACEHOLDER) if is_placeholder(text) else (text, None)


def ttclid(raw: str) -> tuple[str | None, str | None]:
    """Return a TikTok click id unchanged, and a problem; one that is too long is left out."""
    text, problem = opaque(raw)
    if text is not None and len(text) > MAX_CLICK_ID_LENGTH:
        return None, TOO_LONG
    return text, problem


def att_status(raw: str) -> tuple[AttStatus | None, str | None]:
    """Return an App Tracking Transparency status in Apple's own spelling, and a problem."""
    status = _ATT_STATUSES.get(trim(raw).upper())
    return (None, NOT_A_STATUS) if status is None else (status, None)


def _is_surely_public(text: str) -> bool:
    """Recognise the common case: a dotted IPv4 address, clearly outside any special network."""
    try:
        packed = inet_pton(AF_INET, text)
    except (OSError, ValueError):
        return False
    return packed[0] not in _SUSPECT_FIRST_BYTES


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address such as `203.0.113.7` or `2001:db8::7`, possibly with a port or a zone.

    A zone names a network interface of the device itself, so it is not part of the public address.
    """
    if text[:1] == "[":
        text = text[1:].partition("]")[0]
    elif text.count(":") == _IPV4_PORT_COLONS:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped if mapped is not None else address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return not any(address in network for network in NOT_PUBLIC_NETWORKS)
