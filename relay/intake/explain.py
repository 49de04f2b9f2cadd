"""Translates the decoder's errors to the codes and paths that producers rely on.

msgspec describes an error in one line: "Expected `str`, got `int` - at `$.order.items[2].price`".
Parts that may quote the event, an unknown key or an enumeration's value, are scrubbed or left out.
`tests/unit/intake` checks every kind of line against the installed version.
"""

import re
from typing import Final

from relay.intake.problem import Code, Problem
from relay.intake.split import shown

ANY_KEY: Final = "[...]"
"""How msgspec writes a key of a free object, such as `custom`."""

_AT: Final = " - at `$"
_PLACE: Final = re.compile(r"\.?(?P<path>(?:[a-z_]+)?(?:\.[a-z_]+|\[\d{1,7}\]|\[\.\.\.\])*)`")
"""Each name matches in one way only. A producer's key may look like a path, and an ambiguous
pattern would try all ways to match it: twice as many with each further character."""
MAX_PATH: Final = 60
"""The most characters of a path in an event; a longer one is a producer's key that looks like one.
"""
_NAMED: Final = re.compile(r"[^`]* field `(?P<name>.*)`", re.DOTALL)
_BOUND: Final = re.compile(r" of length | [<>]=? ")
_SENTENCES: Final[dict[str, tuple[Code, str]]] = {
    "Object contains unknown": (
        "unknown_key",
        "This key is not known here; check its spelling.",
    ),
    "Object missing required": ("missing", "This key is required."),
    "Invalid enum value": ("invalid_value", "This is none of the allowed values."),
}


def explain(line: str) -> Problem:
    """Return the problem that an error line of the decoder describes."""
    what, path = _parted(line)
    known = _SENTENCES.get(" ".join(what.split(" ", 3)[:3]))
    if known is not None:
        return Problem(known[0], _with_name(path, what), known[1])
    code: Code = "out_of_range" if _BOUND.search(what) else "wrong_type"
    return Problem(code, path, f"{_plain(what)}.")


def _parted(line: str) -> tuple[str, str]:
    """Return what is wrong, and the path; the key in a line may have millions of characters."""
    what, _, end = line.rpartition(_AT)
    place = _PLACE.fullmatch(end) if len(end) <= MAX_PATH else None
    return (what, place["path"]) if what and place else (line, "")


def _with_name(path: str, what: str) -> str:
    named = _NAMED.fullmatch(what)
    return path if named is None else f"{path}.{shown(named['name'])}".removeprefix(".")


def _plain(what: str) -> str:
    """Return the decoder's text without backquotes; it names types and bounds, never values."""
    return what.replace("`", "").replace("array", "list")
