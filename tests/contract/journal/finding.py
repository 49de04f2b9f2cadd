"""What became of an event, and which one has waited longest."""

from pathlib import Path

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import (
    NOW_MS,
    aged,
    deliver,
    events,
    outcome_of,
    passed,
    postpone,
    waiting,
)
from tests.given.event.builders import conversion, entry


class Finding(Opening):
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
            await journal.append([aged("younger", 3)])
            await postpone(journal, "p", await waiting(journal, "p"))
            assert await journal.oldest_pending_ms("p") == NOW_MS - 5
            assert [each.event_id for each in (await journal.risk("p")).oldest] == ["young"]
            await deliver(journal, "p", await journal.due("p", NOW_MS, 10))
            assert await journal.oldest_pending_ms("p") is None
