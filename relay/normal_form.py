"""Unicode normal forms in linear time, whoever has written the text.

Normalising sorts the combining marks on a letter, which takes time quadratic in their number: eight
thousand on one letter block the process for a tenth of a second. No script needs more than 30 in a
row (UAX #15, "Stream-Safe Text Format"), so a text that has more counts as empty.
"""

from typing import Final, Literal
from unicodedata import combining, normalize

Form = Literal["NFC", "NFD", "NFKC"]

MAX_MARKS: Final = 30
"""The most combining marks in a row."""


def normal(form: Form, text: str) -> str:
    """Return `text` in a normal form, or an empty text if it has too many marks in a row."""
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
