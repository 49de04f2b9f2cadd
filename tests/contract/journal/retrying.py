"""What failed and is tried again: due at its moment, over restarts, once at a time."""

from pathlib import Path

from relay.event_name import Lane
from relay.journal.settlement import Dead, Retry, Settlement
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import (
    NOW_MS,
    deliver,
    events,
    pending_of,
    postpone,
    sold,
    waiting,
)


class Retrying(Opening):
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
