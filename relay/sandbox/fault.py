"""Parses shape errors, so that each emulator can report them in its platform's own words.

Msgspec finds the first key that is unknown, missing or of the wrong type; this module turns its
message into data. It does not keep the faulty value: only the platform's answer may quote it, as
the real platforms do.
"""

import re
from typing import Any, Final, Literal

import msgspec

Kind = Literal["not_json", "unknown", "missing", "type", "enum", "range"]

MALFORMED: Final = (ValueError, RecursionError)
"""What decoding raises for bytes that are not JSON or UTF-8, nested too deep, or wrongly shaped."""

_PLACE = re.compile(r"(?s)(?P<text>.*?)(?: - at `\$(?P<path>[^`]*)`)?")
_UNKNOWN = re.compile(r"(?s)Object contains unknown field `(?P<name>.*)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")
_TYPE = re.compile(r"Expected `(?P<expected>.*)`, got `.*`")
_BOUND = re.compile(r"Expected `(?P<expected>\w+)`(?: of length)? (?P<bound>[<>]= \S+)")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")

_JSON_NAMES: Final = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "array",
    "object": "object",
}


class Fault(msgspec.Struct, frozen=True):
    """The first thing that is wrong with the shape of a document.

    `path` is dotted (`custom_data.contents.0.id`), relative to the document, and ends with the
    faulty key. `expected` is the expected JSON type, or the bound that was exceeded, such as
    `<= 100`.
    """

    kind: Kind
    path: str = ""
    expected: str = ""

    @property
    def key(self) -> str:
        """The last key of the path."""
        return self.path.rpartition(".")[2]


def fault_of(error: BaseException) -> Fault:
    """Return the fault that a decoding error (one of `MALFORMED`) reports."""
    place = _PLACE.fullmatch(str(error))
    if not isinstance(error, msgspec.ValidationError) or place is None:
        return Fault("not_json")
    steps = [name or index for name, index in _STEP.findall(place["path"] or "")]
    return _read(place["text"], steps)


def _read(text: str, steps: list[str]) -> Fault:
    path = ".".join(steps)
    if found := _UNKNOWN.fullmatch(text):
        return Fault("unknown", ".".join([*steps, found["name"]]))
    if found := _MISSING.fullmatch(text):
        return Fault("missing", ".".join([*steps, found["name"]]))
    if found := _TYPE.fullmatch(text):
        return Fault("type", path, _json_type(found["expected"]))
    if found := _BOUND.fullmatch(text):
        return Fault("range", path, found["bound"])
    return Fault("enum", path) if text.startswith("Invalid enum") else Fault("range", path)


def _json_type(names: str) -> str:
    """Return the JSON name of the first type that was expected (`str | null` is a string)."""
    return _JSON_NAMES.get(names.partition(" | ")[0], names)


def value_at(document: Any, path: str) -> Any:
    """Return the value at a fault's path in a decoded document, None if there is none."""
    for step in path.split(".") if path else ():
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document
