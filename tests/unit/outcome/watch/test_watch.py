"""What people are told, and how often, as the state of a relay changes under their eyes."""

import asyncio
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from relay.delivery import DeadReason, PauseReason
from relay.errors import JournalUnavailable
from relay.journal.letter import DeadFilter, DeadPage
from relay.journal.report import Space, Totals
from relay.journal.settlement import Pause
from relay.outcome.health import Health
from relay.outcome.watch.notice import Notice
from relay.outcome.watch.watch import CALM_S, LOOK_S, RECOUNT_S, Watch
from tests.given.destination.stub import StubDestination
from tests.given.journal.totals import NO_TOTALS
from tests.simulation import virtual_time

NAME = "first"


class Shop:
    """A relay as the watch sees it, in the hands of a test."""

    def __init__(self, pauses: Mapping[str, Pause] | None = None) -> None:
        self.now_s = 1.79e9
        self.reason: PauseReason | None = None
        self.died: dict[str, int] = {}
        """Lifetime counts by reason; they never fall."""
        self.left: dict[str, int] = {}
        """Dead letters that are still there."""
        self.refusal: str | None = None
        self.used = 0.1
        self.fails = False
        self.recounts = 0
        self._pauses = pauses or {}
        self.heard: list[Notice] = []
        self.watch = Watch(
            self,
            [StubDestination(NAME)],
            self.health,
            self.heard.append,
            self.now,
            refusing=lambda: self.refusal,
        )

    async def told(self) -> list[Notice]:
        """Have the watch look, and return what it has to say."""
        self.heard.clear()
        await self.watch.look()
        return list(self.heard)

    async def kinds(self) -> list[tuple[str, str | None]]:
        """Return kind and reason of what a look has to say."""
        return [(each.kind, each.reason) for each in await self.told()]

    def die(self, reason: DeadReason, count: int) -> None:
        """Have events end as dead letters."""
        self.died[reason] = self.died.get(reason, 0) + count
        self.left[reason] = self.left.get(reason, 0) + count

    def now(self) -> float:
        return self.now_s

    def health(self) -> Mapping[str, Health]:
        if self.reason is None:
            return {NAME: Health("active", None, "", None, None)}
        return {NAME: Health("paused", self.reason, "", None, None)}

    def pauses(self) -> Mapping[str, Pause]:
        return self._pauses

    async def totals(self) -> Totals:
        if self.fails:
            raise JournalUnavailable("the disk fails")
        dead = {(NAME, reason): count for reason, count in self.died.items()}
        return replace(NO_TOTALS, dead={**dead, ("gone", "expired"): 9})

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None = None
    ) -> DeadPage:
        assert (where.destination, limit, cursor) == (NAME, 1, None)
        self.recounts += 1
        return DeadPage([], None, self.left[where.reason or ""])

    async def space(self) -> Space:
        used = round(self.used * 1000)
        return Space(
            size_bytes=used,
            used_bytes=used,
            limit_bytes=1000,
            left_bytes=1000 - used,
            hours_to_full=5.0,
            oldest_received_ms=None,
        )


async def started(**state: Mapping[str, Pause]) -> Shop:
    """Return a shop whose watch has taken stock."""
    shop = Shop(**state)
    assert await shop.told() == []
    return shop


async def test_a_pause_and_its_end_are_told_once() -> None:
    shop = await started()

    shop.reason = "token_rejected"
    [paused] = await shop.told()
    assert (paused.kind, paused.destination, paused.reason) == ("paused", NAME, "token_rejected")
    assert "refuses the access token" in paused.text
    assert await shop.told() == []
    shop.reason = None
    assert await shop.kinds() == [("resumed", None)]
    assert await shop.told() == []


async def test_another_reason_is_news_and_a_known_one_is_not() -> None:
    """A platform that names two reasons by turns does not fill anybody's channel."""
    shop = await started()
    shop.reason = "token_rejected"
    assert await shop.kinds() == [("paused", "token_rejected")]
    shop.reason = "no_permission"
    assert await shop.kinds() == [("paused", "no_permission")]
    shop.reason = "token_rejected"
    assert await shop.kinds() == []
    shop.reason = None
    await shop.told()
    shop.reason = "no_permission"
    assert await shop.kinds() == [("paused", "no_permission")]


async def test_a_pause_from_before_a_restart_is_not_told_again_but_its_end_is() -> None:
    shop = Shop({NAME: Pause("token_expired", 0)})
    shop.reason = "token_expired"

    assert await shop.told() == []
    shop.reason = None
    assert await shop.kinds() == [("resumed", None)]


async def test_a_pause_that_a_restart_ended_is_told_to_be_over() -> None:
    shop = Shop({NAME: Pause("token_missing", 0)})

    assert await shop.kinds() == [("resumed", None)]


async def test_the_first_dead_letters_of_a_reason_are_told_once() -> None:
    shop = await started()

    shop.die("expired", 3)
    [first] = await shop.told()
    assert (first.kind, first.reason, first.count) == ("dead_letters", "expired", 3)
    shop.die("expired", 5)
    assert await shop.told() == []
    shop.die("platform_rejected", 1)
    assert await shop.kinds() == [("dead_letters", "platform_rejected")]


async def test_dead_letters_that_were_dealt_with_make_the_next_one_news() -> None:
    shop = await started()
    shop.die("expired", 3)
    await shop.told()

    shop.left["expired"] = 0
    assert await shop.told() == []
    shop.die("expired", 2)
    [again] = await shop.told()
    assert again.count == 2


async def test_whether_letters_were_dealt_with_is_counted_once_a_minute() -> None:
    """The count costs a query; meanwhile what is new adds up, and nothing is missed."""
    shop = await started()
    shop.die("expired", 3)
    await shop.told()
    shop.die("expired", 1)
    assert await shop.told() == []
    shop.left["expired"] = 0
    for _ in range(5):
        shop.die("expired", 1)
        assert await shop.told() == []
    assert shop.recounts == 1

    shop.now_s += RECOUNT_S
    [again] = await shop.told()
    assert (again.count, shop.recounts) == (5, 2)


async def test_dead_letters_of_before_are_no_news_after_a_restart() -> None:
    shop = Shop()
    shop.die("expired", 3)

    assert await shop.told() == []
    shop.die("expired", 1)
    assert await shop.told() == []


@pytest.mark.parametrize("reason", ["dropped_by_operator", "erased"])
async def test_what_somebody_asked_for_is_no_news(reason: DeadReason) -> None:
    shop = await started()
    shop.die(reason, 1)

    assert await shop.told() == []


async def test_a_journal_that_fills_is_told_with_the_hours_that_are_left() -> None:
    shop = await started()

    shop.used = 0.8
    [filling] = await shop.told()
    assert filling.kind == "journal_filling"
    assert "80 % full" in filling.text
    assert "about 5 h" in filling.text
    for used in (0.79, 0.95, 0.71):
        shop.used = used
        assert await shop.told() == []
    shop.used = 0.6
    assert await shop.kinds() == [("journal_space", None)]
    assert await shop.told() == []


async def test_a_full_journal_is_told_once_however_often_it_takes_an_event() -> None:
    shop = await started()

    for number in range(4):
        shop.refusal = None if number % 2 else "the disk is full"
        assert await shop.kinds() == ([] if number else [("journal_full", "the disk is full")])
    shop.refusal = None
    shop.now_s += CALM_S
    [again] = await shop.told()
    assert (again.kind, again.text) == ("journal_space", "The relay takes events again.")


async def test_a_clock_that_is_set_back_keeps_no_message_back() -> None:
    """Nobody was told of anything until a clock that had been a year ahead came round again."""
    shop = await started()
    shop.die("expired", 1)
    shop.refusal = "the disk is full"
    assert len(await shop.told()) == 2
    shop.die("expired", 1)
    assert await shop.told() == []  # it has counted them, and does so again in a minute
    shop.left["expired"], shop.refusal = 0, None
    shop.now_s -= 365 * 86_400

    shop.die("expired", 1)
    assert await shop.kinds() == [("dead_letters", "expired"), ("journal_space", None)]


async def test_a_port_without_a_process_is_told_as_such_and_not_as_a_disk_that_is_full() -> None:
    shop = await started()
    shop.refusal = "no worker process runs"
    [told] = await shop.told()

    assert (told.kind, told.reason) == ("journal_full", "no worker process runs")
    assert "a process that does not run a new start" in told.text


async def test_a_journal_that_is_full_at_the_start_is_told_again() -> None:
    shop = Shop()
    shop.refusal = "the disk is full"

    assert await shop.kinds() == [("journal_full", "the disk is full")]


async def test_a_journal_that_was_filling_at_the_start_is_known() -> None:
    shop = Shop()
    shop.used = 0.9

    assert await shop.told() == []


async def test_a_journal_that_cannot_be_asked_is_asked_again() -> None:
    shop = await started()
    shop.fails = True
    shop.die("expired", 1)
    assert await shop.told() == []

    shop.fails = False
    assert await shop.kinds() == [("dead_letters", "expired")]


def test_a_mistake_of_one_look_does_not_end_the_watch() -> None:
    virtual_time.run(_a_mistake_of_one_look())


async def _a_mistake_of_one_look() -> None:
    shop = await started()
    shop.used = float("nan")
    watching = asyncio.create_task(shop.watch.run())
    await asyncio.sleep(LOOK_S * 1.5)
    shop.used, shop.reason = 0.1, "token_rejected"
    await asyncio.sleep(LOOK_S)
    assert [each.kind for each in shop.heard] == ["paused"]
    watching.cancel()
    await asyncio.wait({watching})


async def test_a_journal_that_takes_nothing_is_told_though_it_cannot_be_asked_either() -> None:
    shop = await started()
    shop.fails, shop.refusal = True, "the disk fails"
    assert await shop.kinds() == [("journal_full", "the disk fails")]
    assert await shop.kinds() == []
