"""What a journal gives back: all that waits in a lane for a destination, in order of arrival."""

from pathlib import Path

from relay.event_name import Lane
from relay.journal.codec import entry_of
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import deliver, events, ids, passed, waiting
from tests.given.event.builders import conversion, entry, payload


class Reading(Opening):
    async def test_reads_back_what_was_appended_in_order_of_arrival(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a", "b"))
            await journal.append(events("c"))
            chunk = await journal.read("p", Lane.MONEY, 0, 10)
            assert ids(chunk) == ["a", "b", "c"]
            assert [(one.start, one.offset) for one in chunk.pending] == [(0, 0), (1, 1), (2, 2)]
            assert chunk.next == 3

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
            await journal.append([entry_of(conversion("a"), {}, {"p": payload(), "t": payload()})])
            await deliver(journal, "t", await waiting(journal, "t"))
            hot = await journal.read("p", Lane.MONEY, 0, 10)
            assert hot.pending[0].entry.payloads == {"p": payload()}
        async with self.opened(tmp_path) as journal:
            cold = await journal.read("p", Lane.MONEY, 0, 10)
            assert ids(cold) == ["a"]
            assert cold.pending[0].entry.payloads == {}

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
            await journal.append([passed("a"), passed("b")])
            at = (await journal.read("p", Lane.MONEY, 0, 10)).next
            await journal.append([passed("c")])
            at = (await journal.read("p", Lane.MONEY, at, 10)).next
            await journal.append([entry("d")])
            chunk = await journal.read("p", Lane.MONEY, at, 10)
            await deliver(journal, "p", chunk.pending)
            assert journal.cursor("p", Lane.MONEY) == 4

    async def test_a_passed_event_behind_one_on_its_way_holds_nobody_back(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as journal:
            await journal.append(events("a"))
            first = await journal.read("p", Lane.MONEY, 0, 10)
            await journal.append([passed("b")])
            await journal.read("p", Lane.MONEY, first.next, 10)
            await deliver(journal, "p", first.pending)
            assert journal.cursor("p", Lane.MONEY) == 2
