"""E-mail addresses: the digest without any whitespace, and the digest of the trimmed address.

Pinterest removes all whitespace and lower-cases ("Enhanced match", Pinterest business help, 2026);
TikTok trims and lower-cases (Events API 2.0, "Parameters", 2026), so an address with a space inside
is invalid there. Both keep dots and plus tags. The domain is not converted to punycode.
"""

from typing import Final

from relay.identity.digest import digest, is_other_digest
from relay.identity.text import INVISIBLE, lower, trim
from relay.identity.value import HASHED, NO_PAIR, Pair, read

NOT_AN_ADDRESS: Final = "left out: not an e-mail address (one @, and a dot in the domain)"
BLANK_INSIDE: Final = "sent to Pinterest only: TikTok takes no address with a space inside"
OTHER_DIGEST: Final = "left out: a digest, but not SHA-256 (64 hexadecimal digits)"


def email(raw: str) -> tuple[Pair, str | None]:
    """Return the digests of the address without whitespace and trimmed only, and a problem."""
    text = raw.strip().lower()
    if text.isascii() and len(text.split()) == 1 and _is_address(text):
        hashed_address = digest(text)
        return (hashed_address, hashed_address), None
    return _unusual(raw)


def _unusual(raw: str) -> tuple[Pair, str | None]:
    """Do the same for anything but a plain ASCII address."""
    text, hashed, problem = read(raw)
    if problem is not None:
        return NO_PAIR, problem
    if hashed:
        return (text, text), HASHED
    parts = text.split()
    compact = lower("".join(parts))
    if not _is_address(compact):
        return NO_PAIR, OTHER_DIGEST if is_other_digest(text) else NOT_AN_ADDRESS
    hashed_compact = digest(compact)
    if len(parts) > 1:
        return (hashed_compact, None), BLANK_INSIDE
    trimmed = trim(raw).lower()
    if any(char in INVISIBLE for char in trimmed):
        return (hashed_compact, None), BLANK_INSIDE
    return (hashed_compact, digest(trimmed)), None


def _is_address(text: str) -> bool:
    """Return whether `text` has the form x@y.z with exactly one @, and no name or scheme.

    `Jane <jane@example.com>` and `mailto:jane@example.com` are not what the shop's tag hashes.
    """
    local, _, domain = text.partition("@")
    is_bare = "<" not in local and ":" not in local and ">" not in domain
    return local != "" and is_bare and "@" not in domain and "." in domain[1:-1]
