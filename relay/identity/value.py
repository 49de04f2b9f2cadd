"""The steps that every identifier goes through before the rule of its own kind.

A value is trimmed and brought into NFC, then classified: blank, a digest, a placeholder, or a raw
value. A rule returns two forms and a problem: a sentence that never quotes the value, or None. A
form that is None is not sent. A problem may come with a form that one platform can still use.
"""

from typing import Final

from relay.identity.digest import DENYLIST, is_digest
from relay.identity.text import clean, is_placeholder

Pair = tuple[str | None, str | None]
"""Two forms of one value, which `Identity` holds side by side."""

NO_PAIR: Final[Pair] = (None, None)

BLANK_VALUE: Final = "left out: blank"
PLACEHOLDER: Final = "left out: a placeholder, not a value"
DIGEST_OF_NOTHING: Final = "left out: the digest of an empty text or of a placeholder"
HASHED: Final = "a SHA-256 digest already"
"""Not a problem, but worth noting; plain values cost no time for it."""


Value = tuple[str, bool, str | None]
"""A cleaned text, whether it is a digest, and a problem; with a problem, the text is empty."""


def read(raw: str) -> Value:
    """Return the cleaned value, or why it cannot be used; a digest comes back in lower case."""
    text = clean(raw)
    if not text:
        return "", False, BLANK_VALUE
    if is_digest(text):
        text = text.lower()
        return ("", True, DIGEST_OF_NOTHING) if text in DENYLIST else (text, True, None)
    return ("", False, PLACEHOLDER) if is_placeholder(text) else (text, False, None)
