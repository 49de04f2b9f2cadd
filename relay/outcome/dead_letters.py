"""Dead letters: sending them again, or putting them away. Listing them is `reports`' part."""

from collections.abc import Callable, Sequence

from relay.conversion import Conversion
from relay.delivery import Destination
from relay.journal.base import DeadFilter, Journal, Replayed
from relay.logs import scrub


class DeadLetters:
    """What an operator may do with dead letters. `clock` returns Unix seconds."""

    def __init__(
        self, journal: Journal, destinations: Sequence[Destination], clock: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._destinations = {each.name: each for each in destinations}
        self._clock = clock

    async def replay(self, where: DeadFilter, *, dry_run: bool) -> Replayed:
        """Make the matching letters pending again, but for those beyond the platform's age wall."""
        return await self._journal.replay(where, self._expired, dry_run=dry_run)

    async def drop(self, where: DeadFilter, *, note: str, dry_run: bool) -> int:
        """Mark the matching letters as dropped; return how many. PII in the note is masked."""
        return await self._journal.drop(where, note=scrub(note), dry_run=dry_run)

    def _expired(self, name: str, conversion: Conversion) -> bool:
        destination = self._destinations.get(name)
        if destination is None:
            return True
        return self._clock() - conversion.event_time > destination.max_age_s(conversion)
