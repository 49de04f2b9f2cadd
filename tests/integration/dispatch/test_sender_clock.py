"""A clock that is set back, by an hour and by hand: nobody waits for it to come round again."""

import asyncio
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.waiting import MAX_WHOLE_TRIALS
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    TIKTOK,
    Clock,
    accepted,
    asked,
    pinterest,
    purchase,
    purchases,
    requests,
    script,
    sending,
    tiktok,
)

HOUR_S = 3_600.0
TAKEN: Final = HttpResponse(200, {}, b'{"code":0}')
THROTTLED: Final = HttpResponse(200, {}, b'{"code":40100}')


class ByHand:
    """A platform that answers each request when the test says so."""

    def __init__(self) -> None:
        self.answers: list[asyncio.Future[HttpResponse]] = []

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]

    async def close(self) -> None:
        """Nothing is open."""


async def test_an_outage_is_tried_every_15_s_though_the_clock_was_set_back(tmp_path: Path) -> None:
    clock = Clock()
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"action": {"answer": "pinterest-503"}})
        await relay.accept(*purchases(clock, 20))
        while relay.health().state != "degraded":
            relay.skip(1)
            await relay.turn()
        count = len(requests(sandbox))
        relay.skip(-HOUR_S)
        for number in range(1, 5):
            relay.skip(15)
            await relay.until(asked(sandbox, count + number))
        assert len(requests(sandbox)) <= count + 8, "it waits between two tries"
        script(sandbox)
        relay.skip(15)
        funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == accepted(sandbox).total() == 20


async def test_an_outage_is_no_events_fault_though_the_clock_was_set_back(tmp_path: Path) -> None:
    """What passed before it seems to have passed since then, by that clock."""
    clock = Clock()
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        await relay.accept(purchase(clock, "order-before"))
        await relay.settled()
        relay.skip(-HOUR_S)
        script(sandbox, {"action": {"answer": "pinterest-503"}})
        await relay.accept(*purchases(clock, 20))
        for count in range(2, MAX_WHOLE_TRIALS + 2):
            relay.skip(15)
            await relay.until(asked(sandbox, count))
        assert {each.event_count for each in requests(sandbox)[1:]} == {20}


async def test_an_event_that_waits_for_its_moment_does_not_wait_for_the_clock(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-200-unknown-status"}})
        await relay.accept(*purchases(clock, 3))
        await relay.until(asked(sandbox, 1))
        relay.skip(-HOUR_S)
        relay.skip(60)
        funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == len(accepted(sandbox)) == 3


async def test_an_event_is_tried_ever_more_rarely_though_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        relay.skip(-HOUR_S)
        script(sandbox, {"action": {"answer": "pinterest-200-unknown-status"}})
        await relay.accept(purchase(clock, "order"))
        await relay.until(asked(sandbox, 1))
        for _ in range(60):
            relay.skip(1)
            await relay.turn()
        assert 2 <= len(requests(sandbox)) <= 15


async def test_what_may_count_twice_is_counted_though_the_clock_was_set_back_meanwhile(
    tmp_path: Path,
) -> None:
    """The first request may have brought it, and an offline event is never compared."""
    clock = Clock()
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-503"}})
        await relay.accept(replace(purchase(clock, "order-1"), action_source="offline"))
        await relay.until(asked(sandbox, 1))
        relay.skip(-HOUR_S)
        relay.skip(60)
        late = relay.metrics.warnings.counts
        await relay.until(lambda: late()[PINTEREST, "may_count_twice"] == 1)


async def test_what_a_platform_only_tests_counts_never_twice(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url, test=True)) as relay:
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-503"}})
        await relay.accept(replace(purchase(relay.clock, "order-1"), action_source="offline"))
        relay.skip(60)
        funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 1
        assert relay.metrics.warnings.counts()[PINTEREST, "may_count_twice"] == 0


async def test_throttles_of_one_moment_lower_the_rate_once_though_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    clock, platform = Clock(), ByHand()
    target = tiktok("http://127.0.0.1", max_batch=1)
    async with sending(tmp_path, target, clock=clock, transport=platform) as relay:
        [pace], ended = relay.paces.values(), relay.metrics.requests.counts
        relay.skip(-HOUR_S)
        await relay.accept(*purchases(clock, 3))
        await relay.until(lambda: len(platform.answers) == 3)
        platform.answers[0].set_result(THROTTLED)
        await relay.until(lambda: ended()[TIKTOK, "throttled"] == 1)
        lowered_per_s = pace.per_s
        platform.answers[1].set_result(TAKEN)
        await relay.until(lambda: ended()[TIKTOK, "ok"] == 1)
        platform.answers[2].set_result(THROTTLED)
        await relay.until(lambda: ended()[TIKTOK, "throttled"] == 2)
        assert pace.per_s == lowered_per_s


async def test_a_request_is_told_with_when_it_was_sent_and_how_long_it_took(tmp_path: Path) -> None:
    clock, platform = Clock(), ByHand()
    target = tiktok("http://127.0.0.1")
    async with sending(tmp_path, target, clock=clock, transport=platform) as relay:
        accepted_at_ms = clock() * 1000
        await relay.accept(*purchases(clock, 1))
        await relay.until(lambda: len(platform.answers) == 1)
        asked_at_ms = clock() * 1000
        relay.skip(HOUR_S)
        platform.answers[0].set_result(TAKEN)
        await relay.settled()
        [found] = await relay.journal.find(event_id="order-0000")
    [attempt] = found.deliveries[0].attempts
    assert accepted_at_ms - 1 <= attempt.at_ms <= asked_at_ms + 1
    assert attempt.duration_ms == pytest.approx(HOUR_S * 1000, rel=0.01)


async def test_a_request_in_which_the_clock_was_set_back_took_no_time(tmp_path: Path) -> None:
    clock, platform = Clock(), ByHand()
    target = tiktok("http://127.0.0.1")
    async with sending(tmp_path, target, clock=clock, transport=platform) as relay:
        await relay.accept(*purchases(clock, 1))
        await relay.until(lambda: len(platform.answers) == 1)
        relay.skip(-HOUR_S)
        platform.answers[0].set_result(TAKEN)
        await relay.settled()
        [found] = await relay.journal.find(event_id="order-0000")
    assert [each.duration_ms for each in found.deliveries[0].attempts] == [0]
