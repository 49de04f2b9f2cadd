"""Events as producers send them, for tests that care about one key at a time."""

import json
from typing import Any

from tests.given.event.builders import NOW_S

Json = dict[str, Any]

PURCHASE: Json = {
    "event": "purchase",
    "event_id": "order-1",
    "event_time": NOW_S,
    "user": {"email": "jane@example.com"},
}


def event(**changes: Any) -> Json:
    """Return a good event with some of its top level changed."""
    return PURCHASE | changes


def body(*events: Json) -> bytes:
    """Return the events as one JSON array."""
    return json.dumps(events).encode()


def encoded(**changes: Any) -> bytes:
    """Return one event as JSON."""
    return json.dumps(event(**changes)).encode()


def without(key: str) -> Json:
    """Return a good event that lacks one key."""
    return {name: value for name, value in PURCHASE.items() if name != key}
