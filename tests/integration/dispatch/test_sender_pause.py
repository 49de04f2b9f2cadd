"""Credential faults pause a destination; nothing is lost, and one success resumes it."""

from pathlib import Path

import pytest

from relay.delivery import PauseReason
from relay.sandbox.answer import PlatformName
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    TIKTOK,
    Clock,
    Target,
    accepted,
    asked,
    events,
    pinterest,
    purchase,
    purchases,
    requests,
    script,
    sending,
    tiktok,
)


def target_of(platform: PlatformName, url: str, token: str, account: str = "") -> Target:
    """Return a destination; an account of its own may be unknown to the emulator."""
    if platform == "pinterest":
        options = {"ad_account_id": account} if account else {}
        return pinterest(url, token=token, **options)
    options = {"pixel_code": account} if account else {}
    return tiktok(url, token=token, **options)


@pytest.mark.parametrize(
    ("platform", "token", "account", "reason"),
    [
        ("pinterest", "env:pina_bad", "", "token_rejected"),
        ("pinterest", "env:pina_forbidden", "", "no_permission"),
        ("pinterest", "env:pina_unscoped", "", "no_permission"),
        ("pinterest", "env:pina_fine", "404000", "account_not_found"),
        ("pinterest", "env:", "", "token_missing"),
        ("tiktok", "env:bad", "", "token_rejected"),
        ("tiktok", "env:expired", "", "token_expired"),
        ("tiktok", "env:forbidden", "", "no_permission"),
        ("tiktok", "env:fine", "UNKNOWN", "pixel_not_found"),
        ("tiktok", "env:", "", "token_missing"),
    ],
)
async def test_a_fault_of_the_credentials_pauses_and_keeps_every_event(
    tmp_path: Path, platform: PlatformName, token: str, account: str, reason: PauseReason
) -> None:
    async with Sandbox() as sandbox:
        target = target_of(platform, sandbox.url, token, account)
        async with sending(tmp_path, target) as relay:
            await relay.accept(*purchases(relay.clock, 20))
            await relay.until(lambda: target.name in relay.journal.pauses())
            health, funnel = relay.health(target.name), (await relay.funnels())[target.name]
            assert health.reason == reason
            assert health.message
            assert (funnel.pending, funnel.dead) == (20, 0)
            assert relay.journal.pauses()[target.name].reason == reason


async def test_a_new_token_is_tried_at_once_with_the_oldest_event_and_resumes(
    tmp_path: Path,
) -> None:
    file = tmp_path / "token"
    file.write_text("pina_revoked")
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url, token=f"file:{file}")) as relay,
    ):
        await relay.accept(*purchases(relay.clock, 20))
        await relay.until(lambda: relay.health().state == "paused")
        before = len(requests(sandbox))
        file.write_text("pina_new\n")
        funnels = await relay.settled(within_s=5)
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (20, 0)
        assert relay.health().state == "active"
        assert relay.journal.pauses() == {}
        probe = [each.event_id for each in events(sandbox) if each.request == before + 1]
        assert probe == ["order-0000"]


async def test_an_event_that_fails_by_itself_keeps_no_others_from_a_new_token(
    tmp_path: Path,
) -> None:
    """The oldest event is tried, in vain; the next probe is another one, which passes."""
    file = tmp_path / "token"
    file.write_text("pina_revoked")
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url, token=f"file:{file}")) as relay,
    ):
        bad = {"match": {"event_id": "poison"}, "action": {"answer": "pinterest-502"}}
        await relay.accept(purchase(relay.clock, "poison-1"))
        relay.skip(1)
        await relay.accept(*purchases(relay.clock, 20))
        await relay.until(lambda: relay.health().state == "paused")
        script(sandbox, bad)
        file.write_text("pina_new")
        ended = relay.metrics.requests.counts
        await relay.until(lambda: ended()[PINTEREST, "transient"] == 1)
        for _ in range(100):
            relay.skip(1)
            await relay.turn()
        assert (await relay.funnels())[PINTEREST].delivered == 20


async def test_a_token_that_appears_ends_the_wait_for_one(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, tiktok(sandbox.url, token=f"file:{file}")) as relay,
    ):
        await relay.accept(*purchases(relay.clock, 5))
        await relay.until(lambda: relay.health(TIKTOK).reason == "token_missing")
        assert not requests(sandbox, "tiktok")
        file.write_text("fine")
        funnels = await relay.settled(within_s=5)
        assert funnels[TIKTOK].delivered == 5


async def test_resume_without_a_token_does_not_pretend_to_send(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url, token="env:")) as relay,
    ):
        await relay.accept(*purchases(relay.clock, 5))
        await relay.until(lambda: relay.health().reason == "token_missing")
        await relay.dispatcher.resume(PINTEREST)
        await relay.until(lambda: relay.health().reason == "token_missing")
        assert (await relay.funnels())[PINTEREST].pending == 5
        assert not requests(sandbox)


async def test_a_paused_destination_is_tried_after_30_s_and_then_ever_less_often(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url, token="env:pina_bad"), clock=clock) as relay,
    ):
        await relay.accept(*purchases(clock, 20))
        await relay.until(lambda: relay.health().state == "paused")
        for number, wait_s in enumerate((30, 60, 120), start=1):
            relay.skip(wait_s - 5)
            await relay.turn()
            assert len(requests(sandbox)) == number
            relay.skip(6)
            await relay.until(asked(sandbox, number + 1))
            await relay.until(lambda: not relay.health().in_flight)
            assert requests(sandbox)[-1].event_count == 1


async def test_many_requests_in_flight_that_fail_together_are_one_fault(tmp_path: Path) -> None:
    """Eight answers of a bad token make the first probe no later than one would."""
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, token="env:pina_bad", max_batch=10)
        script(sandbox, {"action": {"delay_s": 0.2}})
        async with sending(tmp_path, target, clock=clock) as relay:
            await relay.accept(*purchases(clock, 200))
            await relay.until(lambda: relay.health().state == "paused")
            in_flight = len(requests(sandbox))
            assert in_flight > 1
            relay.skip(31)
            await relay.until(asked(sandbox, in_flight + 1))


async def test_resume_tries_at_once(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"action": {"answer": "pinterest-403"}})
        await relay.accept(*purchases(relay.clock, 20))
        await relay.until(lambda: relay.health().reason == "no_permission")
        script(sandbox)
        await relay.dispatcher.resume(PINTEREST)
        funnels = await relay.settled(within_s=5)
        assert funnels[PINTEREST].delivered == 20


async def test_a_pause_by_hand_survives_a_restart_and_only_resume_ends_it(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url)
        async with sending(tmp_path, target) as relay:
            await relay.dispatcher.pause(PINTEREST)
            await relay.accept(*purchases(relay.clock, 5))
        async with sending(tmp_path, target) as relay:
            assert relay.health().reason == "paused_by_operator"
            relay.skip(3600)
            await relay.turn()
            assert not requests(sandbox)
            await relay.dispatcher.resume(PINTEREST)
            funnels = await relay.settled()
            assert funnels[PINTEREST].delivered == len(accepted(sandbox)) == 5


async def test_a_pause_of_the_platform_survives_a_restart_and_is_tried_at_once(
    tmp_path: Path,
) -> None:
    async with Sandbox() as sandbox:
        async with sending(tmp_path, pinterest(sandbox.url, token="env:pina_bad")) as relay:
            await relay.accept(*purchases(relay.clock, 5))
            await relay.until(lambda: PINTEREST in relay.journal.pauses())
        async with sending(tmp_path, pinterest(sandbox.url)) as relay:
            assert relay.health().reason == "token_rejected"
            funnels = await relay.settled(within_s=5)
            assert funnels[PINTEREST].delivered == 5


async def test_a_gateways_own_401_pauses_only_once_confirmed(tmp_path: Path) -> None:
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, tiktok(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"action": {"answer": "tiktok-http-401"}})
        await relay.accept(*purchases(clock, 5))
        began = clock()
        while relay.health(TIKTOK).state != "paused":
            count = len(requests(sandbox, "tiktok"))
            relay.skip(1)
            await relay.turn()
            assert clock() - began < 15
            assert count <= 3
        assert relay.health(TIKTOK).reason == "token_rejected"
        assert len(requests(sandbox, "tiktok")) == 3
