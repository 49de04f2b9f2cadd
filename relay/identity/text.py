"""Cleans pasted text: invisible characters, whitespace of every kind, words that mean "nothing".

All functions are pure and accept any string. Invalid Unicode (a lone surrogate) and text that is no
writing (`relay.normal_form`) count as blank. Lower-casing is `lower()`, never `casefold()`: the
platforms' own scripts keep ß and do not make it ss, and a digest must match exactly.
"""

from typing import Final
from unicodedata import category, decimal

from relay.normal_form import normal

INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Zero-width characters and the soft hyphen, which come with copied text."""

BLANK: Final = INVISIBLE + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""The characters that Python's `strip` or JavaScript's `trim` removes, and invisible ones."""

PLACEHOLDERS: Final = frozenset({"null", "undefined", "none", "nan", "n/a", "(not set)", "unknown"})
"""What templates and tag managers write if they have no value; case does not matter."""

LONGEST_PLACEHOLDER: Final = max(map(len, PLACEHOLDERS))
_DELETE_ASCII_PUNCTUATION: Final = dict.fromkeys(
    code for code in range(128) if category(chr(code))[0] == "P"
)
_DELETE_INVISIBLE: Final = dict.fromkeys(map(ord, INVISIBLE))


def clean(raw: str) -> str:
    """Return `raw` in NFC, without invisible characters and outer whitespace."""
    if raw.isascii():
        return raw.strip()
    if not _is_unicode(raw):
        return ""
    return normal("NFC", raw.translate(_DELETE_INVISIBLE)).strip()


def trim(raw: str) -> str:
    """Return `raw` without whitespace and invisible characters at its ends, otherwise unchanged."""
    if raw.isascii():
        return raw.strip()
    return raw.strip(BLANK) if _is_unicode(raw) else ""


def lower(text: str) -> str:
    """Return `text` in lower case and NFC; lower-casing can separate a letter from its accent."""
    return composed(text.lower())


def composed(text: str) -> str:
    """Return `text` in NFC."""
    return text if text.isascii() else normal("NFC", text)


def is_placeholder(text: str) -> bool:
    """Return whether a trimmed text is one of the words that stand for no value."""
    return len(text) <= LONGEST_PLACEHOLDER and text.lower() in PLACEHOLDERS


def ascii_digits(text: str) -> str:
    """Return `text` with decimal digits of any script replaced by 0-9."""
    if text.isascii():
        return text
    return "".join(str(decimal(char)) if char.isdecimal() else char for char in text)


def letters(text: str) -> str:
    """Return `text` in lower case, without whitespace, punctuation and symbols.

    Letters and marks of any script and decimal digits stay.
    """
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    kept = (char for char in lower(text) if category(char)[0] in "LM" or char.isdecimal())
    return composed("".join(kept))


def without_punctuation(text: str) -> str:
    """Return `text` without characters of Unicode's category P; symbols and whitespace stay."""
    if text.isascii():
        return text.translate(_DELETE_ASCII_PUNCTUATION)
    return composed("".join(char for char in text if category(char)[0] != "P"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
