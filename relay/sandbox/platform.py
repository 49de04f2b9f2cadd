"""What both emulators share: the types that describe a request and its answer.

A request takes two steps. Reading turns it into a `Reading`: who sent it, what is in it, and the
first fault of each event. Answering turns the reading, or an answer that a fault script names, into
the platform's `Reply` and one `Fate` per event. Neither keeps a token.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from relay.sandbox.answer import Answer, Fate, PlatformName

Culprit = Callable[[str], bool]
"""Returns whether a fault script wants the event with this id refused."""

MAX_TEXT = 256
"""How many characters of a name or id the inbox keeps."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came in. Its `repr` shows nothing: it holds the token."""

    account: str
    """The ad account in the path; empty for TikTok, which has it in the body."""
    token: str | None
    """The credential header as it was sent, None if there is none."""
    query: Mapping[str, str]
    content_type: str
    content_encoding: str
    body: bytes | None
    """None if it was over the size limit, and so not read."""

    def __repr__(self) -> str:
        return "<Call>"


class Finding(msgspec.Struct, kw_only=True, gc=False):
    """One event of a request, and what the validator found in it."""

    event: str = ""
    event_id: str = ""
    event_time: int | None = None
    payload: bytes = b""
    fault: str = ""
    """Why the platform would refuse the event, in its words; empty if not. May quote a value."""
    is_shapeless: bool = False
    """Whether the fault is one of shape, for which Pinterest refuses the whole request."""
    path: str = ""
    """Dotted path of the fault, relative to the event. Never quotes a value."""
    warning: str = ""
    """The platform's own advice on an event that it accepts."""
    notes: tuple[str, ...] = ()
    """Mistakes that the platform accepts silently. They never quote a value."""


class Reading(msgspec.Struct, kw_only=True):
    """What the validator made of one request."""

    account: str = ""
    test: bool = False
    findings: Sequence[Finding] = ()
    refusal: Answer | None = None
    """Set if the whole request is refused, whatever its events are."""
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
    """The platform's code in the body, as text; empty if the body has none."""


class Platform(Protocol):
    """The emulator of one platform. It does no I/O, and never raises for any input."""

    name: PlatformName

    def read(self, call: Call) -> Reading:
        """Return what is in the request and what is wrong with it."""
        ...

    def judge(self, reading: Reading, culprit: Culprit) -> Ending:
        """Return the platform's own answer; events that `culprit` marks are refused."""
        ...

    def act(self, answer: Answer, reading: Reading, reset_s: float | None) -> Ending:
        """Return a named answer, whatever the request holds.

        `reset_s` is how many seconds a throttle lasts, for platforms that say so in a header.
        """
        ...


def sunk(refusal: Answer, findings: Sequence[Finding]) -> list[Fate]:
    """Return the fates of the events of a request that was refused as a whole."""
    if refusal.fate != "refused" or not any(finding.fault for finding in findings):
        return refusal.fates(len(findings))
    return ["refused" if finding.fault else "turned_away" for finding in findings]


def text_of(document: Any, key: str) -> str:
    """Return the text under `key` of a decoded object, '' if there is none."""
    value = document.get(key) if isinstance(document, dict) else None
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def ending(
    answer: Answer, document: msgspec.Struct, fates: Sequence[Fate], headers: Mapping[str, str]
) -> Ending:
    """Return the ending of a request that gets `answer`; `document` is its body if it is JSON."""
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
    """Return the HTML page with which a gateway in front of a platform answers."""
    title = f"{answer.status} {answer.message}".strip()
    return f"<html><head><title>{title}</title></head><body>{title}</body></html>".encode()


def nobody(event_id: str) -> bool:
    """Mark no event; the `Culprit` of a healthy platform."""
    del event_id
    return False
