"""What the reports ask of the flow: with many destinations, too, a look is a short one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from relay.journal.codec import entry_of
from relay.journal.sqlite import SqliteJournal
from relay.metrics import Metrics
from relay.outcome.health import Health
from relay.outcome.insight.insight import Insight
from relay.outcome.reports import Reports
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, conversion

NAMES: Final = [f"shop-{number}" for number in range(20)]
PAUSED: Final = Health("paused", "token_expired", "", NOW_S - 60.0, None)


class Looks:
    """The states of all destinations, and how often somebody asked for them."""

    def __init__(self) -> None:
        self.count = 0

    def health(self) -> Mapping[str, Health]:
        """Return that all are paused."""
        self.count += 1
        return dict.fromkeys(NAMES, PAUSED)


@asynccontextmanager
async def opened_journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal(
        tmp_path / "relay.db", clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60
    )
    await opened.open(NAMES)
    await opened.append([entry_of(conversion("e-1"), {})])
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("report", "looks"),
    [
        (lambda reports, _: reports.summary("1h"), 1),
        (lambda reports, _: reports.destinations(), 1),
        (lambda reports, _: reports.events(event_id="e-1"), 1),
        (lambda _, insight: insight.overview("1h"), 2),
    ],
)
async def test_how_all_destinations_are_is_asked_once(
    tmp_path: Path, report: Callable[[Reports, Insight], Awaitable[object]], looks: int
) -> None:
    """Not once for each of them: that is a look at each for each, while events wait."""
    asked, metrics, destinations = Looks(), Metrics(), list(map(StubDestination, NAMES))
    async with opened_journal(tmp_path) as journal:
        reports = Reports(
            journal,
            destinations,
            asked.health,
            lambda: NOW_S,
            warnings=metrics.warnings.counts,
            refusing=journal.unavailable,
        )
        await report(reports, Insight(journal, destinations, reports, metrics, lambda: NOW_S))

    assert asked.count == looks
