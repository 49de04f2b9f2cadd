"""What every journal must do, whatever it is made of.

Subclass `JournalContract` and say how to make one. Each test opens a journal of its own in a folder
of its own; opening the same folder again is a restart.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from relay.conversion import Order
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.account import Totals
from relay.journal.base import Journal
from relay.journal.codec import entry_of
from relay.journal.entry import Chunk, Entry, Passed, Pending, Rejection
from relay.journal.letter import DeadFilter, Prospect
from relay.journal.settlement import Dead, Pause, Receipt, Retry, Settlement, Wait
from tests.given.event.builders import NOW_S, conversion, entry, payload

NOW_MS = NOW_S * 1000
SKIPPED = Passed("skipped", "not_mapped")
EXPIRED = Passed("dead", "expired", "It was too old for this platform when it arrived.")
RECEIPT = Receipt(at_ms=NOW_MS, duration_ms=120, outcome="ok", http_status=200)


class JournalContract:
    """The suite. `make` returns a journal that is not open yet; its clock says `NOW_S`."""

    def make(self, folder: Path) -> Journal:
        raise NotImplementedError

    @asynccontextmanager
    async def opened(self, folder: Path, *destinations: str) -> AsyncIterator[Journal]:
        journal = self.make(folder)
        await journal.open(destinations or ("p", "t"))
        try:
            yield journal
        finally:
            await journal.close()

    async def test_reads_back_what_was_appended_in_order_of_arrival(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b"))
            await journal.append(events("c"))
            chunk = await journal.read("p", Lane.MONEY, 0, 10)
            assert ids(chunk) == ["a", "b", "c"]
            assert [(one.start, one.offset) for one in chunk.pending] == [(0, 0), (1, 1), (2, 2)]
            assert chunk.next == 3

    async def test_it_is_busy_until_what_is_queued_is_on_disk(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            stored = journal.append(events("a"))
            assert journal.is_busy()
            await stored
            assert not journal.is_busy()

    async def test_an_empty_chunk_at_the_end_means_wait(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            chunk = await journal.read("p", Lane.MONEY, 1, 10)
            assert (ids(chunk), chunk.next) == ([], 1)

    async def test_a_read_is_bounded_and_goes_on_at_next(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b", "c"))
            first = await journal.read("p", Lane.MONEY, 0, 2)
            rest = await journal.read("p", Lane.MONEY, first.next, 2)
            assert (ids(first), ids(rest)) == (["a", "b"], ["c"])

    async def test_money_has_a_lane_of_its_own(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([entry("a", "purchase"), entry("b", "search")])
            assert ids(await journal.read("p", Lane.MONEY, 0, 10)) == ["a"]
            assert ids(await journal.read("p", Lane.OTHER, 0, 10)) == ["b"]

    async def test_payloads_are_there_while_hot_and_never_stored(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([entry_of(conversion("a"), {}, {"p": payload()})])
            hot = await journal.read("p", Lane.MONEY, 0, 10)
            assert hot.pending[0].entry.payloads == {"p": payload()}
        async with self.opened(tmp_path) as journal:
            cold = await journal.read("p", Lane.MONEY, 0, 10)
            assert ids(cold) == ["a"]
            assert cold.pending[0].entry.payloads == {}

    async def test_a_payload_is_dropped_once_it_was_sent(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            kept = entry_of(conversion("a"), {}, {"p": payload(), "t": payload()})
            await journal.append([kept])
            await deliver(journal, "p", await waiting(journal, "p"))
            assert kept.payloads == {"t": payload()}

    async def test_passed_events_are_left_out_and_accounted_for(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([passed("a"), passed("b"), entry("c"), passed("d"), entry("e")])
            chunk = await journal.read("p", Lane.MONEY, 0, 10)
            assert [(one.start, one.offset) for one in chunk.pending] == [(0, 2), (3, 4)]
            assert ids(await journal.read("t", Lane.MONEY, 0, 10)) == ["a", "b", "c", "d", "e"]

    async def test_the_cursor_moves_over_passed_events_that_nothing_follows(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([passed("a"), passed("b")])
            chunk = await journal.read("p", Lane.MONEY, 0, 10)
            assert (len(chunk.pending), chunk.next) == (0, 2)
            assert journal.cursor("p", Lane.MONEY) == 2
            assert await journal.oldest_pending_ms("p") is None
        async with self.opened(tmp_path) as journal:
            assert journal.cursor("p", Lane.MONEY) == 2

    async def test_passed_events_read_in_pieces_hold_nobody_back(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([passed("a")])
            at = (await journal.read("p", Lane.MONEY, 0, 10)).next
            await journal.append([passed("b")])
            at = (await journal.read("p", Lane.MONEY, at, 10)).next
            await journal.append([entry("c")])
            chunk = await journal.read("p", Lane.MONEY, at, 10)
            await deliver(journal, "p", chunk.pending)
            assert journal.cursor("p", Lane.MONEY) == 3

    async def test_the_cursor_waits_for_the_first_unsettled_event(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b", "c"))
            a, b, c = await waiting(journal, "p")
            await deliver(journal, "p", [b])
            assert journal.cursor("p", Lane.MONEY) == 0
            await deliver(journal, "p", [a])
            assert journal.cursor("p", Lane.MONEY) == 2
            await deliver(journal, "p", [c])
            assert journal.cursor("p", Lane.MONEY) == 3

    async def test_what_was_settled_is_never_read_again(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b", "c", "d"))
            _, b, _, d = await waiting(journal, "p")
            await deliver(journal, "p", [b, d])
        async with self.opened(tmp_path) as journal:
            assert ids(await journal.read("p", Lane.MONEY, 0, 10)) == ["a", "c"]
            assert ids(await journal.read("t", Lane.MONEY, 0, 10)) == ["a", "b", "c", "d"]

    async def test_destinations_settle_apart(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            await deliver(journal, "p", await waiting(journal, "p"))
            assert ids(await journal.read("t", Lane.MONEY, 0, 10)) == ["a"]

    async def test_a_settlement_that_comes_twice_counts_once(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([*events("a", "b", "c"), sold("d", "9.50")])
            a, b, c, d = await waiting(journal, "p")
            settlement = Settlement(
                receipt=RECEIPT,
                delivered=[a, d],
                dead=[Dead(b, "platform_rejected")],
                retry=[Retry(c, NOW_MS)],
            )
            await journal.settle("p", settlement)
            once = await journal.totals()
            await journal.settle("p", settlement)
            assert await journal.totals() == once
            assert once.value_delivered == {("p", "USD"): Decimal("9.50")}
            assert [one.attempts for one in await journal.due("p", NOW_MS, 10)] == [1]

    async def test_totals_add_up_for_every_state(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([*events("a", "b", "c", "d"), passed("e"), passed("f", EXPIRED)])
            a, b, c, _ = await waiting(journal, "p")
            await journal.settle(
                "p",
                Settlement(
                    delivered=[a], dead=[Dead(b, "invalid_event")], retry=[Retry(c, NOW_MS)]
                ),
            )
            totals = await journal.totals()
            assert totals.received == {("http", "purchase"): 6}
            assert totals.accepted == {"p": 6, "t": 6}
            assert totals.skipped == {("p", "not_mapped"): 1}
            assert totals.dead == {("p", "expired"): 1, ("p", "invalid_event"): 1}
            assert totals.delivered == {("p", "purchase"): 1}
            assert pending_of(totals, "p") == 2

    async def test_totals_survive_a_restart(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([sold("a", "0.1"), sold("b", "0.2")])
            await deliver(journal, "p", await waiting(journal, "p"))
            before = await journal.totals()
        async with self.opened(tmp_path) as journal:
            assert await journal.totals() == before
            assert before.value_delivered == {("p", "USD"): Decimal("0.3")}

    async def test_a_retry_is_due_at_its_moment(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b"))
            a, b = await waiting(journal, "p")
            await journal.settle(
                "p", Settlement(retry=[Retry(a, NOW_MS + 500), Retry(b, NOW_MS + 100)])
            )
            assert journal.cursor("p", Lane.MONEY) == 2
            assert await journal.due("p", NOW_MS, 10) == []
            due = await journal.due("p", NOW_MS + 1000, 10)
            assert [one.entry.event_id for one in due] == ["b", "a"]
            assert [(one.attempts, one.retry, one.replay) for one in due] == [(1, True, False)] * 2
            assert len(await journal.due("p", NOW_MS + 1000, 1)) == 1

    async def test_a_moment_further_off_than_any_wait_has_come(self, tmp_path: Path) -> None:
        """It was written before the clock was set back, maybe by days."""
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b", "c"))
            a, b, c = await waiting(journal, "p")
            soon, far = NOW_MS + 900_000, NOW_MS + 8 * 86_400_000
            retries = [Retry(a, NOW_MS), Retry(b, soon), Retry(c, far)]
            await journal.settle("p", Settlement(retry=retries))
            due = await journal.due("p", NOW_MS, 10)
            assert [one.entry.event_id for one in due] == ["a", "c"]
            assert len(await journal.due("p", NOW_MS, 1)) == 1

    async def test_a_retry_ends_or_is_due_again(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b", "c"))
            await postpone(journal, "p", await waiting(journal, "p"))
            a, b, c = await journal.due("p", NOW_MS, 10)
            await journal.settle(
                "p",
                Settlement(
                    delivered=[a], dead=[Dead(b, "platform_rejected")], retry=[Retry(c, NOW_MS)]
                ),
            )
            left = await journal.due("p", NOW_MS, 10)
            assert [(one.entry.event_id, one.attempts) for one in left] == [("c", 2)]
            totals = await journal.totals()
            assert totals.delivered == {("p", "purchase"): 1}
            assert totals.dead == {("p", "platform_rejected"): 1}
            assert pending_of(totals, "p") == 1

    async def test_an_old_try_of_a_retry_counts_no_more(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            await postpone(journal, "p", await waiting(journal, "p"))
            old = await journal.due("p", NOW_MS, 10)
            await postpone(journal, "p", old)
            await deliver(journal, "p", old)
            assert (await journal.totals()).delivered == {}
            assert [one.attempts for one in await journal.due("p", NOW_MS, 10)] == [2]

    async def test_a_retry_survives_a_restart_with_its_event(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([sold("a", "3")])
            await postpone(journal, "p", await waiting(journal, "p"))
        async with self.opened(tmp_path) as journal:
            (one,) = await journal.due("p", NOW_MS, 10)
            assert one.entry.conversion == sold("a", "3").conversion

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

    async def test_what_waits_gets_the_receipt_and_nothing_else(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            throttled = Receipt(at_ms=NOW_MS, duration_ms=9, outcome="throttled", http_status=429)
            await journal.settle(
                "p", Settlement(receipt=throttled, waiting=await waiting(journal, "p"))
            )
            (found,) = await journal.find(event_id="a")
            mine = next(each for each in found.deliveries if each.destination == "p")
            assert (mine.state, mine.attempt_count) == ("pending", 1)
            assert [each.outcome for each in mine.attempts] == ["throttled"]
            assert journal.cursor("p", Lane.MONEY) == 0

    async def test_the_timeline_tells_each_events_own_outcome(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([entry("a"), passed("b"), entry("c"), entry("d")])
            a, c, d = await waiting(journal, "p")
            partial = Receipt(at_ms=NOW_MS, duration_ms=9, outcome="partial", http_status=200)
            await journal.settle(
                "p",
                Settlement(
                    receipt=partial,
                    delivered=[a],
                    dead=[Dead(c, "platform_rejected", "40002", "no")],
                    retry=[Retry(d, NOW_MS)],
                ),
            )
            told = {name: await outcome_of(journal, name) for name in "abcd"}
            assert told == {
                "a": ("delivered", ["ok"]),
                "b": ("skipped", []),
                "c": ("dead", ["invalid"]),
                "d": ("pending", ["transient"]),
            }

    async def test_events_are_found_by_either_id_at_once_and_after_a_restart(
        self, tmp_path: Path
    ) -> None:
        sale = entry_of(conversion("a", order=Order(order_id="4711")), {}, {})
        async with self.opened(tmp_path) as journal:
            await journal.append([sale, entry("b")])
            assert [each.conversion for each in await journal.find(event_id="a")] == [
                sale.conversion
            ]
        async with self.opened(tmp_path) as journal:
            assert [each.conversion for each in await journal.find(order_id="4711")] == [
                sale.conversion
            ]
            assert await journal.find(event_id="c") == []

    async def test_the_oldest_waiting_event_is_known_wherever_it_waits(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as journal:
            assert await journal.oldest_pending_ms("p") is None
            await journal.append([aged("old", 9), passed("older"), aged("young", 5)])
            old, young = await waiting(journal, "p")
            assert await journal.oldest_pending_ms("p") == NOW_MS - 9
            await deliver(journal, "p", [old])
            assert await journal.oldest_pending_ms("p") == NOW_MS - 5
            await postpone(journal, "p", [young])
            assert await journal.oldest_pending_ms("p") == NOW_MS - 5
            await deliver(journal, "p", await journal.due("p", NOW_MS, 10))
            assert await journal.oldest_pending_ms("p") is None

    async def test_rejections_are_kept_without_events(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([], [rejection("a"), rejection("b")])
            assert [each.event_id for each in await journal.rejections(10)] == ["b", "a"]
            assert [each.event_id for each in await journal.rejections(1)] == ["b"]
            assert (await journal.totals()).rejected == {("http", "missing"): 2}
            assert (await journal.report(0)).rejected == 2

    async def test_recent_ids_come_oldest_first_over_both_lanes(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            for name, event in (("a", "purchase"), ("b", "search"), ("c", "lead")):
                await journal.append([entry(name, event)])
            await journal.append([passed("d")])
        async with self.opened(tmp_path) as journal:
            recent = await journal.recent_ids(3)
            assert [(each.event, each.event_id) for each in recent] == [
                ("search", "b"),
                ("lead", "c"),
                ("purchase", "d"),
            ]
            assert [set(each.passed) for each in recent] == [set(), set(), {"p"}]

    async def test_a_later_destination_did_not_get_what_came_before_it(
        self, tmp_path: Path
    ) -> None:
        """Or a shop that posts last week's events for it again would find them skipped."""
        async with self.opened(tmp_path) as journal:
            await journal.append([entry("before")])
        async with self.opened(tmp_path, "p", "t", "later") as journal:
            await journal.append([entry("after")])
            recent = await journal.recent_ids(10)
            assert [set(each.passed) for each in recent] == [{"later"}, set()]

    async def test_pauses_survive_a_restart(self, tmp_path: Path) -> None:
        pause = Pause("token_rejected", NOW_MS, "The token was refused.")
        async with self.opened(tmp_path) as journal:
            await journal.save_pause("p", pause)
            await journal.save_pause("t", pause)
            await journal.save_pause("t", None)
            assert journal.pauses() == {"p": pause}
        async with self.opened(tmp_path) as journal:
            assert journal.pauses() == {"p": pause}

    async def test_waits_survive_a_restart(self, tmp_path: Path) -> None:
        wait = Wait("throttled", NOW_MS, NOW_MS + 60_000)
        async with self.opened(tmp_path) as journal:
            await journal.save_wait("p", wait)
            await journal.save_wait("t", wait)
            await journal.save_wait("t", None)
            assert journal.waits() == {"p": wait}
        async with self.opened(tmp_path) as journal:
            assert journal.waits() == {"p": wait}

    async def test_listeners_hear_of_events_only(self, tmp_path: Path) -> None:
        heard: list[int] = []
        async with self.opened(tmp_path) as journal:
            journal.listen(lambda: heard.append(1))
            await journal.append(events("a"))
            found = await waiting(journal, "p")
            assert heard == [1]
            await deliver(journal, "p", found)
            await journal.append([], [rejection("b")])
            await journal.totals()
            assert heard == [1]

    async def test_a_cancelled_append_is_stored_all_the_same(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            journal.append(events("a")).cancel()
            await journal.append(events("b"))
            assert ids(await journal.read("p", Lane.MONEY, 0, 10)) == ["a", "b"]

    async def test_closing_commits_what_is_queued(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            queued = journal.append(events("a"))
        await queued
        async with self.opened(tmp_path) as journal:
            assert ids(await journal.read("p", Lane.MONEY, 0, 10)) == ["a"]

    async def test_a_closed_journal_refuses(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            assert journal.unavailable() is None
        with pytest.raises(JournalUnavailable, match="closing"):
            await journal.append(events("a"))
        assert journal.unavailable() is not None

    async def test_a_new_destination_starts_at_the_end_of_the_log(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("a"))
        async with self.opened(tmp_path, "p", "new") as journal:
            await journal.append(events("b"))
            assert ids(await journal.read("new", Lane.MONEY, 0, 10)) == ["b"]
            assert (await journal.totals()).accepted == {"p": 2, "new": 1}
            (found,) = await journal.find(event_id="a")
            assert [each.destination for each in found.deliveries] == ["p"]

    async def test_a_destination_that_comes_back_goes_on_without_what_it_missed(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(events("a"))
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("b"))
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(events("c"))
            found = await waiting(journal, "t")
            assert [each.entry.event_id for each in found] == ["a", "c"]
            await deliver(journal, "t", found)
            totals = await journal.totals()
            assert (totals.accepted["t"], pending_of(totals, "t")) == (2, 0)
            (missed,) = await journal.find(event_id="b")
            assert [each.destination for each in missed.deliveries] == ["p"]

    async def test_what_was_forgotten_while_a_destination_was_gone_is_expired(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(
                [*events("a"), passed("b"), entry_of(conversion("c"), {"t": SKIPPED}, {})]
            )
            await postpone(journal, "t", (await waiting(journal, "t"))[:1])
        async with self.opened(tmp_path, "p") as journal:
            await deliver(journal, "p", await waiting(journal, "p"))
            await journal.maintain(NOW_MS + 30 * 86_400_000)
        async with self.opened(tmp_path, "p", "t") as journal:
            totals = await journal.totals()
            assert totals.dead == {("t", "expired"): 1}
            assert pending_of(totals, "t") == 1
            assert [one.entry.event_id for one in await journal.due("t", NOW_MS, 9)] == ["a"]
            report = (await journal.report(0)).destinations["t"]
            assert (report.dead, report.pending) == (1, 1)
        async with self.opened(tmp_path, "p", "t") as journal:
            assert await journal.totals() == totals

    async def test_of_a_destination_that_comes_back_only_the_forgotten_is_expired(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(events("a", "b"))
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append([*events("c"), entry("d", "search")])
        async with self.opened(tmp_path, "p") as journal:
            await deliver(journal, "p", (await waiting(journal, "p"))[:2])
            await journal.maintain(NOW_MS + 30 * 86_400_000)
            await journal.append(events("e"))
        async with self.opened(tmp_path, "p", "t") as journal:
            totals = await journal.totals()
            assert (totals.accepted["t"], totals.dead) == (4, {("t", "expired"): 2})
            chunk = await journal.read("t", Lane.MONEY, journal.cursor("t", Lane.MONEY), 10)
            assert ids(chunk) == ["c"]
            await deliver(journal, "t", chunk.pending)
            assert pending_of(await journal.totals(), "t") == 1
            assert (await journal.report(0)).destinations["t"].pending == 1

    async def test_offsets_never_start_anew(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("a", "b"))
            await deliver(journal, "p", await waiting(journal, "p"))
            await journal.maintain(NOW_MS + 30 * 86_400_000)
            assert await journal.find(event_id="a") == []
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("c"))
            (one,) = await waiting(journal, "p")
            assert one.offset == 2

    async def test_a_reader_that_is_behind_passes_over_what_is_forgotten(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("a", "b"))
            await deliver(journal, "p", await waiting(journal, "p"))
            await journal.maintain(NOW_MS + 30 * 86_400_000)
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("c"))
            chunk = await journal.read("p", Lane.MONEY, 0, 10)
            chunk = chunk if chunk.pending else await journal.read("p", Lane.MONEY, chunk.next, 10)
            assert ids(chunk) == ["c"]

    async def test_its_size_is_known(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            assert journal.size_bytes() > 0


def events(*names: str) -> list[Entry]:
    """Return purchases that wait everywhere."""
    return [entry(name) for name in names]


def passed(name: str, state: Passed = SKIPPED) -> Entry:
    """Return a purchase that `p` is done with on arrival."""
    return entry_of(conversion(name), {"p": state}, {})


def sold(name: str, value: str) -> Entry:
    return entry_of(conversion(name, order=Order(value=Decimal(value), currency="USD")), {}, {})


def aged(name: str, age_ms: int) -> Entry:
    return entry_of(conversion(name, received_ms=NOW_MS - age_ms), {}, {})


def rejection(event_id: str) -> Rejection:
    return Rejection(NOW_MS, "http", None, event_id, "missing", "user", "Who did it?")


def ids(chunk: Chunk) -> list[str]:
    return [pending.entry.event_id for pending in chunk.pending]


def never(_destination: str, _entry: Entry) -> Prospect:
    return "sent"


def is_a(_destination: str, entry: Entry) -> Prospect:
    return "expired" if entry.event_id == "a" else "sent"


async def waiting(journal: Journal, destination: str) -> Sequence[Pending]:
    """Return what waits in the money lane, from the cursor on."""
    start = journal.cursor(destination, Lane.MONEY)
    return (await journal.read(destination, Lane.MONEY, start, 100)).pending


async def deliver(journal: Journal, destination: str, pendings: Sequence[Pending]) -> None:
    await journal.settle(destination, Settlement(receipt=RECEIPT, delivered=pendings))


async def postpone(journal: Journal, destination: str, pendings: Sequence[Pending]) -> None:
    retry = [Retry(pending, NOW_MS) for pending in pendings]
    await journal.settle(destination, Settlement(retry=retry))


async def bury(journal: Journal, destination: str, pendings: Sequence[Pending]) -> None:
    dead = [Dead(pending, "platform_rejected") for pending in pendings]
    await journal.settle(destination, Settlement(dead=dead))


async def outcome_of(journal: Journal, event_id: str) -> tuple[str, list[str]]:
    """Return the state at `p`, and how each attempt ended."""
    (found,) = await journal.find(event_id=event_id)
    mine = next(each for each in found.deliveries if each.destination == "p")
    return mine.state, [attempt.outcome for attempt in mine.attempts]


def pending_of(totals: Totals, destination: str) -> int:
    """Return what the sum leaves: accepted + replayed - skipped - delivered - dead."""
    ended = (totals.skipped, totals.delivered, totals.dead)
    gone = sum(count for each in ended for (who, _), count in each.items() if who == destination)
    return totals.accepted.get(destination, 0) + totals.replayed.get(destination, 0) - gone
