"""Unicode normal forms in a time that grows with the text, whoever has written it.

Normalising sorts the combining marks on a letter, which takes the square of their number: eight
thousand on one letter hold up the process for a tenth of a second. No writing needs more than 30
in a row (UAX #15, "Stream-Safe Text Format"), so a text that has more is none.
"""

from typing import Final, Literal
from unicodedata import combining, normalize

Form = Literal["NFC", "NFD", "NFKC"]

MAX_MARKS: Final = 30
"""Combining marks in a row."""


def normal(form: Form, text: str) -> str:
    """Return `text` in a normal form; nothing for one with more marks in a row than any writing."""
    return normalize(form, text) if _is_stream_safe(text) else ""


def _is_stream_safe(text: str) -> bool:
    if len(text) <= MAX_MARKS:
        return True
    marks = 0
    for char in text:
        marks = marks + 1 if combining(char) else 0
        if marks > MAX_MARKS:
            return False
    return True
