"""Turns the journal and the senders' states into the admin API's objects; it changes nothing."""

from collections.abc import Callable, Mapping, Sequence

from relay.delivery import Destination
from relay.journal.base import Journal
from relay.journal.entry import Entry
from relay.journal.letter import DeadFilter
from relay.journal.report import Funnel, Totals
from relay.outcome.health import Health, sentence_of
from relay.outcome.notation import money, utc
from relay.outcome.views.api import (
    AHEAD_S,
    RANGES_S,
    DeadLetterList,
    DeadLetterView,
    DestinationList,
    DestinationView,
    EventList,
    JournalView,
    RangeName,
    RejectionList,
    RejectionView,
    Summary,
)
from relay.outcome.views.event import EventViews
from relay.outcome.wording import DEAD


class Reports:
    """See the module docstring. `health` returns every destination's current state.

    `warnings` returns their counts by destination and code since the start of the process;
    `refusing` returns why no events are accepted, or None.
    """

    def __init__(
        self,
        journal: Journal,
        destinations: Sequence[Destination],
        health: Callable[[], Mapping[str, Health]],
        clock: Callable[[], float],
        *,
        warnings: Callable[[], Mapping[tuple[str, ...], int]],
        refusing: Callable[[], str | None],
    ) -> None:
        self._journal = journal
        self._destinations = {each.name: each for each in destinations}
        self.health = health
        self._clock = clock
        self._event_views = EventViews(self._destinations, health, clock)
        self._warnings = warnings
        self.refusing = refusing

    @property
    def names(self) -> Sequence[str]:
        """The configured destinations."""
        return list(self._destinations)

    async def summary(self, range_name: RangeName) -> Summary:
        """Return the funnel of the events that were received in a range."""
        now_s = self._clock()
        since_s = now_s - RANGES_S[range_name]
        until_s = now_s + AHEAD_S
        report = await self._journal.report(round(since_s * 1000), round(until_s * 1000))
        funnels = {name: report.destinations.get(name, Funnel()) for name in self._destinations}
        health = self.health()
        return Summary(
            range_name,
            utc(since_s),
            utc(now_s),
            report.received,
            report.rejected,
            [await self._view(name, funnel, health[name]) for name, funnel in funnels.items()],
        )

    async def destinations(self) -> DestinationList:
        """Return the lifetime funnel of every destination."""
        totals, health = await self._journal.totals(), self.health()
        funnels = {name: funnel_of(totals, name) for name in self._destinations}
        return DestinationList(
            [await self._view(name, funnel, health[name]) for name, funnel in funnels.items()]
        )

    async def destination(self, name: str) -> DestinationView:
        """Return the lifetime funnel of one destination. Raises KeyError for an unknown one."""
        self._destinations[name]
        funnel = funnel_of(await self._journal.totals(), name)
        return await self._view(name, funnel, self.health()[name])

    async def events(
        self, *, event_id: str | None = None, order_id: str | None = None
    ) -> EventList | None:
        """Return the timelines of the events with an id, or None if there is none."""
        found = await self._journal.find(event_id=event_id, order_id=order_id)
        return EventList([self._event_views.of(each) for each in found]) if found else None

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None
    ) -> DeadLetterList:
        """Return a page of dead letters. Raises ValueError for an invalid cursor."""
        page = await self._journal.dead_letters(where, limit=limit, cursor=cursor)
        letters = [
            DeadLetterView(
                id=letter.id,
                event_id=letter.event_id,
                event=letter.event,
                event_time=utc(letter.event_time),
                destination=letter.destination,
                reason=letter.reason,
                code=letter.code,
                message=letter.message or DEAD[letter.reason].sentence,
                note=letter.note,
                dead_at=utc(letter.dead_at_ms / 1000),
            )
            for letter in page.letters
        ]
        return DeadLetterList(letters, page.next, page.total)

    async def rejections(self, limit: int) -> RejectionList:
        """Return the latest events that were refused on arrival."""
        found = await self._journal.rejections(limit)
        return RejectionList(
            [
                RejectionView(
                    utc(each.at_ms / 1000),
                    each.source,
                    each.key,
                    each.event_id,
                    each.code,
                    each.path,
                    each.message,
                )
                for each in found
            ]
        )

    async def journal(self) -> JournalView:
        """Return how full the journal is, and when it will be full."""
        space = await self._journal.space()
        hours, oldest_ms = space.hours_to_full, space.oldest_received_ms
        return JournalView(
            size_bytes=space.size_bytes,
            used_bytes=space.used_bytes,
            limit_bytes=space.limit_bytes,
            left_bytes=space.left_bytes,
            hours_to_full=None if hours is None else round(hours, 1),
            oldest_event_at=None if oldest_ms is None else utc(oldest_ms / 1000),
            unavailable=self.refusing(),
        )

    async def oldest_pending_s(self, name: str) -> float:
        """Return how many seconds the oldest waiting event has waited, 0 if none waits."""
        oldest_ms = await self._journal.oldest_pending_ms(name)
        return 0.0 if oldest_ms is None else max(0.0, self._clock() - oldest_ms / 1000)

    async def left_s(self, name: str) -> float | None:
        """Return the seconds until the first waiting event is too old, None if none waits."""
        risk = await self._journal.risk(name)
        return self._left_s(self._destinations[name], risk.oldest)

    async def _view(self, name: str, funnel: Funnel, health: Health) -> DestinationView:
        destination, risk = self._destinations[name], await self._journal.risk(name)
        left_s = self._left_s(destination, risk.oldest)
        return DestinationView(
            name=name,
            type=destination.type,
            test=destination.test,
            emulated=destination.emulated,
            state=health.state,
            reason=health.reason,
            message=_message(health, destination),
            since=None if health.since is None else utc(health.since),
            until=None if health.until is None else utc(health.until),
            received=funnel.received,
            skipped=funnel.skipped,
            pending=funnel.pending,
            delivered=funnel.delivered,
            dead=funnel.dead,
            oldest_pending_seconds=round(await self.oldest_pending_s(name), 3),
            value_delivered={code: money(sum_) for code, sum_ in funnel.value_delivered.items()},
            minutes_left=None if left_s is None else round(left_s / 60, 1),
            money_at_risk={code: money(sum_) for code, sum_ in risk.worth.items()},
            warnings={
                code: count
                for (of, code), count in self._warnings().items()
                if of == name and count
            },
        )

    def _left_s(self, destination: Destination, oldest: Sequence[Entry]) -> float | None:
        """Return the seconds until the first of these events is too old, 0 if one is already."""
        now_s = self._clock()
        left_s = [destination.max_age_s(each) - (now_s - each.event_time) for each in oldest]
        return max(0.0, min(left_s)) if left_s else None


def funnel_of(totals: Totals, name: str) -> Funnel:
    """Return the lifetime funnel of a destination; a replay takes an event out of `dead`."""
    return Funnel(
        received=totals.accepted.get(name, 0),
        skipped=_sum(totals.skipped, name),
        delivered=_sum(totals.delivered, name),
        dead=_sum(totals.dead, name) - totals.replayed.get(name, 0),
        value_delivered={
            currency: value
            for (destination, currency), value in totals.value_delivered.items()
            if destination == name
        },
    )


def _sum(counts: Mapping[tuple[str, str], int], name: str) -> int:
    return sum(count for (destination, _), count in counts.items() if destination == name)


def _message(health: Health, destination: Destination) -> str:
    """Return what the state means; for a pause, with the platform's own screen for the fix."""
    if health.reason is None:
        return health.message
    return sentence_of(health.reason, destination.fixes)
