"""Writes the body of one of TikTok's answers: the envelope, and the message on a faulty event."""

from collections.abc import Sequence

from relay.sandbox import platform
from relay.sandbox.answer import Answer, Fate
from relay.sandbox.platform import Ending, Finding
from relay.sandbox.style import Style
from relay.sandbox.tiktok.schema import Data, Envelope, FailedEvent


def ending(answer: Answer, fates: Sequence[Fate], request_id: str) -> Ending:
    """Return the ending of a request that gets this answer."""
    envelope = Envelope(answer.code or 0, answer.message, request_id, _data(answer, fates))
    return platform.ending(answer, envelope, fates, {})


def fault_message(position: int, finding: Finding, style: Style) -> str:
    """Return the message about a faulty event, in one of the three known forms."""
    path = finding.path or "event"
    match style.tiktok_index:
        case "data":
            return f"Invalid value for data.{position}.{path}: {finding.fault}"
        case "batch":
            return f"Batch.{position}.{path}: {finding.fault.capitalize()}"
        case "none":
            return f"Invalid value for {path}: {finding.fault}"


def _data(answer: Answer, fates: Sequence[Fate]) -> Data:
    if answer.results == "none":
        return Data()
    failed = [position for position, fate in enumerate(fates) if fate == "refused"]
    return Data([FailedEvent(position, "invalid event") for position in failed])
