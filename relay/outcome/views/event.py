"""One event as people see it: what became of it at each destination, with each attempt."""

from collections.abc import Callable, Mapping, Sequence

from relay.conversion import Conversion
from relay.delivery import Destination, Payload
from relay.journal.exception_row import LONGEST_WAIT_MS
from relay.journal.report import Delivery, FoundEvent
from relay.outcome.health import Health
from relay.outcome.notation import utc
from relay.outcome.views.api import AttemptView, DeliveryView, EventView
from relay.outcome.wording import DEAD, SKIPPED, Wording


class EventViews:
    """See the module docstring. `health` returns every destination's current state.

    For a destination that is no longer configured, the view holds what the journal knows.
    """

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        health: Callable[[], Mapping[str, Health]],
        clock: Callable[[], float],
    ) -> None:
        self._destinations = destinations
        self._health = health
        self._clock = clock

    def of(self, found: FoundEvent) -> EventView:
        """Return an event, with what became of it at each destination."""
        conversion, health = found.conversion, self._health()
        return EventView(
            event_id=conversion.event_id,
            event=conversion.event,
            order_id=None if conversion.order is None else conversion.order.order_id,
            event_time=utc(conversion.event_time),
            received_at=utc(conversion.received_ms / 1000),
            source=conversion.source,
            deliveries=[
                self._delivery(each, conversion, health.get(each.destination))
                for each in found.deliveries
            ],
        )

    def _delivery(
        self, delivery: Delivery, conversion: Conversion, health: Health | None
    ) -> DeliveryView:
        return DeliveryView(
            destination=delivery.destination,
            state=delivery.state,
            reason=delivery.reason,
            message=delivery.message or _sentence(delivery.reason),
            platform_event=self._platform_event(delivery.destination, conversion),
            identifiers=self._identifiers(delivery.destination, conversion),
            attempt_count=delivery.attempt_count,
            attempts=[
                AttemptView(
                    utc(each.at_ms / 1000),
                    each.outcome,
                    each.http_status,
                    each.code,
                    each.message,
                    each.request_id,
                    each.duration_ms,
                )
                for each in delivery.attempts
            ],
            next_try_at=self._next_try_at(delivery, health),
        )

    def _next_try_at(self, delivery: Delivery, health: Health | None) -> str | None:
        """Return when an event is sent again: once it is due, and its destination may send.

        A time further off than any wait dates from before the clock was set back, and is ignored.
        """
        if delivery.state != "pending" or health is None or health.state == "paused":
            return None
        now_s = self._clock()
        due_s = (delivery.due_ms or 0) / 1000
        own_s = due_s if due_s <= now_s + LONGEST_WAIT_MS / 1000 else 0.0
        latest_s = max(own_s, health.until or 0.0)
        return utc(latest_s) if latest_s > now_s else None

    def _identifiers(self, name: str, conversion: Conversion) -> Sequence[str]:
        """Return the names of the person's fields that a platform gets, never their values."""
        destination = self._destinations.get(name)
        if destination is None:
            return []
        fields = {key: field for field, key in destination.identifier_keys.items()}
        return sorted({fields.get(key, key) for key in destination.identifiers(conversion)})

    def _platform_event(self, name: str, conversion: Conversion) -> str | None:
        destination = self._destinations.get(name)
        prepared = None if destination is None else destination.prepare(conversion)
        return prepared.event if isinstance(prepared, Payload) else None


def _sentence(reason: str | None) -> str:
    wording = _WORDINGS.get(reason or "")
    return "" if wording is None else wording.sentence


_WORDINGS: Mapping[str, Wording] = {
    str(reason): wording for reason, wording in (*SKIPPED.items(), *DEAD.items())
}
