"""The steps that every identifier goes through before its own rule, in their order.

Trimmed and in NFC; then told apart: blank, a digest already, a placeholder, or a raw value. A rule
returns its forms and, where something is wrong, one sentence that never quotes the value. Forms
that are None are not sent; a sentence may come with forms that one platform still can use.
"""

from typing import Final

from relay.identity.digest import DENYLIST, is_digest
from relay.identity.text import clean, is_placeholder

Pair = tuple[str | None, str | None]
"""Two forms of one value, the ones that `Identity` holds side by side."""

NO_PAIR: Final[Pair] = (None, None)

BLANK_VALUE: Final = "left out: blank"
PLACEHOLDER: Final = "left out: a placeholder, not a value"
DIGEST_OF_NOTHING: Final = "left out: the digest of an empty text or of a placeholder"
HASHED: Final = "a SHA-256 digest already"
"""No flaw, but worth knowing; only digests cost the time to say so."""


Value = tuple[str, bool, str | None]
"""A cleaned text, whether it is a digest already, and a problem, with which the text is empty."""


def read(raw: str) -> Value:
    """Return the cleaned value, or why there is none; a digest is in lower case."""
    text = clean(raw)
    if not text:
        return "", False, BLANK_VALUE
    if is_digest(text):
        text = text.lower()
        return ("", True, DIGEST_OF_NOTHING) if text in DENYLIST else (text, True, None)
    return ("", False, PLACEHOLDER) if is_placeholder(text) else (text, False, None)
