"""The decoder's words on an event into the codes and paths that producers rely on.

msgspec says what it met as one line: "Expected `str`, got `int` - at `$.order.items[2].price`".
What of it may hold something of the event's own, an unknown key or an enumeration's value, is
scrubbed or left out. `tests/unit/intake` holds every kind of line against the installed version.
"""

import re
from typing import Final

from relay.intake.problem import Code, Problem
from relay.intake.split import shown

ANY_KEY: Final = "[...]"
"""How msgspec writes a key of a free object, such as `custom`."""

_PLACE: Final = re.compile(
    r"(?P<what>.*?)"
    r"(?: - at `\$\.?(?P<path>(?:[a-z_]+)?(?:\.[a-z_]+|\[\d+\]|\[\.\.\.\])*)`)?",
    re.DOTALL,
)
"""Each name can be read in one way only. A producer's key may look like a path, and a pattern that
could read it in several ways would try them all: twice as many with each further character."""
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
    """Return the problem that a line of the decoder stands for."""
    place = _PLACE.fullmatch(line)
    what, path = (place["what"], place["path"] or "") if place else (line, "")
    known = _SENTENCES.get(" ".join(what.split(" ", 3)[:3]))
    if known is not None:
        return Problem(known[0], _with_name(path, what), known[1])
    code: Code = "out_of_range" if _BOUND.search(what) else "wrong_type"
    return Problem(code, path, f"{_plain(what)}.")


def _with_name(path: str, what: str) -> str:
    named = _NAMED.fullmatch(what)
    return path if named is None else f"{path}.{shown(named['name'])}".removeprefix(".")


def _plain(what: str) -> str:
    """Return what was expected without backquotes; it names types and bounds, never values."""
    return what.replace("`", "").replace("array", "list")
