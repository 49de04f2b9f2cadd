"""Removes e-mail addresses from page URLs and free texts (search terms, a description).

Shops put them into links (`?email=jane@example.com`), people type them into texts, and both are
stored and sent in plain text. Every part that contains one, even percent-encoded, is emptied; so is
a user name before the host. Everything else stays unchanged, since the platforms read their click
ids from it.
"""

import re
from typing import Final
from urllib.parse import parse_qs, unquote_plus, urlsplit

from relay.event import MAX_TEXT

MAX_ENCODINGS: Final = 4
"""How often a part is decoded; if an at-sign is encoded more often, the part is emptied unread."""

_AT_SIGN: Final = re.compile(r"[@\uff20]|%(?:25)*(?:40|EF%(?:25)*BC%(?:25)*A0)", re.IGNORECASE)
"""Full-width ones, too, as East Asian keyboards type them."""
_ENTITY: Final = re.compile(r"&#(?:0*64|x0*40);(?=[^\s/?&=#;:]*\.[^\W\d_])", re.IGNORECASE)
_USER: Final = re.compile(r"^([^/?#]*//)[^/?#]*@")
_SEPARATORS: Final = re.compile(r"([/?#&;=:])")
_EMAIL: Final = re.compile(
    r"[^\s@\uff20/?&=#;:]\s*[@\uff20]\s*[^\s@\uff20/?&=#;:]*[.\uff0e][^\W\d_]"
)
"""Spaces around the at-sign do not hide an address: `relay.identity.email` removes them, too."""


def without_emails(url: str | None) -> str | None:
    """Return a URL or a text without the e-mail addresses in any of its parts.

    Returns None if it is blank, or if nothing else is left.
    """
    if not url or url.isspace():
        return None
    if "&#" in url:  # as HTML escapes what it shows
        url = _ENTITY.sub("@", url)
    if ("@" not in url and "%" not in url and url.isascii()) or _AT_SIGN.search(url) is None:
        return url
    parts = _SEPARATORS.split(_USER.sub(r"\1", url))
    return "".join("" if _holds_email(part) else part for part in parts) or None


def query_of(url: str | None) -> dict[str, str]:
    """Return the query of a URL, without e-mail addresses; of a repeated key, the last value.

    It is empty if `url`, which may have any length, is too long for an event.
    """
    if url is not None and len(url) > MAX_TEXT:
        return {}
    try:
        query = urlsplit(without_emails(url) or "").query
    except ValueError:  # brackets in the host without an IPv6 address
        return {}
    return {key: values[-1] for key, values in parse_qs(query).items()}


def _holds_email(part: str) -> bool:
    """Return whether a part contains an e-mail address, however often it is encoded."""
    if _AT_SIGN.search(part) is None:
        return False
    for _ in range(MAX_ENCODINGS):
        if _EMAIL.search(part):
            return True
        plain = unquote_plus(part)
        if plain == part:
            return False
        part = plain
    return True
