"""Events reach both platforms, each gets the verdict of its own, and order and rate hold."""

import logging
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from relay.delivery import Answer, Destination, HttpRequest, HttpResponse
from relay.dispatch.transport import AiohttpTransport, Fault
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    TIKTOK,
    Clock,
    accepted,
    events,
    pinterest,
    purchase,
    purchases,
    requests,
    script,
    sending,
    tiktok,
)


async def test_events_are_delivered_to_both_platforms(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay,
    ):
        await relay.accept(*purchases(relay.clock, 700))
        await relay.accept(purchase(relay.clock, "view", "page_view"))
        funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].skipped) == (701, 0)
        assert (funnels[TIKTOK].delivered, funnels[TIKTOK].skipped) == (700, 1)
        assert accepted(sandbox).total() == len(accepted(sandbox)) == 701
        assert accepted(sandbox, "tiktok").total() == len(accepted(sandbox, "tiktok")) == 700


async def test_what_was_stored_before_a_restart_is_made_anew_from_disk(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        async with sending(tmp_path, pinterest(sandbox.url, token="env:")) as relay:
            await relay.accept(*purchases(relay.clock, 50))
        async with sending(tmp_path, pinterest(sandbox.url)) as relay:
            funnels = await relay.settled()
            assert funnels[PINTEREST].delivered == len(accepted(sandbox)) == 50


async def test_each_event_of_a_partial_answer_gets_its_own_end(tmp_path: Path) -> None:
    """One is refused and dead with the platform's scrubbed words, the others are delivered."""
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"action": {"refuse": {"contains": "poison"}}})
        bad = purchase(relay.clock, "poison-jane.doe@example.com")
        await relay.accept(*purchases(relay.clock, 9), bad)
        funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (9, 1)
        [found] = await relay.journal.find(event_id=bad.event_id)
        [delivery] = found.deliveries
        assert (delivery.state, delivery.reason) == ("dead", "platform_rejected")
        assert delivery.message
        assert "jane" not in delivery.message


class Quoting:
    """A destination of a platform that quotes a person wherever it can."""

    def __init__(self, inner: Destination) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def answer(self, response: HttpResponse, count: int) -> Answer:
        answer = self._inner.answer(response, count)
        words = "jane.doe@example.com"
        return msgspec.structs.replace(answer, code=words, message=words, request_id=words)


async def test_what_a_platform_says_of_a_request_is_scrubbed_before_it_is_kept_or_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "relay")
    async with (
        Sandbox() as sandbox,
        sending(
            tmp_path, pinterest(sandbox.url), wrap=lambda each: cast("Destination", Quoting(each))
        ) as relay,
    ):
        await relay.accept(*purchases(relay.clock, 1))
        await relay.settled()
        [found] = await relay.journal.find(event_id="order-0000")
    [attempt] = found.deliveries[0].attempts
    assert attempt.code
    assert attempt.message
    assert "jane" not in attempt.code + attempt.message + attempt.request_id + caplog.text


async def test_an_event_of_unknown_status_is_tried_again_at_a_moment_of_its_own(
    tmp_path: Path,
) -> None:
    """It is no suspect that travels alone: with what else is due, it takes few requests."""
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-200-unknown-status"}})
        await relay.accept(*purchases(relay.clock, 30))
        await relay.until(lambda: len(requests(sandbox)) == 1)
        funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == len(accepted(sandbox)) == 30
        assert len(requests(sandbox)) < 10
        [found] = await relay.journal.find(event_id="order-0000")
        assert found.deliveries[0].attempt_count == 2


async def test_purchases_go_first_and_the_others_get_a_tenth(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=100)
        async with sending(tmp_path, target._replace(token="env:")) as relay:
            for number in range(300):
                await relay.accept(purchase(relay.clock, f"search-{number}", "search"))
            await relay.accept(*purchases(relay.clock, 300))
        async with sending(tmp_path, target) as relay:
            await relay.settled()
        first = [each.event for each in events(sandbox) if each.request == 1]
        assert (first.count("checkout"), first.count("search")) == (90, 10)
        assert first == sorted(first)  # "checkout" stands before "search"


async def test_retries_take_at_most_a_fifth_of_a_request(tmp_path: Path) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_batch=100)
        async with sending(tmp_path, target, clock=clock) as relay:
            script(sandbox, {"action": {"answer": "pinterest-200-unknown-status"}})
            await relay.accept(*purchases(clock, 100, "again"))
            await relay.until(lambda: len(requests(sandbox)) > 0)
            await relay.dispatcher.pause(PINTEREST)
            await relay.accept(*purchases(clock, 400, "fresh"))
            clock.skip(900)
        script(sandbox)
        before = len(requests(sandbox))
        async with sending(tmp_path, target, clock=clock) as relay:
            await relay.dispatcher.resume(PINTEREST)
            await relay.settled()
        ids = [each.event_id for each in events(sandbox) if each.request == before + 1]
        assert sum(each.startswith("again") for each in ids) == 20


class Gateway:
    """Turns away what is larger than its limit, and passes on the rest."""

    def __init__(self, most_bytes: int) -> None:
        self.sizes_bytes: list[int] = []
        self.turned_away = 0
        self._most_bytes = most_bytes
        self._inner = AiohttpTransport()

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        if len(request.body) > self._most_bytes:
            self.turned_away += 1
            return HttpResponse(413, {}, b"")
        self.sizes_bytes.append(len(request.body))
        return await self._inner.send(request, timeout_s)

    async def close(self) -> None:
        await self._inner.close()


@pytest.mark.parametrize("platform", [PINTEREST, TIKTOK])
async def test_a_gateway_that_takes_less_is_not_asked_for_more_again_and_again(
    tmp_path: Path, platform: str
) -> None:
    """After the first requests each one fits at once."""
    gateway = Gateway(60_000)
    at = {PINTEREST: pinterest, TIKTOK: tiktok}[platform]
    async with Sandbox() as sandbox, sending(tmp_path, at(sandbox.url), transport=gateway) as relay:
        await relay.accept(*purchases(relay.clock, 1_000, "first"))
        await relay.settled()
        learnt = gateway.turned_away
        assert learnt > 0
        await relay.accept(*purchases(relay.clock, 1_000, "second"))
        funnels = await relay.settled()
        assert (funnels[platform].delivered, funnels[platform].dead) == (2_000, 0)
        assert gateway.turned_away == learnt
        assert max(gateway.sizes_bytes) > 20_000


async def test_offline_and_online_events_never_share_a_request_and_take_turns(
    tmp_path: Path,
) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=10)
        async with sending(tmp_path, target._replace(token="env:")) as relay:
            for online in purchases(relay.clock, 20):
                offline = msgspec.structs.replace(
                    online, event_id=f"shop-{online.event_id}", action_source="offline"
                )
                await relay.accept(online, offline)
        async with sending(tmp_path, target) as relay:
            await relay.settled()
        kinds = [
            {each.event_id[:4] for each in events(sandbox) if each.request == request.number}
            for request in requests(sandbox)
        ]
    assert kinds == [{"orde"}, {"shop"}, {"orde"}, {"shop"}]


@pytest.mark.parametrize("platform", ["pinterest", "tiktok"])
async def test_metrics_count_requests_and_latency(tmp_path: Path, platform: str) -> None:
    async with Sandbox() as sandbox:
        target = {"pinterest": pinterest, "tiktok": tiktok}[platform](sandbox.url)
        async with sending(tmp_path, target) as relay:
            await relay.accept(*purchases(relay.clock, 5))
            value, labels = relay.metrics.registry.get_sample_value, {"destination": target.name}
            await relay.until(lambda: value("relay_batch_events_sum", labels) == 5)
    assert value("relay_requests_total", {**labels, "outcome": "ok"}) == 1
    assert value("relay_delivery_seconds_count", labels) == 5
