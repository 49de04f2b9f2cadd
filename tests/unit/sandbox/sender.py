"""A sender for tests of the emulator: requests that both platforms would take, to be spoilt."""

import json
import random
from typing import Any

import msgspec

from relay.sandbox.credential import Gate
from relay.sandbox.pinterest.emulator import Pinterest
from relay.sandbox.platform import Call, Culprit, Ending, Platform, nobody
from relay.sandbox.style import Style
from relay.sandbox.tiktok.emulator import TikTok

NOW_S = 1_790_000_000
DIGEST = "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"
ACCOUNT = "549755885175"
PIXEL = "C4K6A3Q2NE1S77JXXXXX"
ADDRESS = {"client_ip_address": "203.0.113.7", "client_user_agent": "Mozilla/5.0"}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_s: float = NOW_S) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class Answered(msgspec.Struct):
    """How a request ended, with its body decoded."""

    status: int
    body: Any
    fates: list[str]
    headers: dict[str, str]
    notes: list[list[str]]
    paths: list[str]


def pinterest_event(event_id: str = "order-1", /, **changes: Any) -> dict[str, Any]:
    """Return an event for Pinterest; a change to None leaves the key out."""
    event: dict[str, Any] = {
        "event_name": "checkout",
        "action_source": "web",
        "event_time": NOW_S - 60,
        "event_id": event_id,
        "user_data": {"em": [DIGEST], "external_id": [DIGEST], "click_id": "dj0yJnU9"},
        "custom_data": {"currency": "EUR", "value": "72.39", "order_id": "1001"},
    }
    return {key: value for key, value in (event | changes).items() if value is not None}


def tiktok_event(event_id: str = "order-1", /, **changes: Any) -> dict[str, Any]:
    """Return a web event for TikTok; a change to None leaves the key out."""
    event: dict[str, Any] = {
        "event": "Purchase",
        "event_time": NOW_S - 60,
        "event_id": event_id,
        "user": {"email": [DIGEST], "external_id": DIGEST, "ttclid": "E.C.P.abc"},
        "properties": {"value": 72.39, "currency": "EUR", "order_id": "1001"},
        "page": {"url": "https://shop.example/thanks"},
    }
    return {key: value for key, value in (event | changes).items() if value is not None}


def pinterest_call(*events: Any, body: bytes | None = b"", **changes: Any) -> Call:
    """Return a request to Pinterest with these events, or with this body."""
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "token": "Bearer pina_token",
        "query": {},
        "content_type": "application/json",
        "content_encoding": "",
        "body": json.dumps({"data": events}).encode() if body == b"" else body,
    }
    return Call(**(fields | changes))


def tiktok_call(
    *events: Any, body: bytes | None = b"", envelope: dict[str, Any] | None = None, **changes: Any
) -> Call:
    """Return a request to TikTok with these events, or with this body."""
    document = {"event_source": "web", "event_source_id": PIXEL, "data": events} | (envelope or {})
    fields: dict[str, Any] = {
        "account": "",
        "token": "a1b2c3",
        "query": {},
        "content_type": "application/json",
        "content_encoding": "",
        "body": json.dumps(document).encode() if body == b"" else body,
    }
    return Call(**(fields | changes))


def pinterest(clock: Clock | None = None, /, **style: Any) -> Pinterest:
    """Return the emulator of Pinterest in a style."""
    return Pinterest(Gate(), Style(**style), clock or Clock())


def tiktok(clock: Clock | None = None, /, **style: Any) -> TikTok:
    """Return the emulator of TikTok in a style."""
    return TikTok(Gate(), Style(**style), clock or Clock(), random.Random(1))


def answered(platform: Platform, call: Call, culprit: Culprit = nobody) -> Answered:
    """Return what the platform answers by itself."""
    reading = platform.read(call)
    return said(
        platform.judge(reading, culprit),
        notes=[list(finding.notes) for finding in reading.findings],
        paths=[finding.path for finding in reading.findings],
    )


def said(ending: Ending, *, notes: list[list[str]], paths: list[str]) -> Answered:
    """Return an ending with its body decoded; a body that is no JSON stays text."""
    text = ending.reply.body.decode()
    is_json = ending.reply.headers["Content-Type"] == "application/json" and text
    return Answered(
        status=ending.reply.status,
        body=json.loads(text) if is_json else text,
        fates=list(ending.fates),
        headers=dict(ending.reply.headers),
        notes=notes,
        paths=paths,
    )
