"""SHA-256 in the one form the platforms take, and how a digest that comes in is told apart.

A producer may send 64 hexadecimal digits instead of a value. They pass in lower case, except the
digests of nothing: of an empty text, of a placeholder, of the all-zero advertising id. Those would
match every careless shop's customers with each other, so they are never sent.
"""

from hashlib import sha256
from typing import Final

from relay.identity.text import PLACEHOLDERS

DIGEST_LENGTH: Final = 64
MD5_LENGTH: Final = 32
"""The shortest digest that shops send by mistake."""

ZERO_ID: Final = "00000000-0000-0000-0000-000000000000"
"""What a phone reports as its advertising id when tracking is switched off."""

_HEXADECIMAL: Final = "0123456789abcdefABCDEF"
_BLANKS: Final = ("", " ", "\n", "\r\n")
_MIXED_CASE: Final = ("NaN", "(Not Set)", "(Not set)")


def digest(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes as 64 lower-case hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def is_digest(text: str) -> bool:
    """Tell whether a trimmed text is a SHA-256 digest, in either case."""
    return len(text) == DIGEST_LENGTH and not text.strip(_HEXADECIMAL)


def is_other_digest(text: str) -> bool:
    """Tell whether a trimmed text looks like MD5, SHA-1 or another digest no platform takes."""
    length = len(text)
    return length >= MD5_LENGTH and length != DIGEST_LENGTH and not text.strip(_HEXADECIMAL)


def _digests_of_nothing() -> frozenset[str]:
    spellings = {*_BLANKS, ZERO_ID, *_MIXED_CASE}
    for word in PLACEHOLDERS:
        spellings |= {word, word.upper(), word.capitalize()}
    once = frozenset(map(digest, spellings))
    return once | frozenset(map(digest, once))


DENYLIST: Final = _digests_of_nothing()
"""Digests that stand for no value, whoever computed them, and the digests of these."""
