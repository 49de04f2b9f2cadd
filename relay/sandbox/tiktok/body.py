"""Reads the body of a request to TikTok: its events, and the first fault for which it is refused.

TikTok accepts or refuses a request as a whole. For a fault outside `data`, the answer names the
key. A fault in an event is kept with the event, since there are several ways to name its position
(`relay.sandbox.tiktok.reply`).
"""

from typing import Any, Final

import msgspec

from relay.sandbox.answer import Answer
from relay.sandbox.fault import MALFORMED, Fault, fault_of
from relay.sandbox.platform import MAX_TEXT, Finding, Reading, text_of
from relay.sandbox.tiktok import check, notes
from relay.sandbox.tiktok.answers import answer_of
from relay.sandbox.tiktok.schema import Event, Source, Track

_PARAMETER_ERROR: Final = 40002
_TYPE_WORDS: Final = {
    "string": "not a valid string.",
    "integer": "not a valid integer.",
    "number": "not a valid number.",
    "boolean": "not a valid boolean.",
    "array": "not a valid list.",
    "object": "not a valid object.",
}

_TRACK = msgspec.json.Decoder(Track)
_EVENT = msgspec.json.Decoder(Event)


class _Loose(msgspec.Struct):
    event_source_id: Any = ""
    data: list[msgspec.Raw] = []


_LOOSE = msgspec.json.Decoder(_Loose)
_TOP = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, now: float) -> Reading:
    """Return what is in the body and what is wrong with it; `now` is in Unix seconds."""
    try:
        track = _TRACK.decode(body)
    except MALFORMED as error:
        return _shapeless_request(body, fault_of(error))
    return Reading(
        account=track.event_source_id[:MAX_TEXT],
        test=bool(track.test_event_code),
        findings=[_finding(bytes(each), track.event_source, now) for each in track.data],
        notes=tuple(notes.request_notes(_TOP.decode(body), track)),
    )


def invalid(path: str, what: str) -> Answer:
    """Return the answer that refuses a request for a fault outside its events."""
    return answer_of(_PARAMETER_ERROR, f"Invalid value for {path}: {what}")


def _shapeless_request(body: bytes, fault: Fault) -> Reading:
    loose = _loosely(body)
    source_id = loose.event_source_id
    return Reading(
        account=source_id[:MAX_TEXT] if isinstance(source_id, str) else "",
        findings=[_listed(bytes(each)) for each in loose.data],
        refusal=invalid(fault.path or "body", _wording(fault)),
    )


def _loosely(body: bytes) -> _Loose:
    try:
        return _LOOSE.decode(body)
    except MALFORMED:
        return _Loose()


def _finding(payload: bytes, source: Source, now: float) -> Finding:
    try:
        event = _EVENT.decode(payload)
        document = msgspec.json.decode(payload)
    except MALFORMED as error:
        return _shapeless(payload, fault_of(error))
    path, fault = check.fault_of(event, source) or ("", "")
    return Finding(
        event=event.event[:MAX_TEXT],
        event_id=event.event_id[:MAX_TEXT],
        event_time=event.event_time,
        payload=payload,
        fault=fault,
        path=path,
        notes=tuple(notes.event_notes(event, document, source, now)),
    )


def _listed(payload: bytes) -> Finding:
    """Return what the inbox shows of an event that is not checked."""
    try:
        document = msgspec.json.decode(payload)
    except MALFORMED:
        return Finding()
    return Finding(
        event=text_of(document, "event"), event_id=text_of(document, "event_id"), payload=payload
    )


def _shapeless(payload: bytes, fault: Fault) -> Finding:
    finding = _listed(payload)
    finding.fault = _wording(fault)
    finding.path = fault.path
    return finding


def _wording(fault: Fault) -> str:
    match fault.kind:
        case "not_json":
            return "not valid JSON."
        case "missing" | "unknown":
            return "missing data for required field."
        case "type":
            return _TYPE_WORDS.get(fault.expected, "wrong type.")
        case "enum":
            return "not a valid choice."
        case "range":
            limit = "batch size" if fault.key == "data" else "value"
            return f"{limit} must be {fault.expected}."
