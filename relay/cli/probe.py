"""`relay check --live`: one harmless request per event source, to see whether it is let in.

Pinterest gets a made-up event in its test mode, which records nothing. TikTok's test mode needs a
code from Events Manager; without one it gets a request with no event in it, whose refusal still
tells whether the token is good, and says nothing of the pixel. No real event is touched.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, Literal, get_args

import msgspec

from relay.config import DestinationConfig, PinterestConfig, Secret
from relay.conversion import App, Conversion
from relay.delivery import Answer, Destination, PauseReason, Payload
from relay.destinations import discover
from relay.dispatch.transport import Fault, Transport
from relay.event import ActionSource
from relay.identity import Identity
from relay.outcome.health import sentence_of

Verdict = Literal["ok", "wrong", "unknown"]

NOBODY: Final = sha256(b"nobody@example.com").hexdigest()
EVENT_ID: Final = "relay-check"

_FAULTS: Final = {
    "connect": "cannot be reached: check `base_url`, the network and its firewall",
    "timeout": "did not answer in time: try again later",
    "broken": "broke the connection: try again later",
}


class Probe(msgspec.Struct, frozen=True):
    """What one request to a destination showed."""

    destination: str
    source: str
    """The kind of events that it was about, such as `web`."""
    verdict: Verdict
    reason: PauseReason | None
    message: str


class _Attempt(msgspec.Struct, frozen=True):
    """A request to make; one without an event shows less."""

    source: ActionSource
    payload: Payload
    has_event: bool


async def probe(
    name: str, config: DestinationConfig, token: Secret | None, transport: Transport, now_s: float
) -> list[Probe]:
    """Return what the platform says to each event source of a destination. Never raises for it."""
    if token is None:
        return [_wrong(name, "all", "token_missing")]
    destination = _built(name, config)
    found = []
    for attempt in _attempts(destination, now_s):
        request = destination.request([attempt.payload], token.reveal())
        response = await transport.send(request, config.timeout)
        if isinstance(response, Fault):
            message = f"the platform {_FAULTS[response.kind]}"
            found.append(Probe(name, attempt.source, "unknown", None, message))
        else:
            found.append(_meaning(name, attempt, destination.answer(response, 1)))
    return found


def _built(name: str, config: DestinationConfig) -> Destination:
    """Return the destination in test mode, as far as its platform has one without a code."""
    if isinstance(config, PinterestConfig):
        config = msgspec.structs.replace(config, test=True)
    return discover()[config.type].build(name, config)


def _attempts(destination: Destination, now_s: float) -> Iterator[_Attempt]:
    """Yield one request per batch key that the destination is set up for."""
    seen: set[str] = set()
    for source in _sources(destination):
        payload = destination.prepare(_nobodys_purchase(source, now_s))
        if isinstance(payload, Payload) and payload.batch_key not in seen:
            seen.add(payload.batch_key)
            if not destination.test:
                payload = msgspec.structs.replace(payload, body=b"")
            yield _Attempt(source, payload, destination.test)


def _sources(destination: Destination) -> Sequence[ActionSource]:
    """Return what to try: Pinterest has one address for all kinds of events."""
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


def _meaning(name: str, attempt: _Attempt, answer: Answer) -> Probe:
    source = attempt.source
    if answer.kind == "throttled":
        return Probe(name, source, "unknown", None, "the platform asks for patience: try later")
    if not attempt.has_event and answer.pause in (None, "request_refused"):
        if answer.kind in ("misconfigured", "refused", "settled"):
            message = "the token is accepted; the id is checked with --test-event-code only"
            return Probe(name, source, "ok", None, message)
    elif answer.pause is not None:
        return _wrong(name, source, answer.pause)
    if answer.kind in ("settled", "refused"):
        return Probe(name, source, "ok", None, "the platform takes the token and the id")
    return Probe(name, source, "unknown", None, "the platform gave no clear answer: try later")


def _wrong(name: str, source: str, reason: PauseReason) -> Probe:
    return Probe(name, source, "wrong", reason, sentence_of(reason))
