"""What the page shows, read in one go per screen; changes nothing.

Everything comes from `Reports`, so that figures agree with the API to the unit, and from queries
over roll-ups and indexes that cost the same whether there were a thousand events or ten million.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from relay.delivery import Destination
from relay.journal.account import KindCount, Slice, Totals
from relay.journal.base import Journal
from relay.journal.letter import DeadGroup
from relay.metrics import Metrics
from relay.outcome.insight.attention import Task, Waiting, tasks
from relay.outcome.insight.headline import Condition, Headline, condition, headline
from relay.outcome.insight.match import MatchData, match_data
from relay.outcome.insight.trend import STEPS_S, filled
from relay.outcome.reports import Reports
from relay.outcome.view import RANGES_S, DestinationView, RangeName, Summary
from relay.outcome.wording import SKIPPED, Wording

TYPICAL = 0.5
_PLATFORMS = {"pinterest": "Pinterest", "tiktok": "TikTok"}


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One destination on the overview."""

    view: DestinationView
    label: str
    condition: Condition
    last_delivered_ms: int | None
    typical_s: float | None
    """Half of the events were delivered within it, since the relay was started."""
    trend: Sequence[Slice]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The first screen. `ever`: whether any event came since the journal began."""

    summary: Summary
    headline: Headline
    tasks: Sequence[Task]
    cards: Sequence[Card]
    ever: bool


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One destination, in all that is known of it."""

    summary: Summary
    card: Card
    task: Task | None
    kinds: Sequence[KindCount]
    groups: Sequence[DeadGroup]
    match: MatchData
    skipped: Sequence[tuple[Wording, int]]
    """By reason, most frequent first, since the journal began."""


class Insight:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        journal: Journal,
        destinations: Sequence[Destination],
        reports: Reports,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._destinations = {each.name: each for each in destinations}
        self._reports = reports
        self._metrics = metrics
        self._clock = clock

    @property
    def labels(self) -> Mapping[str, str]:
        """Each destination as people call it: by its platform, if it is the only one there."""
        types = [each.type for each in self._destinations.values()]
        return {
            name: _PLATFORMS.get(each.type, name) if types.count(each.type) == 1 else name
            for name, each in self._destinations.items()
        }

    @property
    def types(self) -> Mapping[str, str]:
        """The platform of each destination."""
        return {name: each.type for name, each in self._destinations.items()}

    def tested(self) -> Sequence[str]:
        """Return the destinations that send in test mode, as people call them."""
        return [self.labels[name] for name, each in self._destinations.items() if each.test]

    async def overview(self, range_name: RangeName) -> Overview:
        """Return the first screen."""
        summary = await self._reports.summary(range_name)
        found = await self._tasks(summary)
        ever = summary.received > 0 or bool((await self._journal.totals()).received)
        return Overview(
            summary=summary,
            headline=headline(summary, found, self.labels, ever=ever),
            tasks=found,
            cards=await self._cards(summary),
            ever=ever,
        )

    async def detail(self, name: str, range_name: RangeName) -> Detail:
        """Return one destination. Raises KeyError for an unknown one."""
        destination = self._destinations[name]
        summary = await self._reports.summary(range_name)
        groups = await self._journal.dead_groups(
            destination=name, since_ms=self._row_ms(range_name)
        )
        found = await self._tasks(summary)
        return Detail(
            summary=summary,
            card=(await self._cards(summary, name))[0],
            task=next((each for each in found if _is_state_of(each, name)), None),
            kinds=await self._journal.kinds(self._since_ms(range_name), name),
            groups=groups,
            match=match_data(destination.identifier_keys, self._metrics.identifiers.carried(name)),
            skipped=await self._skipped(name),
        )

    async def dead_groups(self) -> Sequence[DeadGroup]:
        """Return all that is dead, grouped."""
        return await self._journal.dead_groups()

    async def totals(self) -> Totals:
        """Return the lifetime counts."""
        return await self._journal.totals()

    async def _tasks(self, summary: Summary) -> Sequence[Task]:
        waiting = [
            Waiting(
                view=view,
                fixes=self._fixes(view.name),
                since_ms=self._waits_since_ms(view),
                purchases=(
                    await self._journal.purchases_waiting(view.name)
                    if view.oldest_pending_seconds
                    else 0
                ),
            )
            for view in summary.destinations
        ]
        groups = await self._journal.dead_groups(since_ms=self._row_ms(summary.range))
        known = [each for each in groups if each.destination in self._destinations]
        return tasks(self._journal.unavailable(), waiting, known)

    async def _cards(self, summary: Summary, name: str | None = None) -> Sequence[Card]:
        """Return the cards of all destinations, or of one."""
        since_ms = self._since_ms(summary.range)
        trends = await self._journal.series(since_ms, STEPS_S[summary.range], name)
        delivered = await self._journal.last_delivered_ms()
        return [
            Card(
                view=view,
                label=self.labels[view.name],
                condition=condition(view),
                last_delivered_ms=delivered.get(view.name),
                typical_s=self._metrics.delivery_seconds.quantile(TYPICAL, view.name),
                trend=filled(trends.get(view.name, ()), summary.range, self._clock()),
            )
            for view in summary.destinations
            if name in (None, view.name)
        ]

    async def _skipped(self, name: str) -> Sequence[tuple[Wording, int]]:
        totals = await self._journal.totals()
        counts = {reason: totals.skipped.get((name, reason), 0) for reason in SKIPPED}
        told = [(SKIPPED[reason], count) for reason, count in counts.items() if count]
        return sorted(told, key=lambda each: -each[1])

    def _fixes(self, name: str) -> Mapping[str, str]:
        return {str(reason): fix for reason, fix in self._destinations[name].fixes.items()}

    def _waits_since_ms(self, view: DestinationView) -> int:
        """Return since when what waits does: since the pause, or since the oldest of it came."""
        since_s = self._reports.health()[view.name].since
        if view.state == "paused" and since_s is not None:
            return round(since_s * 1000)
        return round((self._clock() - view.oldest_pending_seconds) * 1000)

    def _since_ms(self, range_name: RangeName) -> int:
        return round((self._clock() - RANGES_S[range_name]) * 1000)

    def _row_ms(self, range_name: RangeName) -> int:
        """Return the beginning of a range, rounded down to its row as the funnel's is."""
        since_s = self._since_ms(range_name) // 1000
        return (since_s - since_s % _ROW_S[range_name]) * 1000


def _is_state_of(task: Task, name: str) -> bool:
    return task.destination == name and task.kind != "dead"


_ROW_S: Mapping[RangeName, int] = {"1h": 60, "24h": 60, "7d": 3600, "30d": 3600}
"""Seconds of the roll-up row that a range begins in."""
