"""Small events and waiting entries for tests that do not care about most of an event."""

from relay.conversion import Conversion, Order
from relay.delivery import Payload
from relay.event_name import Lane, lane_of
from relay.identity import Identity
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Pending

NOW_S = 1_767_225_600
DIGEST = "86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"


def conversion(
    event_id: str = "order-1",
    event: str = "purchase",
    *,
    event_time: int = NOW_S,
    received_ms: int = NOW_S * 1000,
    order: Order | None = None,
) -> Conversion:
    """Return an event that both platforms would take."""
    return Conversion(
        event,
        event_id,
        event_time,
        received_ms,
        "web",
        Identity(email_compact=(DIGEST,), email_trimmed=(DIGEST,)),
        order,
        "https://shop.example/thanks",
    )


def entry(event_id: str = "order-1", event: str = "purchase") -> Entry:
    """Return an entry of the log that waits for every destination."""
    return entry_of(conversion(event_id, event), {}, {})


def pending(offset: int = 0, event: str = "purchase", *, retry: bool = False) -> Pending:
    """Return an event that waits, at an offset of its lane."""
    lane: Lane = lane_of(event)
    return Pending(lane, offset, offset, entry(f"id-{offset}", event), retry=retry)


def payload(batch_key: str = "web", body: bytes = b"{}") -> Payload:
    """Return a payload as a destination would make it."""
    return Payload(body, batch_key, "checkout")
