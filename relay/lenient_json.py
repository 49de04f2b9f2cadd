"""Decodes a platform's answer even where texts in it are no Unicode.

Platforms quote what they were sent, and cut it after so many bytes or UTF-16 units, through the
middle of a letter or an emoji. The verdict beside such a text counts all the same: without it, what
was taken would be sent again, and what was refused would look like an outage. Only texts are
repaired; what is no JSON stays none.
"""

import re
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

MAX_REPAIRED_BYTES: Final = 1024 * 1024
"""A larger answer is taken as it is, since nothing else is done while texts are repaired."""

_ESCAPE: Final = re.compile(
    r"(?P<pair>\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|(?P<half>\\u[Dd][89A-Fa-f][0-9A-Fa-f]{2})"
    r"|\\.",
    re.DOTALL,
)


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Return what `body` holds, with U+FFFD for what is no letter.

    Raises ValueError for what is no JSON or of another shape, RecursionError for a hostile depth.
    """
    try:
        return decoder.decode(body)
    except ValueError:
        repaired = _repaired(bytes(body))
        if repaired is None:
            raise
    return decoder.decode(repaired)


def _repaired(body: bytes) -> bytes | None:
    """Return the body with whole letters only, or None if that is no other one."""
    if len(body) > MAX_REPAIRED_BYTES:
        return None
    repaired = _ESCAPE.sub(_whole, body.decode("utf-8", "replace")).encode()
    return repaired if repaired != body else None


def _whole(escape: re.Match[str]) -> str:
    """Return an escape as it is, but for half of a surrogate pair."""
    return "\\ufffd" if escape["half"] else escape[0]
