"""What a journal keeps of how sending went: cursors, sums, pauses and waits; nothing twice."""

from decimal import Decimal
from pathlib import Path

from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.settlement import Dead, Pause, Retry, Settlement, Wait
from tests.contract.journal.opening import Opening
from tests.contract.journal.story import (
    EXPIRED,
    NOW_MS,
    RECEIPT,
    deliver,
    events,
    ids,
    passed,
    pending_of,
    sold,
    waiting,
)
from tests.given.event.builders import conversion, payload


class Settling(Opening):
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

    async def test_a_payload_is_dropped_once_it_was_sent(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as journal:
            kept = entry_of(conversion("a"), {}, {"p": payload(), "t": payload()})
            await journal.append([kept])
            await deliver(journal, "p", await waiting(journal, "p"))
            assert kept.payloads == {"t": payload()}

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
            for each in await waiting(journal, "p"):
                await deliver(journal, "p", [each])
            before = await journal.totals()
        async with self.opened(tmp_path) as journal:
            assert await journal.totals() == before
            assert before.value_delivered == {("p", "USD"): Decimal("0.3")}
            report = (await journal.report(0)).destinations["p"]
            assert report.value_delivered == {"USD": Decimal("0.3")}

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
