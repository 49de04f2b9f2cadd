"""What a journal takes, and when it counts as stored."""

from pathlib import Path

import pytest

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.report import KeyUse
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import NOW_MS, deliver, events, ids, passed, rejection, waiting
from tests.given.event.builders import entry


class Storing(Opening):
    async def test_it_is_busy_until_what_is_queued_is_on_disk(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            stored = journal.append(events("a"))
            assert journal.is_busy()
            await stored
            assert not journal.is_busy()

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

    async def test_rejections_are_kept_without_events(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append([], [rejection("a"), rejection("b")])
            assert [each.event_id for each in await journal.rejections(10)] == ["b", "a"]
            assert [each.event_id for each in await journal.rejections(1)] == ["b"]
            assert (await journal.totals()).rejected == {("http", "missing"): 2}
            assert (await journal.report(0)).rejected == 2

    async def test_a_use_of_a_key_counts_with_the_events_that_it_brought(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as journal:
            first = journal.append(events("a", "b"), key="shop")
            await journal.append(events("c"), key="shop")
            await first
            await journal.append([], [rejection("d")], key="shop")
            await journal.append(events("e"))
        async with self.opened(tmp_path) as journal:
            assert journal.key_uses() == {"shop": 2}
            assert await journal.key_usage() == {"shop": KeyUse(2, NOW_MS)}

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

    async def test_of_events_that_came_together_the_latest_ids_are_told(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b", "c"))
            assert [each.event_id for each in await journal.recent_ids(2)] == ["b", "c"]

    async def test_its_size_is_known(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            assert journal.size_bytes() > 0
