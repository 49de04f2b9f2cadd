"""A platform is away for a whole day, at fifty events a second, and comes back.

In virtual time, with the real journal and senders. A hundredth of the volume by default, requests a
hundredth as large, so that all ratios are those of the full size; `RELAY_OUTAGE_SCALE=1` (or
`make outage`) runs all of it, 4.4 million events. The order of sending is printed: `pytest -s`.
"""

import asyncio
import itertools
import math
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import pytest

from relay.conversion import Conversion, Order
from relay.event_name import Lane
from relay.journal.report import Funnel, Risk
from tests.given.destination.sending import PINTEREST, TIKTOK, Sending
from tests.given.event.builders import NOW_S, conversion
from tests.given.journal.memory import memory
from tests.simulation import virtual_time
from tests.simulation.world import HOUR_S, EventTaken, Outage, Platforms, RequestTaken, relay

SCALE: Final = int(os.environ.get("RELAY_OUTAGE_SCALE", "100"))
MAX_BATCH: Final = 1000 // SCALE
EVENTS_PER_S: Final = 50 / SCALE
TICK_S: Final = 20.0
"""Producers post this often: a full request at a time."""
BEFORE_S: Final = 1 * HOUR_S
OUTAGES: Final[Sequence[tuple[Outage, float]]] = (
    ("hangs", 10 * HOUR_S),
    ("refuses", 4 * HOUR_S),
    ("503", 4 * HOUR_S),
    ("hangs", 6 * HOUR_S),
)
"""A day in all."""
AFTER_S: Final = 2.5 * HOUR_S
"""By then nothing may be left."""
WALL_S: Final = 7 * 86_400.0
LATE_EVERY: Final = 97
"""One event in so many comes from a shop that was cut off for six and a half days."""
LATE_S: Final = WALL_S - 12 * HOUR_S
MONEY_EVERY: Final = 4
WORTH: Final = Decimal("19.99")
"""Of each purchase."""
ALL_BYTES: Final = 2**36
"""Room for the journal at full size, which belongs on a disk."""
ROW_S: Final = 600.0
"""Seconds of recovery that a line of the table tells of."""


class Story(NamedTuple):
    """What happened, as the assertions look at it."""

    accepted: int
    funnels: dict[str, Funnel]
    platforms: Platforms
    retry_rows: set[int]
    cursors: set[tuple[int, int]]
    warnings: dict[tuple[str, ...], int]
    risk: Risk
    """What waited when the outage ended, and the seconds of processor time to tell it."""
    risk_took_s: float
    began_s: float
    ended_s: float
    """The outage."""


def events(count: int, numbers: Iterator[int], now_s: float) -> list[Conversion]:
    """Return what the shops post at one moment; ids tell when, and whether they earn money."""
    result = []
    for number in itertools.islice(numbers, count):
        money = number % MONEY_EVERY == 0
        late = now_s - NOW_S > BEFORE_S + HOUR_S and number % LATE_EVERY == 0
        event_id = f"{'money' if money else 'other'}-{round(now_s * 1000)}-{number}"
        result.append(
            conversion(
                event_id,
                "purchase" if money else "add_to_cart",
                event_time=int(now_s - (LATE_S if late else 0)),
                received_ms=round(now_s * 1000),
                order=Order(WORTH, "USD", event_id) if money else None,
            )
        )
    return result


class Simulation:
    """Drives the shops and the outage, and looks at the journal from outside every hour."""

    def __init__(self, sending: Sending, platforms: Platforms, path: Path) -> None:
        self._sending = sending
        self._platforms = platforms
        self._path = path
        self._accepted = 0
        self._retry_rows: set[int] = set()
        self._cursors: set[tuple[int, int]] = set()

    async def run(self) -> Story:
        """Let it all happen, until nothing waits."""
        shops = asyncio.get_running_loop().create_task(self._shops())
        await asyncio.sleep(BEFORE_S)
        began_s = self._sending.clock()
        for outage, duration_s in OUTAGES:
            self._platforms.outage = outage
            await self._watched(duration_s)
        ended_s = self._sending.clock()
        asked_at = time.process_time()
        risk = await self._sending.journal.risk(PINTEREST)
        risk_took_s = time.process_time() - asked_at
        self._platforms.outage = None
        await shops
        funnels = dict(await self._sending.funnels())
        warnings = self._sending.metrics.warnings.counts()
        return Story(
            self._accepted,
            funnels,
            self._platforms,
            self._retry_rows,
            self._cursors,
            dict(warnings),
            risk,
            risk_took_s,
            began_s,
            ended_s,
        )

    async def _shops(self) -> None:
        numbers = itertools.count(1)
        end_s = NOW_S + BEFORE_S + sum(duration_s for _, duration_s in OUTAGES) + AFTER_S - HOUR_S
        while (now_s := self._sending.clock()) < end_s:
            batch = events(round(EVENTS_PER_S * TICK_S), numbers, now_s)
            self._accepted += len(batch)
            await self._sending.accept(*batch)
            await asyncio.sleep(TICK_S)
        await asyncio.sleep(HOUR_S)

    async def _watched(self, duration_s: float) -> None:
        """Pass the time, and look at the rows of the journal each hour but the first minutes."""
        for _ in range(round(duration_s / HOUR_S)):
            await asyncio.sleep(HOUR_S)
            self._look()

    def _look(self) -> None:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT count(*) FROM retry").fetchone()
            at = connection.execute(
                "SELECT lane, position FROM cursor WHERE destination = ?", (PINTEREST,)
            ).fetchall()
        finally:
            connection.close()
        self._retry_rows.add(rows[0])
        self._cursors.update(at)


@pytest.fixture(scope="module")
def story() -> Story:
    """Run the day once for all tests of this module."""

    async def simulate(folder: Path) -> Story:
        platforms = Platforms()
        async with relay(folder, platforms, max_batch=MAX_BATCH) as sending:
            return await Simulation(sending, platforms, folder / "relay.db").run()

    with TemporaryDirectory(prefix="relay-", dir=memory(ALL_BYTES // SCALE)) as folder:
        return virtual_time.run(simulate(Path(folder)))


pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 if SCALE > 1 else 3600)]


def test_nothing_is_lost_and_nothing_is_sent_twice(story: Story) -> None:
    for name, requests in (
        (PINTEREST, story.platforms.pinterest),
        (TIKTOK, story.platforms.tiktok),
    ):
        funnel = story.funnels[name]
        taken = [event.event_id for request in requests for event in request.events]
        assert funnel.received == story.accepted
        assert funnel.pending == 0
        assert funnel.delivered == len(taken) == len(set(taken))
        assert funnel.delivered + funnel.dead == story.accepted
    assert story.funnels[TIKTOK].dead == 0


def test_what_passed_its_wall_meanwhile_is_expired_and_was_never_sent(story: Story) -> None:
    sent = [
        request.at_s - event.event_time
        for request in story.platforms.pinterest
        for event in request.events
    ]
    assert max(sent) <= WALL_S
    late = story.accepted // LATE_EVERY
    assert late * 0.3 < story.funnels[PINTEREST].dead < late


def test_an_outage_moves_no_cursor_and_copies_no_row(story: Story) -> None:
    """However long it lasts: what waits stays where it is, in the log."""
    assert story.retry_rows == {0}
    assert len(story.cursors) == len(Lane)


def test_the_platform_is_tried_every_15_s_with_little_and_money_first(story: Story) -> None:
    tried_s = [at_s for at_s, _ in story.platforms.vain]
    timeout_s = 10.0
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(tried_s)]
    assert max(gaps_s) <= 15.0 + timeout_s
    in_flight = 8
    assert all(count <= 50 for _, count in story.platforms.vain[in_flight:])


def test_money_goes_first_nine_to_one(story: Story) -> None:
    """While money of the outage waits, nine places in ten are its."""
    requests = recovery(story)
    backlog = [
        request
        for request in requests
        if any(_is_backlog(event.event_id, story) for event in request.events)
    ]
    last_money = max(
        at
        for at, request in enumerate(backlog)
        if any(_is_backlog(event.event_id, story) and _is_money(event) for event in request.events)
    )
    held = 24  # what was in flight when it began, and the trials: sent first as they are
    full = [request for request in backlog[held:last_money] if len(request.events) == MAX_BATCH]
    shares = [sum(map(_is_money, request.events)) / len(request.events) for request in full]
    assert full
    assert min(shares) >= 0.9
    assert last_money < 0.5 * len(backlog)


def test_what_waits_is_told_at_once_in_money_and_time(story: Story) -> None:
    """As quick as with nothing waiting; in money it is exact."""
    taken = [request for request in story.platforms.pinterest if request.at_s < story.ended_s]
    sent = sum(_is_money(event) for request in taken for event in request.events)
    accepted = -(-round((story.ended_s - NOW_S) * EVENTS_PER_S) // MONEY_EVERY)
    waiting, remainder = divmod(story.risk.worth["USD"], WORTH)
    assert remainder == 0
    assert abs(waiting - (accepted - sent)) <= MAX_BATCH
    assert min(each.received_ms / 1000 for each in story.risk.oldest) < story.began_s + HOUR_S
    assert story.risk_took_s < 0.2


def test_the_healthy_platform_notices_nothing(story: Story) -> None:
    """Its 95th percentile from receipt to delivery is the same before, during and after."""
    before, during, after = (
        p95_s(story.platforms.tiktok, since_s, until_s)
        for since_s, until_s in (
            (-math.inf, story.began_s),
            (story.began_s, story.ended_s),
            (story.ended_s, math.inf),
        )
    )
    print(f"\nHealthy platform, p95: {before:.2f} s, {during:.2f} s, {after:.2f} s")
    assert during <= before * 1.05
    assert after <= before * 1.05


def test_what_came_late_is_counted(story: Story) -> None:
    """An hour after it happened, Pinterest may file it as offline; TikTok has no such wall."""
    offline = sum(
        request.at_s - event.event_time > HOUR_S
        for request in story.platforms.pinterest
        for event in request.events
    )
    counted = story.warnings[PINTEREST, "may_be_offline"]
    assert offline * 0.99 <= counted <= offline
    assert story.warnings[TIKTOK, "may_be_offline"] == 0
    assert story.warnings[PINTEREST, "may_count_twice"] > 0


def test_the_order_of_sending_can_be_read(story: Story) -> None:
    """Prints the recovery, ten minutes a line, for `make outage`."""
    rows = list(table(story))
    print(f"\n{'after':>9}  {'money':>9}  {'other':>9}  {'oldest money':>12}  {'oldest other':>12}")
    print("\n".join(rows))
    assert len(rows) > 1


def recovery(story: Story) -> list[RequestTaken]:
    """Return Pinterest's requests after the outage."""
    return [each for each in story.platforms.pinterest if each.at_s >= story.ended_s]


def p95_s(requests: Sequence[RequestTaken], since_s: float, until_s: float) -> float:
    """Return the 95th percentile of the time from receipt to delivery."""
    waits_s = [
        request.at_s - _received_s(event.event_id)
        for request in requests
        if since_s <= request.at_s < until_s
        for event in request.events
    ]
    return quantiles(waits_s, n=20)[-1]


def table(story: Story) -> Iterator[str]:
    """Yield a line for each stretch of the recovery, until nothing of the outage is sent."""
    requests = recovery(story)
    for stretch, group in itertools.groupby(
        requests, lambda each: int((each.at_s - story.ended_s) // ROW_S)
    ):
        sent = [(each.at_s, event) for each in group for event in each.events]
        waits_s: dict[bool, list[float]] = {True: [], False: []}
        for at_s, event in sent:
            waits_s[_is_money(event)].append(at_s - _received_s(event.event_id))
        oldest = (_hours(max(waits_s[money], default=0)) for money in (True, False))
        counts = f"{len(waits_s[True]):>9,}  {len(waits_s[False]):>9,}"
        yield f"{(stretch + 1) * ROW_S / 60:>5.0f} min  {counts}  {'  '.join(oldest)}"
        if max(map(max, filter(None, waits_s.values()))) < ROW_S:
            return


def _is_money(event: EventTaken) -> bool:
    return event.event_id.startswith("money")


def _received_s(event_id: str) -> float:
    return int(event_id.split("-")[1]) / 1000


def _is_backlog(event_id: str, story: Story) -> bool:
    return story.began_s <= _received_s(event_id) < story.ended_s


def _hours(seconds: float) -> str:
    return f"{seconds / HOUR_S:>10.1f} h"
