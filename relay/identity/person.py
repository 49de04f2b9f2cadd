"""Names, gender, birth date and the shop's own id of a person.

Pinterest lower-cases names and keeps their punctuation (Conversions API v5); TikTok drops it
(Events API 2.0, "Parameters", 2026). The external id is only trimmed, and keeps its case: it must
be the text that the shop's browser tag hashes.
"""

from datetime import datetime
from typing import Final

from relay.identity.digest import DENYLIST, DIGEST_LENGTH, ZERO_ID, digest, is_digest
from relay.identity.text import (
    PLACEHOLDERS,
    ascii_digits,
    composed,
    is_placeholder,
    letters,
    lower,
    trim,
)
from relay.identity.text import without_punctuation as unpunctuated
from relay.identity.value import (
    BLANK_VALUE,
    DIGEST_OF_NOTHING,
    HASHED,
    NO_PAIR,
    PLACEHOLDER,
    Pair,
    read,
)

NOT_A_NAME: Final = "left out: no letter in it"
NOT_A_GENDER: Final = "left out: none of female, male, non-binary"
NOT_A_DATE: Final = "left out: not a date as YYYY-MM-DD or YYYYMMDD"

GENDERS: Final = {
    "f": "f",
    "female": "f",
    "m": "m",
    "male": "m",
    "n": "n",
    "nonbinary": "n",
}

EARLIEST_YEAR: Final = 1900
"""An earlier date is a database's zero value (0001-01-01, 1899-12-30), not a birth date."""
LATEST_YEAR: Final = 2099

_NO_IDS: Final = PLACEHOLDERS | {"", ZERO_ID}
"""Texts in lower case that stand for no id."""


def name(raw: str) -> tuple[Pair, str | None]:
    """Return the digests with punctuation (and single spaces) and without, and a problem."""
    text, hashed, problem = read(raw)
    if problem is not None:
        return NO_PAIR, problem
    if hashed:
        return (text, text), HASHED
    plain = unpunctuated(lower(composed(trim(raw)))).strip()
    if not plain:
        return NO_PAIR, NOT_A_NAME
    kept = " ".join(lower(text).split())
    if is_placeholder(plain) or is_placeholder(kept):
        return NO_PAIR, PLACEHOLDER
    return (digest(kept), digest(plain)), None


def gender(raw: str) -> tuple[str | None, str | None]:
    """Return the digest of `f`, `m` or `n`, and a problem."""
    text, hashed, problem = read(raw)
    if problem is not None or hashed:
        return text or None, problem or HASHED
    letter = GENDERS.get(letters(text))
    return (None, NOT_A_GENDER) if letter is None else (digest(letter), None)


def birth_date(raw: str) -> tuple[str | None, str | None]:
    """Return the digest of an ISO 8601 date as `YYYYMMDD`, without a time of day, and a problem."""
    text, hashed, problem = read(raw)
    if problem is not None or hashed:
        return text or None, problem or HASHED
    try:
        moment = datetime.fromisoformat(ascii_digits(text))
    except ValueError:
        return None, NOT_A_DATE
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return None, NOT_A_DATE
    return digest(moment.strftime("%Y%m%d")), None


def external_id(raw: str) -> tuple[Pair, str | None]:
    """Return the digest of the trimmed id twice (all platforms take the same), and a problem."""
    text = raw.strip()
    if text.isascii() and len(text) < DIGEST_LENGTH and text.lower() not in _NO_IDS:
        value = digest(text)
        return (value, value), None
    return _unusual_id(raw)


def _unusual_id(raw: str) -> tuple[Pair, str | None]:
    """Do the same for a text that is long or not ASCII, or that stands for no id."""
    text = trim(raw)
    if not text:
        return NO_PAIR, BLANK_VALUE
    if is_placeholder(text):
        return NO_PAIR, PLACEHOLDER
    hashed = is_digest(text)
    value = text.lower() if hashed else digest(text)
    if value in DENYLIST:
        return NO_PAIR, DIGEST_OF_NOTHING if hashed else PLACEHOLDER
    return (value, value), HASHED if hashed else None
