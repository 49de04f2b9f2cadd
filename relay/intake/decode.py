"""One undecoded event into an `InboundEvent`, strictly, or its first problem."""

import re
from typing import Any

import msgspec

from relay.event import InboundEvent
from relay.intake.problem import Code, Problem, Unusable
from relay.intake.split import unreadable
from relay.logs import scrub

_DECODER = msgspec.json.Decoder(InboundEvent)
_ANYTHING = msgspec.json.Decoder()
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_NAME = re.compile(r"field `(?P<name>.*)`$", re.DOTALL)
_MAX_KEY = 100
_SENTENCES: tuple[tuple[str, Code, str], ...] = (
    (
        "Object contains unknown field",
        "unknown_key",
        "This key is not known here; check its spelling.",
    ),
    ("Object missing required field", "missing", "This key is required."),
    ("Invalid enum value", "invalid_value", "This is none of the allowed values."),
    ("Invalid decimal", "invalid_value", "This is not a decimal number."),
)


def decode(raw: bytes | msgspec.Raw) -> InboundEvent:
    """Return the event.

    Raises `Unusable` for its first problem, or `Unreadable` for what is no JSON at all.
    """
    try:
        return _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        raise _unusable(raw, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(error) from None


def event_id_of(raw: bytes | msgspec.Raw) -> str | None:
    """Return the event id of an event that may be unusable otherwise, if it has a proper one."""
    try:
        event_id = _SKIM.decode(raw).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if event_id is None else str(event_id)[:256]


class _Skim(msgspec.Struct):
    event_id: str | int | None = None
    custom: dict[str, Any] | None = None


_SKIM = msgspec.json.Decoder(_Skim)


def _unusable(raw: bytes | msgspec.Raw, text: str) -> Exception:
    """Return the problem behind a message of the decoder, whose values are left out.

    A number that no reader could hold makes the whole body unreadable, wherever it stands.
    """
    try:
        _ANYTHING.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return unreadable(error)
    problem = explain(text)
    path = _custom_path(raw) if problem.path == "custom[...]" else problem.path
    return Unusable(problem.code, path, problem.message)


def _custom_path(raw: bytes | msgspec.Raw) -> str:
    """Return the path of the first value in `custom` that is no scalar."""
    custom = _SKIM.decode(raw).custom or {}
    return next(
        (
            f"custom.{_shown(key)}"
            for key, value in custom.items()
            if isinstance(value, list | dict)
        ),
        "custom",
    )


def explain(text: str) -> Problem:
    """Return the problem that a validation message of the decoder stands for."""
    place = _PLACE.match(text)
    what, path = (place["what"], place["path"]) if place else (text, None)
    path = (path or "$").removeprefix("$").removeprefix(".")
    for start, code, sentence in _SENTENCES:
        if what.startswith(start):
            return Problem(code, _with_name(path, what), sentence)
    if _is_bound(what):
        return Problem("out_of_range", path, f"{_expected(what)}.")
    return Problem("wrong_type", path, f"{_expected(what)}.")


def _with_name(path: str, what: str) -> str:
    name = _NAME.search(what)
    return path if name is None else f"{path}.{_shown(name['name'])}".removeprefix(".")


def _shown(key: str) -> str:
    """Return a producer's own key as far as it is safe to keep: keys can hold PII, too."""
    return scrub(key, _MAX_KEY)


def _is_bound(what: str) -> bool:
    return " of length " in what or bool(re.search(r" [<>]=? ", what))


def _expected(what: str) -> str:
    """Return the decoder's own words without the backquotes; they name types, never values."""
    return what.replace("`", "").replace("array", "list")
