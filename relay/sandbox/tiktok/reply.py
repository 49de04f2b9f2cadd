"""Putting an answer of TikTok's on the wire: the envelope, and the names of faulty events."""

from collections.abc import Sequence
from typing import Final

import msgspec

from relay.sandbox.answer import Answer, Fate
from relay.sandbox.platform import Ending, Finding, Reply, gateway_page
from relay.sandbox.style import Style
from relay.sandbox.tiktok.schema import Data, Envelope, FailedEvent

_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html"}


def ending(answer: Answer, fates: Sequence[Fate], request_id: str) -> Ending:
    """Return how a request ends that gets this answer."""
    kind = _HTML if answer.form == "html" else _JSON
    reply = Reply(answer.status, _body(answer, fates, request_id), {**kind, **answer.headers})
    code = "" if answer.code is None else str(answer.code)
    return Ending(reply=reply, fates=fates, code=code)


def fault_message(position: int, finding: Finding, style: Style) -> str:
    """Return the message about one faulty event, in one of the three shapes that are known."""
    path = finding.path or "event"
    match style.tiktok_index:
        case "data":
            return f"Invalid value for data.{position}.{path}: {finding.fault}"
        case "batch":
            return f"Batch.{position}.{path}: {finding.fault.capitalize()}"
        case "none":
            return f"Invalid value for {path}: {finding.fault}"


def _body(answer: Answer, fates: Sequence[Fate], request_id: str) -> bytes:
    match answer.form:
        case "html":
            return gateway_page(answer)
        case "empty":
            return b""
        case "raw":
            return answer.body.encode()
        case "json":
            envelope = Envelope(answer.code or 0, answer.message, request_id, _data(answer, fates))
            return msgspec.json.encode(envelope)


def _data(answer: Answer, fates: Sequence[Fate]) -> Data:
    if answer.results == "none":
        return Data()
    failed = [position for position, fate in enumerate(fates) if fate == "refused"]
    return Data([FailedEvent(position, "invalid event") for position in failed])
