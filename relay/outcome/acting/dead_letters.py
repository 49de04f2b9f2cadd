"""Dead letters: sending them again, or putting them away. Listing them is `reports`' part.

What holds for any event holds for a replay: age, consent and the destination's own rules are asked
again here, by the settings of today, and once more when it is sent.
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
"""Characters of a note; whoever takes one sees to it."""


class DeadLetters:
    """What an operator may do with dead letters. `clock` returns Unix seconds.

    `rules` are those of the destinations, by name.
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
        """Make the matching letters pending again, but for those that may not be sent any more."""
        return await self._journal.replay(where, self._prospect, dry_run=dry_run)

    async def drop(self, where: DeadFilter, *, note: str, dry_run: bool) -> int:
        """Mark the matching letters as dropped; return how many. PII in the note is masked."""
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
