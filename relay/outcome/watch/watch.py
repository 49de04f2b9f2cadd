"""Watches for what people must be told, and reports each condition once until it is over.

It polls the state every few seconds, as a monitoring system would; nothing in the flow knows of it
or waits for it. A condition that comes and goes between two polls is not worth a message.

After a restart nothing is reported twice: what is paused, dead or filling at the first poll counts
as reported, and only its end is news. The exception is a journal that accepts no events, since
shops then lose conversions. The price: what happened in the last seconds before a crash may go
unreported.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol, cast

from relay.delivery import DeadReason, Destination, PauseReason
from relay.errors import JournalUnavailable
from relay.journal.letter import DeadFilter, DeadPage
from relay.journal.report import Space, Totals
from relay.journal.settlement import Pause
from relay.outcome.health import Health
from relay.outcome.watch import notice
from relay.outcome.watch.notice import Notice
from relay.outcome.wording import SETTLED

LOOK_S: Final = 2.0
RECOUNT_S: Final = 60.0
"""Seconds between two checks of whether all dead letters of a reason have been dealt with."""
FILLING: Final = 0.8
ROOMY: Final = 0.7
"""Shares of the journal's room: from `FILLING` on it is filling, below `ROOMY` it has room."""
CALM_S: Final = 60.0
"""Seconds without a refusal after which a full journal counts as having room."""

log = logging.getLogger(__name__)


class Watched(Protocol):
    """The part of `relay.journal.base.Journal` that is watched; see there."""

    def pauses(self) -> Mapping[str, Pause]:
        """Return the stored pauses."""
        ...

    async def totals(self) -> Totals:
        """Return the lifetime counts."""
        ...

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None = None
    ) -> DeadPage:
        """Return a page of dead letters, with the count of all that match."""
        ...

    async def space(self) -> Space:
        """Return how full the journal is."""
        ...


class Watch:
    """See the module docstring. `tell` must not block; `clock` returns Unix seconds.

    `refusing` returns why no events are accepted, as the journal or the producers' port says it.
    """

    def __init__(
        self,
        journal: Watched,
        destinations: Sequence[Destination],
        health: Callable[[], Mapping[str, Health]],
        tell: Callable[[Notice], None],
        clock: Callable[[], float],
        *,
        refusing: Callable[[], str | None],
    ) -> None:
        by_name = {each.name: each for each in destinations}
        self._health = health
        self._tell = tell
        self._pauses = Pauses(by_name, journal)
        self._losses = Losses(by_name, journal, clock)
        self._storage = Storage(journal, refusing, clock)

    async def run(self) -> None:
        """Poll for ever. A bug here costs a message, never the delivery of an event."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except Exception:
                log.exception("a look at the state failed")

    async def look(self) -> None:
        """Report what is new; the first look, before anything is sent, only takes stock."""
        for each in self._pauses.look(self._health()):
            self._tell(each)
        for found in (self._losses.look(), self._storage.look()):
            await self._tell_all(found)

    async def _tell_all(self, found: AsyncIterator[Notice]) -> None:
        """Report what is found, up to the first read of the journal that fails."""
        try:
            async for each in found:
                self._tell(each)
        except JournalUnavailable:
            return  # the next look sees the same


class Pauses:
    """Which pauses were reported: within one pause, each reason is reported once."""

    def __init__(self, destinations: Mapping[str, Destination], journal: Watched) -> None:
        self._destinations = destinations
        self._told: dict[str, set[PauseReason]] = {
            name: {pause.reason} for name, pause in journal.pauses().items()
        }

    def look(self, health: Mapping[str, Health]) -> Iterator[Notice]:
        """Yield a notice for each new pause or reason, and for the end of a pause."""
        for name, now in health.items():
            told = self._told.setdefault(name, set())
            if now.reason is None and told:
                told.clear()
                yield notice.resumed(self._destinations[name])
            elif now.reason is not None and now.reason not in told:
                told.add(now.reason)
                yield notice.paused(self._destinations[name], now.reason)


class Losses:
    """Which dead letters were reported: the first of each reason, until none of it is left."""

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        journal: Watched,
        clock: Callable[[], float],
    ) -> None:
        self._destinations = destinations
        self._journal = journal
        self._clock = clock
        self._known: dict[tuple[str, DeadReason], int] | None = None
        self._counted_at: dict[tuple[str, DeadReason], float] = {}

    async def look(self) -> AsyncIterator[Notice]:
        """Yield what is new; lifetime counts never fall, so it looks for growth."""
        counts = await self._counts()
        if self._known is None:
            self._known = counts
        for key, count in counts.items():
            told = self._known.get(key, 0)
            if count > told and await self._is_first(key, count - told):
                self._known[key] = count
                yield notice.dead_letters(self._destinations[key[0]], key[1], count - told)

    async def _counts(self) -> dict[tuple[str, DeadReason], int]:
        totals = (await self._journal.totals()).dead
        found = {(name, cast("DeadReason", why)): count for (name, why), count in totals.items()}
        return {
            key: count
            for key, count in found.items()
            if count and key[0] in self._destinations and key[1] not in SETTLED
        }

    async def _is_first(self, key: tuple[str, DeadReason], grown: int) -> bool:
        """Return whether all letters of a kind are new, so that it was over in between."""
        known = self._known or {}
        if key not in known:
            return True
        now_s = self._clock()
        if _is_within(RECOUNT_S, self._counted_at.get(key, -RECOUNT_S), now_s):
            return False
        self._counted_at[key] = now_s
        where = DeadFilter(destination=key[0], reason=key[1])
        if (await self._journal.dead_letters(where, limit=1)).total <= grown:
            return True
        known[key] += grown
        return False


class Storage:
    """Whether events are accepted, and the journal has room for more."""

    def __init__(
        self,
        journal: Watched,
        refusing: Callable[[], str | None],
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._refusing = refusing
        self._clock = clock
        self._state: Literal["unknown", "roomy", "filling", "full"] = "unknown"
        self._refused_at = 0.0

    async def look(self) -> AsyncIterator[Notice]:
        """Yield what is new."""
        before, reason = self._state, self._refusing()
        if reason is not None:
            self._refused_at, self._state = self._clock(), "full"
            if before != "full":
                yield notice.journal_full(reason)
            return
        if before == "full" and _is_within(CALM_S, self._refused_at, self._clock()):
            return
        space = await self._journal.space()
        share = notice.share_of(space)
        is_filling = share >= (ROOMY if before == "filling" else FILLING)
        self._state = "filling" if is_filling else "roomy"
        if before == "full":
            yield notice.TAKING
        elif before == "filling" and not is_filling:
            yield notice.SPACE
        elif before == "roomy" and is_filling:
            yield notice.journal_filling(space)


def _is_within(span_s: float, since_s: float, now_s: float) -> bool:
    """Return whether a time span is still running; not if the clock was set back since it began."""
    return 0 <= now_s - since_s < span_s
