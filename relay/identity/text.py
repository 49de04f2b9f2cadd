"""Text as people paste it: invisible characters, blanks of every kind, words that mean "nothing".

Everything here is pure and takes any string; a text that is no valid Unicode (a lone surrogate), or
no writing (`relay.normal_form`), counts as blank. Lower-casing is `lower()`, never `casefold()`:
the platforms' own scripts turn ß into ß, not into ss, and a digest forgives nothing.
"""

from typing import Final
from unicodedata import category, decimal

from relay.normal_form import normal

INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Zero-width characters and the soft hyphen: they come along with copied text."""

BLANK: Final = INVISIBLE + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What either Python's `strip` or JavaScript's `trim` removes, and the invisible ones."""

PLACEHOLDERS: Final = frozenset({"null", "undefined", "none", "nan", "n/a", "(not set)", "unknown"})
"""What templates and tag managers write where they have no value; compared without case."""

LONGEST_PLACEHOLDER: Final = max(map(len, PLACEHOLDERS))
_DELETE_ASCII_PUNCTUATION: Final = dict.fromkeys(
    code for code in range(128) if category(chr(code))[0] == "P"
)
_DELETE_INVISIBLE: Final = dict.fromkeys(map(ord, INVISIBLE))


def clean(raw: str) -> str:
    """Return `raw` in NFC without invisible characters and outer blanks."""
    if raw.isascii():
        return raw.strip()
    if not _is_unicode(raw):
        return ""
    return normal("NFC", raw.translate(_DELETE_INVISIBLE)).strip()


def trim(raw: str) -> str:
    """Return `raw` without blanks and invisible characters at its ends, otherwise untouched."""
    if raw.isascii():
        return raw.strip()
    return raw.strip(BLANK) if _is_unicode(raw) else ""


def lower(text: str) -> str:
    """Return `text` in lower case and NFC: lower-casing can leave a letter and its accent apart."""
    return composed(text.lower())


def composed(text: str) -> str:
    """Return `text` in NFC."""
    return text if text.isascii() else normal("NFC", text)


def is_placeholder(text: str) -> bool:
    """Tell whether a trimmed text is one of the words that stand for no value."""
    return len(text) <= LONGEST_PLACEHOLDER and text.lower() in PLACEHOLDERS


def ascii_digits(text: str) -> str:
    """Return `text` with the decimal digits of any script as 0-9."""
    if text.isascii():
        return text
    return "".join(str(decimal(char)) if char.isdecimal() else char for char in text)


def letters(text: str) -> str:
    """Return what is left of `text`, in lower case, without blanks, punctuation and symbols.

    Letters and marks of any script and decimal digits stay.
    """
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    kept = (char for char in lower(text) if category(char)[0] in "LM" or char.isdecimal())
    return composed("".join(kept))


def without_punctuation(text: str) -> str:
    """Return `text` without the characters of Unicode's category P; symbols and blanks stay."""
    if text.isascii():
        return text.translate(_DELETE_ASCII_PUNCTUATION)
    return composed("".join(char for char in text if category(char)[0] != "P"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
