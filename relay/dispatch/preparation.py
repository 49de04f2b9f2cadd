"""Gives waiting events the payloads of a request, or ends them without one.

Events in memory have the payloads that intake made. Events from disk are mapped again; those that
the settings no longer allow, or that are past the platform's age wall, are dead and never sent.
"""

import logging
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

from relay.delivery import Destination, Payload, Skip
from relay.dispatch.retry import event_wait_s
from relay.journal.entry import Pending
from relay.journal.settlement import Dead, Retry
from relay.rules import Rules

NOT_ANY_MORE = "The settings have changed since this event was taken, and keep it back now."
NO_PAYLOAD = "The relay failed to prepare this event; its log tells where."

Prepared = tuple[list[Pending], list[Payload], list[Dead | Retry]]
"""Events with their payloads, and those that end without a request."""

log = logging.getLogger(__name__)


class Preparation:
    """See the module docstring. `clock` returns Unix seconds, `steady` never goes back."""

    def __init__(
        self,
        destination: Destination,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float],
        randomness: random.Random,
        rules: Rules,
    ) -> None:
        self._destination = destination
        self._clock = clock
        self._steady = steady
        self._random = randomness
        self._rules = rules
        self._least_max_age_s = math.inf
        """The lowest age wall of the events seen so far: no younger event can be too old."""
        self._mistakes: Counter[str] = Counter()

    def at_once(self, pendings: Sequence[Pending]) -> list[Payload] | None:
        """Return the events' payloads, or None unless all have one and none is too old."""
        if not pendings:
            return []
        entries = [each.entry for each in pendings]
        of_each_source = {each.action_source: each for each in entries}
        least_s = min(map(self._destination.max_age_s, of_each_source.values()))
        self._least_max_age_s = min(self._least_max_age_s, least_s)
        if self._clock() - min([each.event_time for each in entries]) > least_s:
            return None
        name = self._destination.name
        found = [made for each in entries if (made := each.payloads.get(name))]
        return found if len(found) == len(entries) else None

    def one_by_one(self, pendings: Sequence[Pending]) -> Prepared:
        """Return the events with payloads, mapped again if need be, and those that end here."""
        name, too_old = self._destination.name, self.too_old()
        waiting: list[Pending] = []
        payloads: list[Payload] = []
        exceptions: list[Dead | Retry] = []
        for pending in pendings:
            if too_old(pending):
                exceptions.append(Dead(pending, "expired"))
                continue
            payload = pending.entry.payloads.get(name) or self._prepare(pending)
            if isinstance(payload, Payload):
                waiting.append(pending)
                payloads.append(payload)
            else:
                exceptions.append(payload)
        return waiting, payloads, exceptions

    def too_old(self) -> Callable[[Pending], bool]:
        """Return a function that tells whether an event is now past the platform's age wall."""
        now_s, max_age_s = self._clock(), self._destination.max_age_s

        def is_too_old(pending: Pending) -> bool:
            entry = pending.entry
            return now_s - entry.event_time > max_age_s(entry)

        return is_too_old

    def may_be_too_old(self, happened_at: float) -> bool:
        """Return whether events from then on may be too old; quicker than checking each of them."""
        return self._clock() - happened_at > self._least_max_age_s

    def tell_mistakes(self) -> None:
        """Log how many events could not be prepared since the last call."""
        for error, count in self._mistakes.items():
            fields = {"destination": self._destination.name, "error": error, "events": count}
            log.error("events could not be prepared", extra={"fields": fields})
        self._mistakes.clear()

    def _prepare(self, pending: Pending) -> Payload | Dead | Retry:
        """Map an event from disk; the settings may have changed since it was accepted.

        An event that they no longer allow counts as dropped by the operator, who changed them. Only
        on arrival can an event be skipped.
        """
        try:
            conversion = pending.entry.conversion
            if barred := self._rules.bars(conversion):
                return Dead(pending, "dropped_by_operator", barred, NOT_ANY_MORE)
            prepared = self._destination.prepare(conversion)
        except Exception as error:  # noqa: BLE001 - one event must not stop the destination
            return self._failed(pending, error)
        if isinstance(prepared, Payload):
            return prepared
        if isinstance(prepared, Skip):
            return Dead(pending, "dropped_by_operator", prepared.reason, NOT_ANY_MORE)
        return Dead(pending, prepared.reason, message=prepared.text)

    def _failed(self, pending: Pending, error: Exception) -> Retry:
        self._mistakes[type(error).__name__] += 1
        due_s = self._steady() + event_wait_s(pending.attempts, self._random)
        return Retry(pending, round(due_s * 1000), "bug", NO_PAYLOAD)
