"""Decides which destinations get an event, and in which form.

There are two steps, since other requests may come in between, and this one may still be refused:
`prepare` decides by the event alone and remembers nothing; `claim` leaves out duplicates and
remembers the rest, immediately before the journal gets the events, with no await in between.
"""

from collections.abc import Iterable, Sequence
from typing import Final, get_args

import msgspec

from relay.conversion import Conversion
from relay.delivery import Destination, Payload, Skip, SkipReason, Unusable
from relay.identity.presence import presence_of
from relay.intake.window import Key, Window
from relay.journal.codec import entry_of, passed_by
from relay.journal.entry import Entry, Passed
from relay.outcome.wording import TOO_OLD_ON_ARRIVAL
from relay.rules import Rules

_SKIPPED: Final[dict[SkipReason, Passed]] = {
    reason: Passed("skipped", reason) for reason in get_args(SkipReason)
}
_EXPIRED = Passed("dead", "expired", TOO_OLD_ON_ARRIVAL)


class Route(msgspec.Struct, frozen=True):
    """A destination, with the rules that keep events from it."""

    destination: Destination
    rules: Rules


class Router:
    """Decides for each event and destination: a payload, skipped, or dead on arrival."""

    def __init__(self, routes: Sequence[Route], window: Window) -> None:
        self.names = frozenset(route.destination.name for route in routes)
        mappings = [route.destination.mapping for route in routes]
        self._routes = tuple(
            (route.destination.name, route.destination, route.rules, mappings.index(mapping))
            for route, mapping in zip(routes, mappings, strict=True)
        )
        self._bits = {route.destination.name: 1 << at for at, route in enumerate(routes)}
        self._all = (1 << len(routes)) - 1
        self._window = window

    def prepare(
        self, conversion: Conversion, selected: frozenset[str] | None, now_s: float
    ) -> Entry:
        """Return the entry for the journal.

        `selected` are the destinations that the event or its key allows, or None for all.
        """
        payloads: dict[str, Payload] = {}
        passed: dict[str, Passed] = {}
        made: dict[int, Payload | Skip | Unusable] = {}
        age_s = now_s - conversion.event_time
        for name, destination, rules, first in self._routes:
            is_selected = selected is None or name in selected
            barred = rules.bars(conversion) if is_selected else "not_selected"
            if barred is not None:
                passed[name] = _SKIPPED[barred]
                continue
            found = made.get(first)
            if found is None:
                found = made[first] = destination.prepare(conversion)
            if not isinstance(found, Payload):
                passed[name] = _passed(found)
            elif age_s > destination.max_age_s(conversion):
                passed[name] = _EXPIRED
            else:
                payloads[name] = found
        return entry_of(conversion, passed, payloads, presence_of(conversion.identity))

    def claim(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries to be stored, with duplicates marked, and remember them.

        An event that a destination got recently, or gets through an earlier entry, is a duplicate
        there. The entries passed in stay unchanged, so that a failed attempt can be repeated with
        them.
        """
        return [self._claimed(entry) for entry in entries]

    def forget(self, claimed: Iterable[Entry]) -> None:
        """Undo `claim` for entries that were not stored."""
        for entry in claimed:
            if mask := self._mask(entry):
                self._window.forget(_key(entry), mask)

    def recall(self, entry: Entry) -> None:
        """Remember an entry stored before a restart; a duplicate counts like its original."""
        mask = self._mask(entry)
        for name, passed in entry.passed.items():
            if passed.reason == "duplicate":
                mask |= self._bits.get(name, 0)
        if mask:
            self._window.add(_key(entry), mask)

    def _claimed(self, entry: Entry) -> Entry:
        mask = self._mask(entry) if entry.passed else self._all
        if mask and (repeated := self._window.claim(_key(entry), mask)):
            return self._without(entry, repeated)
        return entry

    def _without(self, entry: Entry, repeated: int) -> Entry:
        names = [name for name, bit in self._bits.items() if bit & repeated]
        return passed_by(
            entry,
            {**entry.passed, **dict.fromkeys(names, _SKIPPED["duplicate"])},
            {name: payload for name, payload in entry.payloads.items() if name not in names},
        )

    def _mask(self, entry: Entry) -> int:
        """Return the bits of the destinations that are to get the entry."""
        mask = self._all
        for name in entry.passed:
            mask &= ~self._bits.get(name, 0)
        return mask


def _passed(found: Skip | Unusable) -> Passed:
    if isinstance(found, Skip):
        return _SKIPPED[found.reason]
    return Passed("dead", found.reason, found.text)


def _key(entry: Entry) -> Key:
    return entry.event, entry.event_id
