"""What happens to one destination, to the storage or to the process costs no other one anything."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from relay.config.quantity import Duration
from relay.config.secret import CHECK_INTERVAL_S
from relay.conversion import Conversion
from relay.delivery import (
    Answer,
    Destination,
    HttpRequest,
    HttpResponse,
    Payload,
    Skip,
    Unusable,
)
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.base import Journal
from relay.journal.entry import Chunk
from relay.journal.settlement import Pause, Settlement
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

HANG: dict[str, Any] = {"connection": "hang", "hang_s": 60}


async def test_a_platform_that_hangs_delays_no_other_one(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay,
    ):
        script(sandbox, {"platform": "tiktok", "action": HANG})
        await relay.accept(*purchases(relay.clock, 2_000))
        await relay.until(asked(sandbox, 1, "tiktok"))
        funnels = await relay.settled(PINTEREST)
        assert funnels[PINTEREST].delivered == 2_000
        assert (funnels[TIKTOK].delivered, funnels[TIKTOK].pending) == (0, 2_000)


async def test_many_accounts_that_hang_leave_connections_for_the_next(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        options: dict[str, Any] = {"max_batch": 1}
        stuck = [
            pinterest(sandbox.url, f"stuck-{at}", ad_account_id=f"77{at}", **options)
            for at in range(6)
        ]
        async with sending(tmp_path, *stuck, pinterest(sandbox.url)) as relay:
            hang = [{"match": {"account": f"77{at}"}, "action": HANG} for at in range(6)]
            script(sandbox, *hang)
            await relay.accept(*purchases(relay.clock, 10))
            await relay.until(asked(sandbox, 6 * 8))
            await relay.accept(*purchases(relay.clock, 10, "later"))
            funnels = await relay.settled(PINTEREST)
            assert funnels[PINTEREST].delivered == 20


async def test_events_that_are_not_for_a_destination_hold_up_none_that_is(tmp_path: Path) -> None:
    """However little it sends at a time, and however many lie on disk before one that is for it."""
    async with Sandbox() as sandbox:
        targets = pinterest(sandbox.url), tiktok(sandbox.url, max_batch=1)
        async with sending(tmp_path, *targets) as relay:
            await relay.accept(*purchases(relay.clock, 2_000), to=[PINTEREST])
        async with sending(tmp_path, *targets) as relay:
            await relay.accept(purchase(relay.clock, "late-1"), to=[TIKTOK])
            funnels = await relay.settled(TIKTOK, within_s=5)
        assert (funnels[TIKTOK].delivered, funnels[TIKTOK].skipped) == (1, 2_000)


class Mistaken:
    """A destination with a mistake in one method, which shows for one event."""

    def __init__(self, inner: Destination, where: str) -> None:
        self._inner = inner
        self._where = where

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        self._fail("prepare", conversion.event_id == "order-0003")
        return self._inner.prepare(conversion)

    def request(self, payloads: Sequence[Payload], token: str) -> HttpRequest:
        self._fail("request", any(b"order-0003" in each.body for each in payloads))
        return self._inner.request(payloads, token)

    def answer(self, response: HttpResponse, count: int) -> Answer:
        self._fail("answer", count == 10)
        return self._inner.answer(response, count)

    def _fail(self, where: str, wanted: bool) -> None:  # noqa: FBT001 - a condition, not a switch
        if wanted and where == self._where:
            raise KeyError("jane.doe@example.com")


@pytest.mark.parametrize("where", ["prepare", "request"])
async def test_a_mistake_about_one_event_costs_neither_the_others_nor_that_event(
    tmp_path: Path, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url)
        async with sending(tmp_path, target._replace(token="env:"), clock=clock) as relay:
            await relay.accept(*purchases(clock, 10))

        def wrap(inner: Destination) -> Destination:
            return cast("Destination", Mistaken(inner, where))

        async with sending(tmp_path, target, clock=clock, wrap=wrap) as relay:
            number = 0
            while len(accepted(sandbox)) < 9 + number:
                assert number < 50
                await relay.accept(purchase(clock, f"later-{number}"))
                number += 1
                relay.skip(15)
                await relay.turn()
            funnel = (await relay.settled(left=1))[PINTEREST]
            assert (funnel.pending, funnel.dead) == (1, 0)
    assert any("could not be" in record.message for record in caplog.records)
    assert "jane" not in caplog.text


async def test_a_mistake_about_answers_takes_no_other_destination_down(tmp_path: Path) -> None:
    def wrap(inner: Destination) -> Destination:
        mistaken = inner.name == PINTEREST
        return cast("Destination", Mistaken(inner, "answer")) if mistaken else inner

    async with Sandbox() as sandbox:
        targets = (pinterest(sandbox.url), tiktok(sandbox.url))
        async with sending(tmp_path, *targets, wrap=wrap) as relay:
            await relay.accept(*purchases(relay.clock, 10))
            funnels = await relay.settled(TIKTOK)
            assert funnels[TIKTOK].delivered == 10
            await relay.until(asked(sandbox, 1))
            assert (await relay.funnels())[PINTEREST].pending == 10


class FailingJournal:
    """A journal whose storage fails the next times that somebody calls some methods."""

    def __init__(self, inner: Journal, **failures: int) -> None:
        self._inner = inner
        self.failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def settle(self, destination: str, settlement: Settlement) -> None:
        self._fail("settle")
        await self._inner.settle(destination, settlement)

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        self._fail("read")
        return await self._inner.read(destination, lane, start, limit)

    async def save_pause(self, destination: str, pause: Pause | None) -> None:
        self._fail("save_pause")
        await self._inner.save_pause(destination, pause)

    def _fail(self, method: str) -> None:
        if self.failures.get(method, 0) > 0:
            self.failures[method] -= 1
            raise JournalUnavailable("the disk is full")


async def test_a_delivery_is_recorded_however_often_the_storage_fails(tmp_path: Path) -> None:
    """The platform took the events: they are never sent again."""

    def failing(journal: Journal) -> Journal:
        return cast("Journal", FailingJournal(journal, settle=2))

    async with Sandbox() as sandbox:
        async with sending(tmp_path, pinterest(sandbox.url), journal=failing) as relay:
            await relay.accept(*purchases(relay.clock, 20))
            funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 20
        assert accepted(sandbox).total() == 20
        assert len(requests(sandbox)) == 1


async def test_a_journal_that_cannot_be_read_for_a_moment_stops_nobody(tmp_path: Path) -> None:
    def failing(journal: Journal) -> Journal:
        return cast("Journal", FailingJournal(journal, read=2))

    async with Sandbox() as sandbox:
        async with sending(tmp_path, pinterest(sandbox.url), journal=failing) as relay:
            await relay.accept(*purchases(relay.clock, 20))
            funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 20


async def test_what_grew_too_old_holds_up_no_request_while_the_storage_fails(
    tmp_path: Path,
) -> None:
    """Its end is recorded afterwards: meanwhile others would grow too old as well."""
    clock = Clock()
    storage: dict[str, int] = {}

    def failing(journal: Journal) -> Journal:
        found = FailingJournal(journal)
        found.failures = storage
        return cast("Journal", found)

    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, max_event_age=Duration("1h"))
        async with sending(tmp_path, target, clock=clock, journal=failing) as relay:
            script(sandbox, {"times": 1, "action": {"answer": "pinterest-429", "reset_s": 2}})
            await relay.accept(purchase(clock, "old", age_s=3597), *purchases(clock, 2))
            await relay.until(lambda: relay.health().state == "throttled")
            storage["settle"] = 10**9
            relay.skip(4)
            await relay.until(lambda: len(accepted(sandbox)) == 2)
            storage.clear()
            funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (2, 1)
        assert set(accepted(sandbox).values()) == {1}


async def test_a_pause_that_cannot_be_written_holds_and_is_written_later(tmp_path: Path) -> None:
    def failing(journal: Journal) -> Journal:
        return cast("Journal", FailingJournal(journal, save_pause=2))

    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), journal=failing) as relay,
    ):
        with pytest.raises(JournalUnavailable, match="is paused, but that is not on disk yet"):
            await relay.dispatcher.pause(PINTEREST)
        assert relay.health().reason == "paused_by_operator"
        await relay.until(lambda: PINTEREST in relay.journal.pauses())


async def test_a_resume_that_cannot_be_written_sends_at_once(tmp_path: Path) -> None:
    storage: dict[str, int] = {}

    def failing(journal: Journal) -> Journal:
        found = FailingJournal(journal)
        found.failures = storage
        return cast("Journal", found)

    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), journal=failing) as relay,
    ):
        await relay.dispatcher.pause(PINTEREST)
        await relay.accept(*purchases(relay.clock, 5))
        storage["save_pause"] = 1
        with pytest.raises(JournalUnavailable, match="is resumed, but that is not on disk yet"):
            await relay.dispatcher.resume(PINTEREST)
        funnels = await relay.settled(within_s=5)
        assert funnels[PINTEREST].delivered == 5


async def test_a_crash_before_an_answer_is_recorded_sends_the_same_ids_again(
    tmp_path: Path,
) -> None:
    def failing(journal: Journal) -> Journal:
        return cast("Journal", FailingJournal(journal, settle=10**9))

    async with Sandbox() as sandbox:
        async with sending(tmp_path, pinterest(sandbox.url), journal=failing) as relay:
            await relay.accept(*purchases(relay.clock, 20))
            await relay.until(lambda: len(accepted(sandbox)) == 20)
        async with sending(tmp_path, pinterest(sandbox.url)) as relay:
            funnels = await relay.settled()
        assert funnels[PINTEREST].delivered == 20
        assert set(accepted(sandbox).values()) == {2}


async def test_stop_finishes_what_is_in_flight_and_leaves_the_rest(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=10)
        script(sandbox, {"action": {"delay_s": 0.3}})
        async with sending(tmp_path, target) as relay:
            await relay.accept(*purchases(relay.clock, 500))
            await relay.until(asked(sandbox, 8))
            relay.dispatcher.stop()
            await asyncio.wait_for(relay.running, 5)
            funnel = (await relay.funnels())[PINTEREST]
        assert funnel.delivered == len(accepted(sandbox)) == 80
        assert funnel.pending == 420


class Interrupted(FailingJournal):
    """A journal that has something happen whenever waiting events are read."""

    def __init__(self, inner: Journal, happens: Callable[[], None]) -> None:
        super().__init__(inner)
        self._happens = happens

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        chunk = await super().read(destination, lane, start, limit)
        if chunk.pending:
            self._happens()
        return chunk


async def test_a_stop_while_events_are_read_leaves_them_for_the_next_start(tmp_path: Path) -> None:
    def stop() -> None:
        relay.dispatcher.stop()

    def stopping(journal: Journal) -> Journal:
        return cast("Journal", Interrupted(journal, stop))

    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=5)
        async with sending(tmp_path, target, journal=stopping) as relay:
            await relay.accept(*purchases(relay.clock, 5))
            await asyncio.wait_for(relay.running, 5)
            assert not requests(sandbox)
        async with sending(tmp_path, target) as relay:
            await relay.settled()
        assert list(accepted(sandbox).values()) == [1] * 5


async def test_a_token_that_is_replaced_while_events_are_read_goes_with_them(
    tmp_path: Path,
) -> None:
    """The old one would be refused, and the new one be blamed for it."""
    clock, file = Clock(), tmp_path / "token"
    file.write_text("pina_bad")

    def replace_token() -> None:
        file.write_text("pina_new")
        clock.skip(CHECK_INTERVAL_S)

    def replacing(journal: Journal) -> Journal:
        return cast("Journal", Interrupted(journal, replace_token))

    async with Sandbox(clock=clock) as sandbox:
        target = pinterest(sandbox.url, token=f"file:{file}", max_batch=5)
        async with sending(tmp_path, target, clock=clock, journal=replacing) as relay:
            await relay.accept(*purchases(clock, 5))
            await relay.settled()
        assert [each.status for each in requests(sandbox)] == [200]


async def test_cancellation_in_mid_flight_leaves_no_task(tmp_path: Path) -> None:
    """The leak check of all tests looks for tasks and sockets."""
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"action": HANG})
        await relay.accept(*purchases(relay.clock, 20))
        await relay.until(asked(sandbox, 1))
        relay.running.cancel()
        await asyncio.wait([relay.running], timeout=5)
        assert relay.running.cancelled()
