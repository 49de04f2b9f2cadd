"""SHA-256 in the form that platforms take, and how digests that producers send are recognised.

A producer may send a digest of 64 hexadecimal digits instead of a value. It is passed on in lower
case, unless it is the digest of an empty text, a placeholder or the all-zero advertising id: those
would match all customers of careless shops with each other, so they are never sent.
"""

from hashlib import sha256
from typing import Final

from relay.identity.text import PLACEHOLDERS

DIGEST_LENGTH: Final = 64
MD5_LENGTH: Final = 32
"""The shortest digest that shops send by mistake."""

ZERO_ID: Final = "00000000-0000-0000-0000-000000000000"
"""The advertising id that a phone reports if tracking is switched off."""

_HEXADECIMAL: Final = "0123456789abcdefABCDEF"
_BLANKS: Final = ("", " ", "\n", "\r\n")
_MIXED_CASE: Final = ("NaN", "(Not Set)", "(Not set)")


def digest(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes as 64 lower-case hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def is_digest(text: str) -> bool:
    """Return whether a trimmed text is a SHA-256 digest, in either case."""
    return len(text) == DIGEST_LENGTH and not text.strip(_HEXADECIMAL)


def is_other_digest(text: str) -> bool:
    """Return whether a trimmed text looks like MD5, SHA-1 or another digest no platform takes."""
    length = len(text)
    return length >= MD5_LENGTH and length != DIGEST_LENGTH and not text.strip(_HEXADECIMAL)


def _digests_of_nothing() -> frozenset[str]:
    spellings = {*_BLANKS, ZERO_ID, *_MIXED_CASE}
    for word in PLACEHOLDERS:
        spellings |= {word, word.upper(), word.capitalize()}
    once = frozenset(map(digest, spellings))
    return once | frozenset(map(digest, once))


DENYLIST: Final = _digests_of_nothing()
"""Digests of texts that stand for no value, and the digests of those digests."""
