"""What remains of a forgotten person's event: its name, ids, times and sum."""

import msgspec

from relay.conversion import Conversion, Order
from relay.identity.subject import NOBODY
from relay.journal.entry import Entry, Stored


def without_person(entry: Entry) -> Entry:
    """Return the entry as it remains: what happened, when, and for how much."""
    conversion = _what_stays(entry.conversion)
    record = msgspec.msgpack.encode(Stored(conversion, dict(entry.passed)))
    return msgspec.structs.replace(entry, record=record)


def _what_stays(event: Conversion) -> Conversion:
    order = event.order
    return Conversion(
        event.event,
        event.event_id,
        event.event_time,
        event.received_ms,
        event.action_source,
        identity=NOBODY,
        order=order and Order(order.value, order.currency, order.order_id),
        advertising_consent=event.advertising_consent,
        limited_data_use=event.limited_data_use,
        source=event.source,
        key=event.key,
    )
