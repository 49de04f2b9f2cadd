"""Throttles, outages and answers that nobody understands: nothing is lost, nothing is guessed."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from relay.config.quantity import Duration
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import AiohttpTransport, Fault
from relay.journal.letter import DeadFilter
from relay.sandbox.answer import PlatformName
from relay.sandbox.server import Sandbox
from relay.sandbox.style import Style
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

OTHER = "pinterest-other"
"""A second destination of the same account."""


async def test_a_throttle_waits_as_told_and_names_the_moment(tmp_path: Path) -> None:
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-429", "reset_s": 58}})
        await relay.accept(*purchases(clock, 20))
        await relay.until(lambda: relay.health().state == "throttled")
        until = relay.health().until
        assert until is not None
        assert 50 < until - clock() <= 58
        assert len(requests(sandbox)) == 1
        relay.skip(58)
        funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 20
        assert relay.health().state == "active"


async def test_the_last_request_of_a_budget_is_not_followed_by_one_that_is_refused(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with (
        Sandbox(clock=clock, style=Style(pinterest_requests_per_minute=1)) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        await relay.accept(*purchases(clock, 20))
        await relay.settled()
        await relay.until(lambda: relay.health().state == "throttled")
        await relay.accept(*purchases(clock, 20, "later"))
        relay.skip(59)
        await relay.turn()
        assert len(requests(sandbox)) == 1
        relay.skip(2)
        assert (await relay.settled())[PINTEREST].delivered == 40
        assert [each.status for each in requests(sandbox)] == [200, 200]


async def test_no_destination_of_an_account_sends_what_its_spent_budget_would_refuse(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with Sandbox(clock=clock, style=Style(pinterest_requests_per_minute=1)) as sandbox:
        targets = (pinterest(sandbox.url), pinterest(sandbox.url, OTHER))
        async with sending(tmp_path, *targets, clock=clock) as relay:
            await relay.accept(*purchases(clock, 20), to=[PINTEREST])
            await relay.until(lambda: relay.health().state == "throttled")
            await relay.accept(*purchases(clock, 20, "later"), to=[OTHER])
            relay.skip(59)
            await relay.turn()
            assert relay.health(OTHER).state == "active"
            relay.skip(2)
            assert (await relay.settled())[OTHER].delivered == 20
            assert [each.status for each in requests(sandbox)] == [200, 200]


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ({"answer": "pinterest-429", "reset_s": 60}, "throttled"),
        ({"answer": "pinterest-503", "headers": {"Retry-After": "60"}}, "degraded"),
    ],
)
async def test_a_wait_that_was_asked_for_outlasts_a_restart(
    tmp_path: Path, action: dict[str, Any], state: str
) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        script(sandbox, {"times": 1, "action": action})
        async with sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay:
            await relay.accept(*purchases(clock, 20))
            await relay.until(lambda: relay.health().state == state)
            until = relay.health().until
            relay.dispatcher.stop()
            await relay.running
        clock.skip(20)
        async with sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay:
            await relay.turn()
            assert (relay.health().state, len(requests(sandbox))) == (state, 1)
            assert relay.health().until == pytest.approx(until, abs=0.01)
            relay.skip(41)
            funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 20
        assert sandbox.exchange.inbox.requests[-1].received_at >= (until or 0)


async def test_tiktoks_401_with_code_40100_is_a_throttle_and_no_pause(tmp_path: Path) -> None:
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, tiktok(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"times": 3, "action": {"answer": "tiktok-40100"}})
        await relay.accept(*purchases(clock, 20))
        await relay.until(asked(sandbox, 1, "tiktok"))
        await relay.until(lambda: relay.health(TIKTOK).state in {"throttled", "active"})
        assert requests(sandbox, "tiktok")[0].status == 401
        while (await relay.funnels())[TIKTOK].pending:
            assert relay.health(TIKTOK).state in {"throttled", "active"}
            relay.skip(60)
            await relay.turn()
        assert len(accepted(sandbox, "tiktok")) == 20


UNKNOWN: list[tuple[PlatformName, dict[str, Any]]] = [
    ("pinterest", {"answer": "pinterest-200-html"}),
    ("pinterest", {"answer": "pinterest-200-empty"}),
    ("pinterest", {"answer": "pinterest-200-short"}),
    ("pinterest", {"connection": "half_body"}),
    ("pinterest", {"connection": "reset"}),
    ("pinterest", {"answer": {"status": 200, "body": '{"events": "all of them"}'}}),
    ("pinterest", {"answer": "pinterest-503"}),
    ("tiktok", {"answer": "tiktok-200-html"}),
    ("tiktok", {"answer": "tiktok-200-no-code"}),
    ("tiktok", {"answer": "tiktok-200-empty"}),
    ("tiktok", {"connection": "half_body"}),
    ("tiktok", {"answer": {"status": 200, "body": '{"code": "0", "message": "OK"}'}}),
    ("tiktok", {"answer": "tiktok-50002"}),
]


@pytest.mark.parametrize(("platform", "action"), UNKNOWN)
async def test_an_answer_that_says_nothing_delivers_nothing(
    tmp_path: Path, platform: PlatformName, action: dict[str, Any]
) -> None:
    """However often it comes, events wait; when the platform is well, each arrives."""
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = {"pinterest": pinterest, "tiktok": tiktok}[platform](sandbox.url)
        async with sending(tmp_path, target, clock=clock) as relay:
            script(sandbox, {"action": action})
            await relay.accept(*purchases(clock, 8))
            while len(requests(sandbox, platform)) < 12:
                relay.skip(15)
                await relay.turn()
            funnel = (await relay.funnels())[target.name]
            assert (funnel.delivered, funnel.dead, funnel.pending) == (0, 0, 8)
            script(sandbox)
            while (await relay.funnels())[target.name].pending:
                relay.skip(15)
                await relay.turn()
            assert set(accepted(sandbox, platform)) == {f"order-{at:04}" for at in range(8)}
            assert (await relay.funnels())[target.name].delivered == 8


async def test_an_outage_is_degraded_and_tried_with_small_requests_every_15_s(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"action": {"answer": "pinterest-503"}})
        await relay.accept(*purchases(clock, 1_000))
        while relay.health().state != "degraded":
            relay.skip(1)
            await relay.turn()
        count = len(requests(sandbox))
        for number in range(1, 11):
            relay.skip(15)
            await relay.until(asked(sandbox, count + number))
            assert requests(sandbox)[-1].event_count <= 50
        script(sandbox)
        relay.skip(15)
        funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 1_000
        assert relay.health().state == "active"
        assert accepted(sandbox).total() == 1_000


class Watched(AiohttpTransport):
    """A network that keeps what was sent over it."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """Keep it, and send it."""
        self.bodies.append(request.body)
        return await super().send(request, timeout_s)


async def test_a_platform_that_does_not_answer_is_tried_with_money_first(tmp_path: Path) -> None:
    clock, network = Clock(), Watched()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock, transport=network) as relay,
    ):
        script(sandbox, {"action": {"answer": "pinterest-503"}})
        await relay.accept(purchase(clock, "first", "page_view"))
        while relay.health().state != "degraded":
            relay.skip(1)
            await relay.turn()
        view, sale = purchase(clock, "view", "page_view"), purchase(clock, "sale")
        await relay.accept(replace(view, received_ms=view.received_ms - 1000), sale)
        while not any(b'"sale"' in each for each in network.bodies):
            relay.skip(5)
            await relay.turn()
    first = next(each for each in network.bodies if b'"sale"' in each or b'"view"' in each)
    assert b'"view"' not in first


async def test_a_refusal_that_took_confirmation_is_an_answer_as_well(tmp_path: Path) -> None:
    """TikTok cannot read one event; once that event is dead, nothing shows any trouble."""
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, tiktok(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"action": {"answer": "tiktok-53102"}})
        await relay.accept(*purchases(clock, 1))
        while not (await relay.funnels())[TIKTOK].dead:
            relay.skip(5)
            await relay.turn()
        assert len(requests(sandbox, "tiktok")) == 4
        assert relay.health(TIKTOK).state == "active"


async def test_trouble_ends_when_the_last_event_grew_too_old(tmp_path: Path) -> None:
    """Nothing is left to try, so nobody can say that the platform is still down."""
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"))
        async with sending(tmp_path, target, clock=clock) as relay:
            script(sandbox, {"action": {"answer": "pinterest-503"}})
            await relay.accept(*purchases(clock, 3))
            while relay.health().state != "degraded":
                relay.skip(1)
                await relay.turn()
            relay.skip(4000)
            funnels = await relay.settled()
            assert funnels[PINTEREST].dead == 3
            await relay.until(lambda: relay.health().state == "active")


async def test_a_platform_that_hangs_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, timeout=Duration("100ms"))
        async with sending(tmp_path, target) as relay:
            script(sandbox, {"times": 1, "action": {"connection": "hang", "hang_s": 30}})
            await relay.accept(*purchases(relay.clock, 5))
            funnels = await relay.settled()
            assert funnels[PINTEREST].delivered == 5
            assert len(requests(sandbox)) == 2


async def test_a_platform_that_hangs_is_degraded_once_the_first_requests_are_given_up(
    tmp_path: Path,
) -> None:
    """No further request has to hang before people are told."""
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, timeout=Duration("5s"), max_batch=1)
        async with sending(tmp_path, target) as relay:
            script(sandbox, {"action": {"connection": "hang", "hang_s": 30}})
            await relay.accept(*purchases(relay.clock, 8))
            await relay.until(asked(sandbox, 8))
            # The eight end after 5 s; a ninth, asked then, would end after 10.
            await relay.until(lambda: relay.health().state == "degraded", within_s=9)


async def test_what_grows_too_old_while_it_waits_is_dead_and_never_sent(tmp_path: Path) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"))
        async with sending(tmp_path, target._replace(token="env:"), clock=clock) as relay:
            await relay.accept(*[purchase(clock, f"old-{at}", age_s=3000) for at in range(7)])
            await relay.accept(*purchases(clock, 3))
            clock.skip(1200)
        async with sending(tmp_path, target, clock=clock) as relay:
            funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (3, 7)
        assert not any(each.startswith("old") for each in accepted(sandbox))


async def test_a_paused_destination_buries_what_grew_too_old_meanwhile(tmp_path: Path) -> None:
    """Nobody has to resume it to see that the events can not be sent any more."""
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"), token="env:pina_bad")
        async with sending(tmp_path, target, clock=clock) as relay:
            await relay.accept(*purchases(clock, 7))
            await relay.until(lambda: relay.health().state == "paused")
            relay.skip(4000)
            funnels = await relay.settled()
            assert funnels[PINTEREST].dead == 7
            totals = await relay.journal.totals()
            assert totals.dead == {(PINTEREST, "expired"): 7}
            assert relay.health().state == "paused"


@pytest.mark.parametrize("sent", [0, 3], ids=["nothing was sent", "some were sent in vain"])
async def test_what_an_operator_holds_back_is_buried_when_it_grew_too_old(
    tmp_path: Path, sent: int
) -> None:
    """No request is tried meanwhile that would find out."""
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"))
        async with sending(tmp_path, target, clock=clock) as relay:
            if sent:
                script(sandbox, {"times": 1, "action": {"answer": "pinterest-503"}})
                await relay.accept(*purchases(clock, sent))
                await relay.until(asked(sandbox, 1))
            await relay.dispatcher.pause(PINTEREST)
            if not sent:
                await relay.accept(*purchases(clock, 4))
            await relay.turn()
            relay.skip(4000)
            funnels = await relay.settled()
            assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (0, sent or 4)
            assert relay.health().reason == "paused_by_operator"


async def test_what_the_settings_no_longer_let_pass_is_dead_and_says_so(tmp_path: Path) -> None:
    """It was accepted and waited; then somebody took the pixel out of the settings."""
    async with Sandbox() as sandbox:
        target = tiktok(sandbox.url, token="env:")
        async with sending(tmp_path, target) as relay:
            await relay.accept(*purchases(relay.clock, 3))
        changed = tiktok(sandbox.url, pixel_code=None, app_id="7000000000000000001")
        async with sending(tmp_path, changed) as relay:
            funnels = await relay.settled()
            page = await relay.journal.dead_letters(DeadFilter(), limit=10)
        assert funnels[TIKTOK].dead == 3
        assert {(each.reason, each.code) for each in page.letters} == {
            ("dropped_by_operator", "not_configured")
        }
        assert not requests(sandbox, "tiktok")


@pytest.mark.parametrize(
    ("age_s", "wait_s"),
    [
        pytest.param(3590, 20, id="found while it waits"),
        pytest.param(3595, 8, id="found when its turn comes"),
    ],
)
async def test_what_grows_too_old_while_its_request_waits_is_not_sent(
    tmp_path: Path, age_s: float, wait_s: float
) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"))
        async with sending(tmp_path, target, clock=clock) as relay:
            script(sandbox, {"times": 1, "action": {"answer": "pinterest-429", "reset_s": 5}})
            await relay.accept(purchase(clock, "old", age_s=age_s), *purchases(clock, 2))
            await relay.until(lambda: relay.health().state == "throttled")
            relay.skip(wait_s)
            funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (2, 1)
        assert "old" not in accepted(sandbox)


async def test_a_request_of_which_nothing_is_left_is_not_sent(tmp_path: Path) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"))
        async with sending(tmp_path, target, clock=clock) as relay:
            script(sandbox, {"times": 1, "action": {"answer": "pinterest-429", "reset_s": 5}})
            await relay.accept(purchase(clock, "old", age_s=3595))
            await relay.until(lambda: relay.health().state == "throttled")
            relay.skip(8)
            funnels = await relay.settled()
        assert funnels[PINTEREST].dead == 1
        assert len(requests(sandbox)) == 1
