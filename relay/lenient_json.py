"""Decodes a platform's answer even if strings in it are not valid Unicode.

Platforms quote what they were sent, and truncate it after a number of bytes or UTF-16 units, in the
middle of a letter or an emoji. The verdict next to such a string still counts: without it, accepted
events would be sent again, and refused ones would look like an outage. Only strings are repaired; a
body that is not JSON still fails.
"""

import re
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

MAX_REPAIRED_BYTES: Final = 1024 * 1024
"""A larger answer is not repaired, since that would block everything else."""

_ESCAPE: Final = re.compile(
    r"(?P<pair>\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|(?P<half>\\u[Dd][89A-Fa-f][0-9A-Fa-f]{2})"
    r"|\\.",
    re.DOTALL,
)


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Return what `body` contains, with U+FFFD in place of broken characters.

    Raises ValueError if it is not JSON or has another shape, RecursionError for a hostile depth.
    """
    try:
        return decoder.decode(body)
    except ValueError:
        repaired = _repaired(bytes(body))
        if repaired is None:
            raise
    return decoder.decode(repaired)


def _repaired(body: bytes) -> bytes | None:
    """Return the body without broken characters; None if none are found or it is too large."""
    if len(body) > MAX_REPAIRED_BYTES:
        return None
    repaired = _ESCAPE.sub(_whole, body.decode("utf-8", "replace")).encode()
    return repaired if repaired != body else None


def _whole(escape: re.Match[str]) -> str:
    """Return an escape unchanged, but U+FFFD for half of a surrogate pair."""
    return "\\ufffd" if escape["half"] else escape[0]
