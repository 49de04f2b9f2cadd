"""Sends a harmless request for each event source of a destination, to see whether it is accepted.

It serves `relay check --live` and the page. Pinterest gets a made-up event in its test mode, which
records nothing. TikTok's test mode needs a code from Events Manager; without one, TikTok gets a
request without events. Since it checks the credential before the content, the answer shows whether
the token is good, but says little about the pixel. No real event is sent.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, get_args

import msgspec

from relay.config import DestinationConfig, PinterestConfig, Secret
from relay.conversion import App, Conversion
from relay.delivery import Answer, Destination, HttpRequest, PauseReason, Payload
from relay.destinations import build
from relay.dispatch.transport import Fault, Transport
from relay.event import ActionSource
from relay.identity import Identity
from relay.outcome.health import MESSAGES, sentence_of
from relay.outcome.probe import Probe

NOBODY: Final = sha256(b"nobody@example.com").hexdigest()
EVENT_ID: Final = "relay-check"
BAD_CONTENT: Final = frozenset({"40000", "40002", "40061"})
"""TikTok's codes for a request with wrong parameters, such as one without events."""

_FAULTS: Final = {
    **MESSAGES,
    "timeout": "The platform did not answer in time. Try again later.",
    "broken": "The platform broke the connection. Try again later.",
}
_TAKEN: Final = "The platform takes the token and the id."
_HALF_TAKEN: Final = (
    "The platform takes the token. Whether the id is right shows only with a test event "
    "code, from Events Manager → Test Events."
)
_THROTTLED: Final = "The platform asks for patience. Try again in some minutes."
_UNCLEAR: Final = "The platform gave no answer that says it. Try again later."


class _Attempt(msgspec.Struct, frozen=True):
    """A request to make; one without an event shows less."""

    source: ActionSource
    payload: Payload
    has_event: bool


async def probe(
    name: str,
    config: DestinationConfig,
    token: Secret | None,
    transport: Transport,
    *,
    now_s: float,
    test_event_code: str | None,
) -> list[Probe]:
    """Return the platform's answer for each event source; a failed request is a result as well.

    Without a test event code, configured or given here, TikTok gets no event.
    """
    destination = _built(name, config, test_event_code)
    if token is None:
        return [_wrong(destination, "all", "token_missing")]
    found = []
    for attempt in _attempts(destination, now_s):
        request = destination.request([attempt.payload], token.reveal())
        answer = await _ask(destination, request, transport, config.timeout)
        if isinstance(answer, Fault):
            found.append(Probe(name, attempt.source, "unknown", None, _FAULTS[answer.kind]))
        else:
            found.append(_meaning(destination, attempt, answer))
    return found


async def _ask(
    destination: Destination, request: HttpRequest, transport: Transport, timeout_s: float
) -> Answer | Fault:
    """Return the answer; if it needs confirmation, ask as often as that takes."""
    asked = 0
    while True:
        response = await transport.send(request, timeout_s)
        if isinstance(response, Fault):
            return response
        answer = destination.answer(response, 1)
        if answer.pause is None or asked >= answer.confirmations:
            return answer
        asked += 1


def _built(name: str, config: DestinationConfig, test_event_code: str | None) -> Destination:
    """Return the destination in test mode, for which TikTok needs a test event code."""
    if isinstance(config, PinterestConfig):
        config = msgspec.structs.replace(config, test=True)
    elif test_event_code:
        config = msgspec.structs.replace(config, test_event_code=test_event_code)
    return build(name, config)


def _attempts(destination: Destination, now_s: float) -> Iterator[_Attempt]:
    """Yield one request for each batch key that the destination is configured for."""
    seen: set[str] = set()
    for source in _sources(destination):
        payload = destination.prepare(_nobodys_purchase(source, now_s))
        if isinstance(payload, Payload) and payload.batch_key not in seen:
            seen.add(payload.batch_key)
            if not destination.test:
                payload = msgspec.structs.replace(payload, body=b"")
            yield _Attempt(source, payload, destination.test)


def _sources(destination: Destination) -> Sequence[ActionSource]:
    """Return the event sources to try; Pinterest has one address for all kinds of events."""
    return ("web",) if destination.type == "pinterest" else get_args(ActionSource)


def _nobodys_purchase(source: ActionSource, now_s: float) -> Conversion:
    return Conversion(
        "purchase",
        EVENT_ID,
        int(now_s),
        int(now_s * 1000),
        source,
        Identity(email_compact=(NOBODY,), email_trimmed=(NOBODY,)),
        page_url="https://example.com/",
        app=App("1"),
        lead_id="1",
    )


def _meaning(destination: Destination, attempt: _Attempt, answer: Answer) -> Probe:
    name, source = destination.name, attempt.source
    if answer.kind == "throttled":
        return Probe(name, source, "unknown", None, _THROTTLED)
    if not attempt.has_event and answer.code in BAD_CONTENT and _of_content(answer):
        return Probe(name, source, "ok", None, _HALF_TAKEN)
    if answer.pause is not None:
        return _wrong(destination, source, answer.pause)
    if answer.kind in ("settled", "refused"):
        return Probe(name, source, "ok", None, _TAKEN if attempt.has_event else _HALF_TAKEN)
    return Probe(name, source, "unknown", None, _UNCLEAR)


def _of_content(answer: Answer) -> bool:
    """Return whether a refusal is about the content, and not about the id that it was sent for."""
    return answer.pause in (None, "request_refused")


def _wrong(destination: Destination, source: str, reason: PauseReason) -> Probe:
    message = sentence_of(reason, destination.fixes)
    return Probe(destination.name, source, "wrong", reason, message)
