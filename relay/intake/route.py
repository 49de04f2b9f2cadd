"""Which destinations get an event, and in which form."""

from collections.abc import Callable, Sequence

import msgspec

from relay.conversion import Conversion
from relay.delivery import Destination, Payload, Skip
from relay.event_name import STANDARD_NAMES
from relay.intake.window import Key, Window
from relay.journal.base import Entry, Passed


class Route(msgspec.Struct, frozen=True):
    """A destination with what its configuration says of any event.

    `events` are the standard names that it gets; empty means all. Custom names are the
    destination's own switch.
    """

    destination: Destination
    events: frozenset[str] = frozenset()
    consent_required: bool = False


class Router:
    """Decides for each event and destination: a payload, skipped, or dead on arrival."""

    def __init__(self, routes: Sequence[Route], window: Window) -> None:
        self.names = frozenset(route.destination.name for route in routes)
        self._routes = [(route, 1 << at) for at, route in enumerate(routes)]
        self._window = window

    def route(self, conversion: Conversion, selected: frozenset[str] | None, now_s: float) -> Entry:
        """Return the entry for the journal; remembers it in the duplicate window.

        `selected` are the destinations that the event names, or None for all.
        """
        entry = Entry(conversion, {}, {})
        key = (conversion.event, conversion.event_id)
        seen, sent = self._window.seen(key), 0
        for route, bit in self._routes:
            name = route.destination.name
            found = _decide(route, conversion, selected, now_s)
            if isinstance(found, Passed):
                entry.passed[name] = found
            elif seen & bit:
                entry.passed[name] = DUPLICATE
            else:
                entry.payloads[name] = found
                sent |= bit
        if sent:
            self._window.add(key, sent)
        return entry

    def recall(self, entry: Entry) -> None:
        """Remember an event that was taken before a restart."""
        self._each(entry, self._window.add)

    def forget(self, entries: Sequence[Entry]) -> None:
        """Take `route` back for events that were not stored."""
        for entry in entries:
            self._each(entry, self._window.forget)

    def _each(self, entry: Entry, act: Callable[[Key, int], None]) -> None:
        mask = sum(bit for route, bit in self._routes if route.destination.name not in entry.passed)
        if mask:
            act((entry.conversion.event, entry.conversion.event_id), mask)


DUPLICATE = Passed("skipped", "duplicate")
_NOT_SELECTED = Passed("skipped", "not_selected")
_NO_CONSENT = Passed("skipped", "no_consent")
_EXPIRED = Passed("dead", "expired", "It was too old for this platform when it arrived.")


def _decide(
    route: Route, conversion: Conversion, selected: frozenset[str] | None, now_s: float
) -> Payload | Passed:
    destination = route.destination
    if selected is not None and destination.name not in selected:
        return _NOT_SELECTED
    if route.events and conversion.event in STANDARD_NAMES - route.events:
        return _NOT_SELECTED
    if _refuses(conversion, route):
        return _NO_CONSENT
    prepared = destination.prepare(conversion)
    if isinstance(prepared, Payload):
        too_old = now_s - conversion.event_time > destination.max_age_s(conversion)
        return _EXPIRED if too_old else prepared
    if isinstance(prepared, Skip):
        return Passed("skipped", prepared.reason)
    return Passed("dead", prepared.reason, prepared.text)


def _refuses(conversion: Conversion, route: Route) -> bool:
    consent = conversion.advertising_consent
    return consent is False or (route.consent_required and consent is None)
