"""What the emulators of both platforms share: the types by which one request is described.

A request goes through two steps. Reading makes a `Reading` of it: who sent it, what is in it, and
the first thing wrong with each event. Answering turns the reading (or a named answer of a fault
script) into the platform's `Reply` and one `Fate` per event. Neither keeps a token.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from relay.sandbox.answer import Answer, Fate, PlatformName

Culprit = Callable[[str], bool]
"""Whether a fault script wants the event with this id refused."""

MAX_TEXT = 256
"""Characters of a name or an id that are kept; longer ones are cut in the inbox."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came in. Its `repr` shows nothing: it holds the token."""

    account: str
    """The ad account of the path; TikTok's is in the body, so there it is empty."""
    token: str | None
    """The credential header as sent, None when there is none."""
    query: Mapping[str, str]
    content_type: str
    content_encoding: str
    body: bytes | None
    """None: over the size limit, not read."""

    def __repr__(self) -> str:
        return "<Call>"


class Finding(msgspec.Struct, kw_only=True, gc=False):
    """One event of a request, and what the validator found in it."""

    event: str = ""
    event_id: str = ""
    event_time: int | None = None
    payload: bytes = b""
    fault: str = ""
    """The platform's words if it would refuse the event, empty if it is fine. May quote a value."""
    is_shapeless: bool = False
    """Whether it is a fault of shape, for which Pinterest refuses the request whole."""
    path: str = ""
    """Where the fault is, dotted, relative to the event. Never quotes a value."""
    warning: str = ""
    """Advice that the platform itself gives on an event it takes."""
    notes: tuple[str, ...] = ()
    """Mistakes that the platform takes silently. Never quote a value."""


class Reading(msgspec.Struct, kw_only=True):
    """What the validator made of one request."""

    account: str = ""
    test: bool = False
    findings: Sequence[Finding] = ()
    refusal: Answer | None = None
    """Set when the request as a whole is refused, whatever its events are."""
    headers: Mapping[str, str] = {}
    """Headers that every answer to this request carries."""
    notes: tuple[str, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """An answer of the platform, ready for the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a request ended: the answer, and what became of each event."""

    reply: Reply
    fates: Sequence[Fate]
    code: str
    """The platform's code in the body, as text; empty when the body has none."""


class Platform(Protocol):
    """The emulator of one platform. It does no I/O, and never raises for any input."""

    name: PlatformName

    def read(self, call: Call) -> Reading:
        """Return what is in the request and what is wrong with it."""
        ...

    def judge(self, reading: Reading, culprit: Culprit) -> Ending:
        """Return the answer that the platform gives by itself; `culprit` marks bad events."""
        ...

    def act(self, answer: Answer, reading: Reading, reset_s: float | None) -> Ending:
        """Return a named answer, given whatever the request holds.

        `reset_s` is how long a throttle lasts, for platforms that say so in a header.
        """
        ...


def sunk(refusal: Answer, findings: Sequence[Finding]) -> list[Fate]:
    """Return the fates in a request that was refused whole: the guilty events, and the others."""
    if refusal.fate != "refused" or not any(finding.fault for finding in findings):
        return refusal.fates(len(findings))
    return ["refused" if finding.fault else "turned_away" for finding in findings]


def text_of(document: Any, key: str) -> str:
    """Return a text of a decoded object for the inbox, empty if there is none."""
    value = document.get(key) if isinstance(document, dict) else None
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def ending(
    answer: Answer, document: msgspec.Struct, fates: Sequence[Fate], headers: Mapping[str, str]
) -> Ending:
    """Return how a request ends that gets `answer`; `document` is its body in the form `json`."""
    kind = {"Content-Type": "text/html" if answer.form == "html" else "application/json"}
    reply = Reply(answer.status, _body(answer, document), {**kind, **headers, **answer.headers})
    return Ending(reply=reply, fates=fates, code="" if answer.code is None else str(answer.code))


def _body(answer: Answer, document: msgspec.Struct) -> bytes:
    match answer.form:
        case "html":
            return _gateway_page(answer)
        case "empty":
            return b""
        case "raw":
            return answer.body.encode()
        case "json":
            return msgspec.json.encode(document)


def _gateway_page(answer: Answer) -> bytes:
    """Return what a gateway in front of a platform answers: HTML, whatever was asked for."""
    title = f"{answer.status} {answer.message}".strip()
    return f"<html><head><title>{title}</title></head><body>{title}</body></html>".encode()


def nobody(event_id: str) -> bool:
    """Mark no event: the culprit of a healthy platform."""
    del event_id
    return False
