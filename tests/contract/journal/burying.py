"""What is dead: kept, replayed, dropped."""

from decimal import Decimal
from pathlib import Path

from relay.event_name import Lane
from relay.journal.letter import DeadFilter
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import (
    EXPIRED,
    NOW_MS,
    bury,
    deliver,
    events,
    is_a,
    never,
    passed,
    pending_of,
    sold,
    waiting,
)


class Burying(Opening):
    async def test_only_a_purchase_takes_its_worth_along(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([sold("a", "3"), sold("b", "5", "add_to_cart")])
            cart = (await journal.read("p", Lane.OTHER, 0, 1)).pending
            await bury(journal, "p", cart)
            assert (await journal.risk("p")).worth == {"USD": Decimal(3)}
            await bury(journal, "p", (await journal.read("p", Lane.MONEY, 0, 1)).pending)
            assert (await journal.risk("p")).worth == {}

    async def test_a_replayed_letter_waits_again_and_ends_like_any(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            await bury(journal, "p", await waiting(journal, "p"))
            done = await journal.replay(DeadFilter(), never, dry_run=False)
            assert (done.matched, done.replayed, done.expired) == (1, 1, 0)
            again = await journal.due("p", NOW_MS, 10)
            assert [(one.replay, one.attempts) for one in again] == [(True, 0)]
            assert pending_of(await journal.totals(), "p") == 1
            await deliver(journal, "p", again)
            totals = await journal.totals()
            assert (totals.replayed, totals.dead) == ({"p": 1}, {("p", "platform_rejected"): 1})
            assert pending_of(totals, "p") == 0
            report = (await journal.report(0)).destinations["p"]
            assert (report.received, report.delivered, report.dead, report.pending) == (1, 1, 0, 0)

    async def test_dead_on_arrival_is_a_dead_letter_that_can_be_replayed(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([passed("a", EXPIRED)])
            (letter,) = (await journal.dead_letters(DeadFilter(), limit=10)).letters
            assert (letter.event_id, letter.destination, letter.reason) == ("a", "p", "expired")
            assert letter.message == EXPIRED.message
            await journal.replay(DeadFilter(), never, dry_run=False)
            await deliver(journal, "p", await journal.due("p", NOW_MS, 10))
            assert pending_of(await journal.totals(), "p") == 0

    async def test_a_dry_run_of_a_replay_changes_nothing(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b"))
            await bury(journal, "p", await waiting(journal, "p"))
            before = await journal.totals()
            done = await journal.replay(DeadFilter(), is_a, dry_run=True)
            assert (done.matched, done.replayed, done.expired) == (2, 1, 1)
            assert await journal.totals() == before
            assert await journal.due("p", NOW_MS, 10) == []

    async def test_a_dropped_letter_stays_dead(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            await bury(journal, "p", await waiting(journal, "p"))
            before = await journal.totals()
            assert await journal.drop(DeadFilter(), note="known", dry_run=True) == 1
            assert await journal.drop(DeadFilter(), note="known", dry_run=False) == 1
            (letter,) = (await journal.dead_letters(DeadFilter(), limit=10)).letters
            assert (letter.reason, letter.note) == ("dropped_by_operator", "known")
            assert await journal.totals() == before

    async def test_any_number_of_letters_is_replayed_or_dropped_by_one_call(
        self, tmp_path: Path
    ) -> None:
        many = 2_100
        async with self.opened(tmp_path) as journal:
            await journal.append(events(*map(str, range(many))))
            await bury(journal, "p", (await journal.read("p", Lane.MONEY, 0, many)).pending)
            for dry_run in (True, False):
                done = await journal.replay(DeadFilter(), never, dry_run=dry_run)
                assert (done.matched, done.replayed) == (many, many)
            again = await journal.due("p", NOW_MS, many)
            assert {one.entry.event_id for one in again} == {*map(str, range(many))}
            await bury(journal, "p", again)
            assert await journal.drop(DeadFilter(), note="known", dry_run=False) == many
