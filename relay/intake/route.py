"""Which destinations get an event, and in which form.

In two steps, because between them other requests may come and this one may still be refused:
`prepare` decides by the event alone and remembers nothing; `claim` leaves out duplicates and
remembers the rest, in the same breath in which the journal is handed the events.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from relay.conversion import Conversion
from relay.delivery import Destination, Payload, Skip, Unusable
from relay.event_name import STANDARD_NAMES
from relay.intake.presence import presence_of
from relay.intake.window import Key, Window
from relay.journal.codec import entry_of, passed_by
from relay.journal.entry import Entry, Passed

_NOT_SELECTED = Passed("skipped", "not_selected")
_NO_CONSENT = Passed("skipped", "no_consent")
_DUPLICATE = Passed("skipped", "duplicate")
_EXPIRED = Passed("dead", "expired", "It was too old for this platform when it arrived.")


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
        mappings = [route.destination.mapping for route in routes]
        self._routes = tuple(
            (route.destination.name, route, mappings.index(mapping))
            for route, mapping in zip(routes, mappings, strict=True)
        )
        self._bits = {route.destination.name: 1 << at for at, route in enumerate(routes)}
        self._all = (1 << len(routes)) - 1
        self._window = window

    def prepare(
        self, conversion: Conversion, selected: frozenset[str] | None, now_s: float
    ) -> Entry:
        """Return the entry for the journal.

        `selected` are the destinations that the event names, or None for all.
        """
        payloads: dict[str, Payload] = {}
        passed: dict[str, Passed] = {}
        made: dict[int, Payload | Skip | Unusable] = {}
        age_s = now_s - conversion.event_time
        for name, route, first in self._routes:
            found = _barred(route, name, conversion, selected) or made.get(first)
            if found is None:
                found = made[first] = route.destination.prepare(conversion)
            if not isinstance(found, Payload):
                passed[name] = _passed(found)
            elif age_s > route.destination.max_age_s(conversion):
                passed[name] = _EXPIRED
            else:
                payloads[name] = found
        return entry_of(conversion, passed, payloads, presence_of(conversion.identity))

    def claim(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries as they are to be stored, and remember them.

        What a destination got lately, or gets by an earlier entry, is a duplicate there. The
        entries handed in stay as they are, so that a failed attempt can be repeated with them.
        """
        return [self._claimed(entry) for entry in entries]

    def forget(self, claimed: Iterable[Entry]) -> None:
        """Take `claim` back for entries that were not stored."""
        self._each(claimed, self._window.forget)

    def recall(self, entry: Entry) -> None:
        """Remember an entry that was stored before a restart."""
        self._each((entry,), self._window.add)

    def _claimed(self, entry: Entry) -> Entry:
        mask = self._mask(entry) if entry.passed else self._all
        if mask and (repeated := self._window.claim(_key(entry), mask)):
            return self._without(entry, repeated)
        return entry

    def _without(self, entry: Entry, repeated: int) -> Entry:
        names = [name for name, bit in self._bits.items() if bit & repeated]
        return passed_by(
            entry,
            {**entry.passed, **dict.fromkeys(names, _DUPLICATE)},
            {name: payload for name, payload in entry.payloads.items() if name not in names},
        )

    def _mask(self, entry: Entry) -> int:
        """Return the bits of the destinations that the entry waits for."""
        mask = self._all
        for name in entry.passed:
            mask &= ~self._bits.get(name, 0)
        return mask

    def _each(self, entries: Iterable[Entry], act: Callable[[Key, int], None]) -> None:
        for entry in entries:
            mask = self._mask(entry)
            if mask:
                act(_key(entry), mask)


def _barred(
    route: Route, name: str, conversion: Conversion, selected: frozenset[str] | None
) -> Passed | None:
    """Return why the event is not for this destination by its configuration, or None."""
    if selected is not None and name not in selected:
        return _NOT_SELECTED
    event = conversion.event
    if route.events and event not in route.events and event in STANDARD_NAMES:
        return _NOT_SELECTED
    consent = conversion.advertising_consent
    if consent is False or (consent is None and route.consent_required):
        return _NO_CONSENT
    return None


def _passed(found: Passed | Skip | Unusable) -> Passed:
    if isinstance(found, Passed):
        return found
    if isinstance(found, Skip):
        return Passed("skipped", found.reason)
    return Passed("dead", found.reason, found.text)


def _key(entry: Entry) -> Key:
    return entry.event, entry.event_id
