"""Reads what the page shows, once per screen; it changes nothing.

Everything comes from `Reports`, so that the figures are exactly those of the API, and from queries
over roll-ups and indexes, which cost the same for a thousand events as for ten million.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from relay.delivery import Destination
from relay.journal.base import Journal
from relay.journal.letter import DeadGroup
from relay.journal.report import KindCount, Slice, Totals
from relay.metrics import Metrics
from relay.outcome.health import Health
from relay.outcome.insight.attention import Arrivals, Task, tasks, unread
from relay.outcome.insight.condition import Condition, condition
from relay.outcome.insight.headline import Headline, Labels, headline
from relay.outcome.insight.match import MatchData, match_data
from relay.outcome.insight.on_call import OnCall, on_call
from relay.outcome.insight.situation import Situation
from relay.outcome.insight.trend import STEPS_S, filled
from relay.outcome.reports import Reports, funnel_of
from relay.outcome.views.api import AHEAD_S, RANGES_S, SPOKEN, DestinationView, RangeName, Summary
from relay.outcome.views.source import KafkaSourceView
from relay.outcome.wording import SETTLED, SKIPPED, Wording

TYPICAL = 0.5
_PLATFORMS = {"pinterest": "Pinterest", "tiktok": "TikTok"}


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One destination on the overview."""

    situation: Situation
    label: str
    condition: Condition
    last_delivered_ms: int | None
    typical_s: float | None
    """Seconds within which half of the events were delivered, since the relay was started."""
    trend: Sequence[Slice]

    @property
    def view(self) -> DestinationView:
        """The destination's figures for the range."""
        return self.situation.view


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The first screen. `ever`: whether any event came since the journal was created."""

    summary: Summary
    headline: Headline
    tasks: Sequence[Task]
    cards: Sequence[Card]
    ever: bool


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one destination."""

    summary: Summary
    card: Card
    task: Task | None
    kinds: Sequence[KindCount]
    groups: Sequence[DeadGroup]
    match: MatchData
    skipped: Sequence[tuple[Wording, int]]
    """Skipped events by reason, most frequent first, since the journal was created."""


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
        """What people call each destination: the platform, if it is the only one there."""
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
        """Return the labels of the destinations that send in test mode."""
        labels = self.labels
        return [labels[name] for name, each in self._destinations.items() if each.test]

    async def overview(
        self, range_name: RangeName, kafka: KafkaSourceView | None = None
    ) -> Overview:
        """Return the content of the first screen; `kafka` is the source, if there is one."""
        summary = await self._reports.summary(range_name)
        totals, groups = await self._journal.totals(), await self._groups(range_name)
        situations = await self._situations(summary.destinations, totals, groups)
        source = unread(kafka, self._clock())
        found = await self._tasks(summary, situations, groups, source)
        ever = summary.received > 0 or bool(totals.received)
        return Overview(
            summary=summary,
            headline=headline(
                Arrivals(summary.received, summary.rejected),
                situations,
                found,
                Labels(self.labels, f"the last {SPOKEN[range_name]}"),
                ever=ever,
            ),
            tasks=found,
            cards=await self._cards(range_name, situations),
            ever=ever,
        )

    async def detail(self, name: str, range_name: RangeName) -> Detail:
        """Return the content of one destination's screen. Raises KeyError for an unknown one."""
        destination = self._destinations[name]
        summary = await self._reports.summary(range_name)
        totals, groups = await self._journal.totals(), await self._groups(range_name, name)
        view = next(each for each in summary.destinations if each.name == name)
        situations = await self._situations([view], totals, groups)
        found = await self._tasks(summary, situations, ())
        return Detail(
            summary=summary,
            card=(await self._cards(range_name, situations, name))[0],
            task=next((each for each in found if each.destination == name), None),
            kinds=await self._kinds(range_name, name),
            groups=groups,
            match=match_data(destination.identifier_keys, self._metrics.identifiers.carried(name)),
            skipped=_skipped(totals, name),
        )

    async def dead_groups(self, destination: str | None = None) -> Sequence[DeadGroup]:
        """Return all dead letters in groups, those of one destination if it is named."""
        return await self._journal.dead_groups(destination=destination)

    async def on_call(self) -> OnCall:
        """Return the content of the on-call screen."""
        views = (await self._reports.destinations()).destinations
        journal, totals = await self._reports.journal(), await self._journal.totals()
        return on_call(self._metrics, views, journal, totals, self._reports.health())

    async def _groups(self, range_name: RangeName, name: str | None = None) -> Sequence[DeadGroup]:
        since_ms, until_ms = self.span_ms(range_name)
        found = await self._journal.dead_groups(
            destination=name, since_ms=since_ms, until_ms=until_ms
        )
        return [each for each in found if each.destination in self._destinations]

    async def _kinds(self, range_name: RangeName, name: str) -> Sequence[KindCount]:
        return await self._journal.kinds(self._since_ms(range_name), name, self._until_ms())

    async def _situations(
        self, views: Sequence[DestinationView], totals: Totals, groups: Sequence[DeadGroup]
    ) -> Sequence[Situation]:
        health = self._reports.health()
        return [await self._situation(view, totals, groups, health[view.name]) for view in views]

    async def _situation(
        self, view: DestinationView, totals: Totals, groups: Sequence[DeadGroup], health: Health
    ) -> Situation:
        lifetime = funnel_of(totals, view.name)
        purchases = await self._journal.purchases_waiting(view.name) if lifetime.pending else 0
        return Situation(
            view=view,
            fixes=self._destinations[view.name].fixes,
            waiting=lifetime.pending,
            purchases=min(purchases, lifetime.pending),  # counted a moment later
            since_ms=self._waits_since_ms(view, health.since),
            settled=sum(
                each.count
                for each in groups
                if each.destination == view.name and each.reason in SETTLED
            ),
            ever_delivered=lifetime.delivered > 0,
        )

    async def _tasks(
        self,
        summary: Summary,
        situations: Sequence[Situation],
        groups: Sequence[DeadGroup],
        source: Sequence[Task] = (),
    ) -> Sequence[Task]:
        arrivals = Arrivals(summary.received, summary.rejected)
        return tasks(await self._reports.journal(), arrivals, situations, groups, source)

    async def _cards(
        self, range_name: RangeName, situations: Sequence[Situation], name: str | None = None
    ) -> Sequence[Card]:
        """Return a card for each situation; `name` is set if there is only one."""
        since_ms = self._since_ms(range_name)
        trends = await self._journal.series(since_ms, STEPS_S[range_name], name)
        delivered, labels = await self._last_delivered_ms(), self.labels
        return [
            Card(
                situation=each,
                label=labels[each.view.name],
                condition=condition(each),
                last_delivered_ms=delivered.get(each.view.name),
                typical_s=self._metrics.delivery_seconds.quantile(TYPICAL, each.view.name),
                trend=filled(trends.get(each.view.name, ()), range_name, self._clock()),
            )
            for each in situations
        ]

    async def _last_delivered_ms(self) -> Mapping[str, int]:
        found, until_ms = await self._journal.last_delivered_ms(), self._until_ms()
        return {name: at_ms for name, at_ms in found.items() if at_ms <= until_ms}

    def _waits_since_ms(self, view: DestinationView, since_s: float | None) -> int:
        """Return since when events wait: since the pause, or since the oldest of them came."""
        if view.state == "paused" and since_s is not None:
            return round(since_s * 1000)
        return round((self._clock() - view.oldest_pending_seconds) * 1000)

    def _since_ms(self, range_name: RangeName) -> int:
        return round((self._clock() - RANGES_S[range_name]) * 1000)

    def _until_ms(self) -> int:
        return round((self._clock() + AHEAD_S) * 1000)

    def span_ms(self, range_name: RangeName) -> tuple[int, int]:
        """Return when a range begins and ends, in Unix milliseconds.

        It begins at the start of its first roll-up row, so that letters are those that the row
        counts, and ends after now; see `AHEAD_S`.
        """
        since_s = self._since_ms(range_name) // 1000
        return (since_s - since_s % _ROW_S[range_name]) * 1000, self._until_ms()


def _skipped(totals: Totals, name: str) -> Sequence[tuple[Wording, int]]:
    counts = {reason: totals.skipped.get((name, reason), 0) for reason in SKIPPED}
    told = [(SKIPPED[reason], count) for reason, count in counts.items() if count]
    return sorted(told, key=lambda each: -each[1])


_ROW_S: Mapping[RangeName, int] = {"1h": 60, "24h": 60, "7d": 3600, "30d": 3600}
"""The length of a range's roll-up rows, in seconds."""
