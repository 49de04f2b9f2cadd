"""Reads the body of a request to Pinterest: its events, and the first fault in their shape.

A single unknown key anywhere makes Pinterest refuse the whole request, with the text of a JSON
Schema validator and no index. As with the real API, the text quotes the faulty value. All events
are read nevertheless, so that the inbox can list them.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from relay.sandbox.answer import Answer
from relay.sandbox.fault import MALFORMED, Fault, fault_of, value_at
from relay.sandbox.pinterest import check
from relay.sandbox.pinterest.answers import answer_of
from relay.sandbox.pinterest.schema import ConversionEvents, Event
from relay.sandbox.platform import MAX_TEXT, Finding, text_of

_MAX_QUOTE: Final = 100
_INVALID: Final = 4196


class _Loose(msgspec.Struct):
    data: list[msgspec.Raw] = []


_ENVELOPE = msgspec.json.Decoder(ConversionEvents)
_LOOSE = msgspec.json.Decoder(_Loose)
_EVENT = msgspec.json.Decoder(Event)


def read(body: bytes, now: float) -> tuple[Sequence[Finding], Answer | None]:
    """Return the events, and the refusal if their shape is wrong; `now` is in Unix seconds."""
    try:
        payloads = _ENVELOPE.decode(body).data
    except MALFORMED as error:
        refusal = invalid(_wording(fault_of(error), body))
        return [_finding(bytes(payload), now) for payload in _loosely(body)], refusal
    findings = [_finding(bytes(payload), now) for payload in payloads]
    shapeless = next((found for found in findings if found.is_shapeless), None)
    return findings, invalid(shapeless.fault) if shapeless else None


def invalid(message: str) -> Answer:
    """Return the answer that refuses a whole request for its shape."""
    return answer_of(400, _INVALID, f"Invalid request: {message}", fate="refused")


def _loosely(body: bytes) -> list[msgspec.Raw]:
    try:
        return _LOOSE.decode(body).data
    except MALFORMED:
        return []


def _finding(payload: bytes, now: float) -> Finding:
    try:
        event = _EVENT.decode(payload)
    except MALFORMED as error:
        return _shapeless(payload, fault_of(error))
    path, fault = check.fault_of(event, now) or ("", "")
    return Finding(
        event=event.event_name[:MAX_TEXT],
        event_id=event.event_id[:MAX_TEXT],
        event_time=event.event_time,
        payload=payload,
        fault=fault,
        path=path,
        warning=check.warning_of(event),
        notes=tuple(check.notes_of(event, payload)),
    )


def _shapeless(payload: bytes, fault: Fault) -> Finding:
    document = _document(payload)
    return Finding(
        event=text_of(document, "event_name"),
        event_id=text_of(document, "event_id"),
        payload=b"" if fault.kind == "not_json" else payload,
        fault=_wording(fault, payload),
        path=fault.path,
        is_shapeless=True,
    )


def _document(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except MALFORMED:
        return None


def _wording(fault: Fault, payload: bytes) -> str:
    """Return the fault in the words of a JSON Schema validator."""
    match fault.kind:
        case "not_json":
            return "the body is not valid JSON"
        case "unknown":
            key = fault.key[:_MAX_QUOTE]
            return f"Additional properties are not allowed ('{key}' was unexpected)"
        case "missing":
            return f"'{fault.key}' is a required property"
    value = _quoted(value_at(_document(payload), fault.path))
    match fault.kind:
        case "type":
            return f"{value} is not of type '{fault.expected}'"
        case "enum":
            return f"{value} is not one of the allowed values of '{fault.key}'"
        case "range":
            return f"{value} is out of range: '{fault.key}' must be {fault.expected}"


def _quoted(value: Any) -> str:
    return repr(value)[:_MAX_QUOTE]
