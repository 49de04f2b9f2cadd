"""Decodes an event strictly to an `InboundEvent`, or reports its first problem."""

from collections.abc import Mapping
from typing import Final

import msgspec

from relay.event import MAX_EVENT_ID, InboundEvent
from relay.intake.explain import ANY_KEY, explain
from relay.intake.problem import Problem, Unusable
from relay.intake.split import Document, repaired, shown, unreadable

_DECODER = msgspec.json.Decoder(InboundEvent)
_ANYTHING = msgspec.json.Decoder()
HALF: Final = Problem(
    "not_json", "", "This is not valid JSON: an escape holds half a surrogate pair."
)
"""The problem of one event in a list; the other events are not affected."""
_IN_CUSTOM: Final = f"custom{ANY_KEY}"


def decode(raw: Document) -> InboundEvent:
    """Return the event.

    Raises `Unusable` for its first problem, or `Unreadable` if it is not JSON at all.
    """
    try:
        return _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        problem = explain(str(error))
        raise Unusable(problem.code, problem.path, problem.message) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _is_half(raw):
            raise Unusable(HALF.code, HALF.path, HALF.message) from None
        raise unreadable(error) from None


def diagnose(raw: Document, problem: Problem) -> tuple[str | None, Problem]:
    """Return the id of an unusable event, if it has a valid one, and its problem.

    In an event of a list, half of a surrogate pair takes precedence over `problem`. Raises
    `Unreadable` if the rest of the event is not JSON, or contains a number that no decoder could
    represent: then the problem found first says little.
    """
    try:
        content = _ANYTHING.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _is_half(raw):
            return None, HALF
        raise unreadable(error) from None
    if not isinstance(content, dict):
        return None, problem
    if problem.path == _IN_CUSTOM:
        problem = Problem(problem.code, _path_in_custom(content), problem.message)
    return _event_id(content), problem


def _is_half(raw: Document) -> bool:
    """Return whether an event of a list is valid JSON except for halves of surrogate pairs."""
    if not isinstance(raw, msgspec.Raw):
        return False
    text = bytes(raw)
    whole = repaired(text)
    try:
        _ANYTHING.decode(whole)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return whole != text


def _event_id(content: Mapping[str, object]) -> str | None:
    event_id = content.get("event_id")
    if isinstance(event_id, bool) or not isinstance(event_id, str | int):
        return None
    text = str(event_id)
    return text if 0 < len(text) <= MAX_EVENT_ID else None


def _path_in_custom(content: Mapping[str, object]) -> str:
    """Return the path of the first value in `custom` that is not a scalar."""
    custom = content.get("custom")
    pairs = custom.items() if isinstance(custom, dict) else ()
    guilty = (key for key, value in pairs if isinstance(value, list | dict))
    return f"custom.{shown(next(guilty, ''))}".removesuffix(".")
