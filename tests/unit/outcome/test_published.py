"""What the topic of outcomes tells: data teams build on it."""

import json

from relay.journal.outbox import End, Waiting
from relay.outcome.published import records
from tests.given.event.builders import NOW_S


def test_each_event_of_a_row_is_a_record_under_its_id() -> None:
    end = End("shop", "dead", "platform_rejected", "4001", "request-1", NOW_S * 1000 + 5_250)
    events = (("order-1", "purchase", NOW_S * 1000), ("über-2", "add_to_cart", NOW_S * 1000 + 500))
    found = {key.decode(): json.loads(value) for key, value in records(Waiting(1, end, events))}
    shared = {
        "destination": "shop",
        "state": "dead",
        "reason": "platform_rejected",
        "code": "4001",
        "request_id": "request-1",
        "at": "2026-01-01T00:00:05.250000Z",
    }
    first = {"event_id": "order-1", "event": "purchase", "received_at": "2026-01-01T00:00:00Z"}
    second = {
        "event_id": "über-2",
        "event": "add_to_cart",
        "received_at": "2026-01-01T00:00:00.500000Z",
    }
    assert found == {"order-1": shared | first, "über-2": shared | second}


def test_what_was_delivered_has_no_reason() -> None:
    end = End("shop", "delivered", None, "", "", NOW_S * 1000)
    [(_, value)] = records(Waiting(1, end, (("order-1", "purchase", NOW_S * 1000),)))
    assert (json.loads(value)["state"], json.loads(value)["reason"]) == ("delivered", None)
