"""What a journal holds while destinations come, go and come back."""

from pathlib import Path

from relay.event_name import Lane
from relay.journal.codec import entry_of
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import (
    NOW_MS,
    SKIPPED,
    aged,
    bury,
    deliver,
    events,
    ids,
    passed,
    pending_of,
    postpone,
    searches,
    waiting,
)
from tests.given.event.builders import conversion, entry


class Changing(Opening):
    async def test_a_later_destination_did_not_get_what_came_before_it(
        self, tmp_path: Path
    ) -> None:
        """Or a shop that posts last week's events for it again would find them skipped."""
        async with self.opened(tmp_path) as journal:
            await journal.append([entry("long before")])
            await journal.append([entry("before")])
        async with self.opened(tmp_path, "p", "t", "later") as journal:
            await journal.append([entry("after")])
            for limit in (3, 2):
                recent = await journal.recent_ids(limit)
                assert [set(each.passed) for each in recent][-2:] == [{"later"}, set()]

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
        for _ in range(2):
            async with self.opened(tmp_path, "p") as journal:
                await journal.append(events("b"))
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(events("c"))
            found = await waiting(journal, "t")
            assert [each.entry.event_id for each in found] == ["a", "c"]
            await deliver(journal, "t", found)
            totals = await journal.totals()
            assert (totals.accepted["t"], pending_of(totals, "t")) == (2, 0)
            for missed in await journal.find(event_id="b"):
                assert [each.destination for each in missed.deliveries] == ["p"]

    async def test_a_destination_that_came_back_did_not_get_what_came_meanwhile(
        self, tmp_path: Path
    ) -> None:
        """Or a shop that posts it again for it would find it skipped as a duplicate."""
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append([*events("sent", "waits"), *searches("x", "y", "z")])
            await deliver(journal, "t", (await waiting(journal, "t"))[:1])
        async with self.opened(tmp_path, "p") as journal:
            await journal.append(events("missed"))
            await deliver(journal, "p", await waiting(journal, "p"))
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(events("after"))
            await deliver(journal, "t", (await waiting(journal, "t"))[1:])
        for _ in range(2):  # before all that came earlier is settled, and after
            async with self.opened(tmp_path, "p", "t") as journal:
                recent = await journal.recent_ids(10)
                missed = [each.event_id for each in recent if each.passed]
                assert (missed, len(recent)) == (["missed"], 7)
                await deliver(journal, "t", await waiting(journal, "t"))

    async def test_a_destination_had_what_it_got_whatever_became_of_it(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path, "p") as journal:
            for each in events("a", "b", "refused", "fails"):
                await journal.append([each])
            found = await waiting(journal, "p")
            await deliver(journal, "p", found[:2])
            await bury(journal, "p", found[2:3])
            await postpone(journal, "p", found[3:])
        async with self.opened(tmp_path, "p") as journal:
            for limit in (3, 2, 1):  # also of what was sent together, the latter alone
                recent = await journal.recent_ids(limit)
                assert [each.event_id for each in recent] == ["b", "refused", "fails"][-limit:]
                assert not any(each.passed for each in recent)

    async def test_what_was_forgotten_while_a_destination_was_gone_is_expired(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append([passed("b"), entry_of(conversion("c"), {"t": SKIPPED}, {})])
            await journal.append([aged("a", -30 * 86_400_000)])
            await postpone(journal, "t", (await waiting(journal, "t"))[1:])
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

    async def test_what_waited_for_a_retry_is_forgotten_with_the_rest_while_it_is_gone(
        self, tmp_path: Path
    ) -> None:
        """It holds as much of a person, and nobody knows whether the destination comes back."""
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append(events("a"))
            await postpone(journal, "t", await waiting(journal, "t"))
        async with self.opened(tmp_path, "p") as journal:
            await deliver(journal, "p", await waiting(journal, "p"))
            await journal.maintain(NOW_MS + 30 * 86_400_000)
            totals = await journal.totals()
            assert (totals.dead, pending_of(totals, "t")) == ({("t", "expired"): 1}, 0)
        async with self.opened(tmp_path, "p", "t") as journal:
            assert await journal.totals() == totals
            assert await journal.due("t", NOW_MS, 9) == []

    async def test_what_ended_before_a_destination_was_gone_is_not_expired_as_well(
        self, tmp_path: Path
    ) -> None:
        refused = entry_of(conversion("refused", "lead", received_ms=NOW_MS - 60_000), {}, {})
        async with self.opened(tmp_path, "p", "t") as journal:
            await journal.append([refused, *events("forgotten")])
            await bury(journal, "t", (await waiting(journal, "t"))[:1])
        async with self.opened(tmp_path, "p") as journal:
            await deliver(journal, "p", await waiting(journal, "p"))
            await journal.maintain(NOW_MS + 30 * 86_400_000)
        async with self.opened(tmp_path, "p", "t") as journal:
            dead = (await journal.totals()).dead
            assert dead == {("t", "platform_rejected"): 1, ("t", "expired"): 1}
            for name, count in (("t", 1), ("p", 0)):
                assert [each.dead for each in await journal.kinds(0, name)] == [count, count]

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
