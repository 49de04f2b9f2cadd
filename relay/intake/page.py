"""Page addresses without e-mail addresses.

Shops put them into links (`?email=jane@example.com`), and a page address is stored and sent plain.
Every part that holds one, even percent-encoded, is emptied; the rest stays to the letter, since
the platforms read their click ids from it.
"""

import re
from urllib.parse import unquote_plus

_SEPARATORS = re.compile(r"([/?#&;=:])")
_EMAIL = re.compile(r"[^\s@/?&=#;:]+@[^\s@/?&=#;:]+")
_MAX_ENCODINGS = 3


def without_emails(url: str | None) -> str | None:
    """Return the address with e-mail addresses cut out of its query, path and fragment."""
    if not url or ("@" not in url and "%" not in url):
        return url
    return "".join("" if _holds_email(part) else part for part in _SEPARATORS.split(url))


def _holds_email(part: str) -> bool:
    """Tell whether a part holds an address, however often it is encoded."""
    for _ in range(_MAX_ENCODINGS + 1):
        if "@" in part and _EMAIL.search(part):
            return True
        if "%" not in part:
            return False
        part = unquote_plus(part)
    return False
