"""Page addresses and free texts (what was searched for, a description) without e-mail addresses.

Shops put them into links (`?email=jane@example.com`), people into texts, and both are stored and
sent plain. Every part that holds one, even percent-encoded, is emptied; so is a user name
before the host. The rest stays to the letter, since the platforms read their click ids from it.
"""

import re
from typing import Final
from urllib.parse import parse_qs, unquote_plus, urlsplit

from relay.event import MAX_TEXT

MAX_ENCODINGS: Final = 4
"""How often a part is decoded; one with an at-sign that is encoded more often is emptied unread."""

_AT_SIGN: Final = re.compile(r"@|%(?:25)*40")
_USER: Final = re.compile(r"^([^/?#]*//)[^/?#]*@")
_SEPARATORS: Final = re.compile(r"([/?#&;=:])")
_EMAIL: Final = re.compile(r"[^\s@/?&=#;:]\s*@\s*[^\s@/?&=#;:]*\.[^\W\d_]")
"""Blanks around the at-sign do not hide one: `relay.identity.email` takes them out as well."""


def without_emails(url: str | None) -> str | None:
    """Return the address with e-mail addresses cut out of its query, path and fragment.

    None for a blank one, and for one of which nothing else is left.
    """
    if not url or url.isspace():
        return None
    if ("@" not in url and "%" not in url) or _AT_SIGN.search(url) is None:
        return url
    parts = _SEPARATORS.split(_USER.sub(r"\1", url))
    return "".join("" if _holds_email(part) else part for part in parts) or None


def query_of(url: str | None) -> dict[str, str]:
    """Return the query of an address, without e-mail addresses; the last value of each key.

    It is empty for an address that is too long for an event, which may have any length.
    """
    if url is not None and len(url) > MAX_TEXT:
        return {}
    try:
        query = urlsplit(without_emails(url) or "").query
    except ValueError:  # brackets in the host that hold no IPv6 address
        return {}
    return {key: values[-1] for key, values in parse_qs(query).items()}


def _holds_email(part: str) -> bool:
    """Return whether a part holds an address, however often it is encoded."""
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
