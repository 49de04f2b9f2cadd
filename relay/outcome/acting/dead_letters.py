"""Sends dead letters again, or drops them; `reports` lists them.

A replay follows the same rules as any other event: age, consent and the destination's own rules are
checked here by today's settings, and once more when the event is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from relay.delivery import Destination
from relay.journal.base import Journal
from relay.journal.entry import Entry
from relay.journal.letter import DeadFilter, Prospect, Replayed
from relay.logs import scrub
from relay.rules import Rules

MAX_NOTE: Final = 500
"""The most characters of a note; callers check it."""


class DeadLetters:
    """Replays and drops dead letters. `clock` returns Unix seconds.

    `rules` are the destinations' rules, by name.
    """

    def __init__(
        self,
        journal: Journal,
        destinations: Sequence[Destination],
        clock: Callable[[], float],
        rules: Mapping[str, Rules],
    ) -> None:
        self._journal = journal
        self._destinations = {each.name: each for each in destinations}
        self._clock = clock
        self._rules = rules

    async def replay(self, where: DeadFilter, *, dry_run: bool) -> Replayed:
        """Make the matching letters pending again, except those that may no longer be sent."""
        return await self._journal.replay(where, self._prospect, dry_run=dry_run)

    async def drop(self, where: DeadFilter, *, note: str, dry_run: bool) -> int:
        """Mark the matching letters as dropped, and return how many. PII in the note is masked."""
        return await self._journal.drop(where, note=scrub(note, MAX_NOTE), dry_run=dry_run)

    def _prospect(self, name: str, entry: Entry) -> Prospect:
        destination = self._destinations.get(name)
        if destination is None:
            return "barred"
        age_s = self._clock() - entry.event_time
        if age_s > destination.max_age_s(entry):
            return "expired"
        conversion = entry.conversion
        if self._rules[name].bars(conversion):
            return "barred"
        limits = destination.limits
        compared = entry.action_source not in limits.undeduplicated
        return "sent" if compared and age_s <= limits.deduplication_window_s else "late"
