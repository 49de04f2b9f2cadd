"""What retention leaves of a log: offsets that go on, and readers that find their way."""

from pathlib import Path

from relay.event_name import Lane
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import NOW_MS, deliver, events, ids, waiting


class Forgetting(Opening):
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
