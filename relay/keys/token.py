"""The text of a key: public id, secret and checksum, in a shape that secret scanners recognise.

`relay_` + 10 characters of id + `_` + 32 characters of secret + 6 of checksum, all of them letters
and digits: `relay_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}`. The checksum distinguishes a mistyped key from
an unknown one without reading the file, and a scanner's finding from a coincidence. The secret has
190 bits, so that guessing is hopeless and one round of a keyed hash is enough to store it.
"""

import re
import secrets
from typing import Final, NamedTuple
from zlib import crc32

PREFIX: Final = "relay_"
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH: Final = 10
SECRET_LENGTH: Final = 32
CHECKSUM_LENGTH: Final = 6

_TOKEN: Final = re.compile(
    rf"({PREFIX}[0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}})"
)


class Token(NamedTuple):
    """Both halves of a key. Its `repr` does not show the secret."""

    key: str
    """The public half: `relay_` and the id."""
    secret: str
    """The secret half, including the checksum."""

    def __str__(self) -> str:
        return f"{self.key}_{self.secret}"

    def __repr__(self) -> str:
        return f"<Token {self.key}>"


def new_token() -> Token:
    """Return a new random key."""
    key = PREFIX + _random(ID_LENGTH)
    secret = _random(SECRET_LENGTH)
    return Token(key, secret + _checksum(key, secret))


def read_token(text: str) -> Token | None:
    """Return both halves of a bearer token, or None if it cannot be one."""
    found = _TOKEN.fullmatch(text)
    return read_pair(*found.groups()) if found else None


def read_pair(key: str, secret: str) -> Token | None:
    """Return the key made of two halves, or None if they cannot belong together."""
    if not _TOKEN.fullmatch(f"{key}_{secret}"):
        return None
    checksum = _checksum(key, secret[:SECRET_LENGTH])
    return Token(key, secret) if secret[SECRET_LENGTH:] == checksum else None


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(key: str, secret: str) -> str:
    rest, digits = crc32(f"{key}_{secret}".encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
