"""What the doctor found is shared by all who ask, while looking anew would cost much."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from relay.conversion import Conversion
from relay.journal.base import Journal
from relay.journal.entry import Rejection
from relay.outcome.producers import MAX_KEPT_S, SHARE, Producers
from tests.given.event.builders import NOW_S, conversion


class SlowJournal:
    """Gives one event more at each look, which takes `look_s` by its own clock."""

    def __init__(self, look_s: float) -> None:
        self.look_s, self.now_s, self.looks = look_s, float(NOW_S), 0

    def clock(self) -> float:
        return self.now_s

    async def recent_events(self, since_ms: int, limit: int) -> Sequence[Conversion]:
        assert limit > 0
        assert since_ms < self.now_s * 1000
        self.looks += 1
        await asyncio.sleep(0)
        self.now_s += self.look_s
        return [conversion(f"e-{number}") for number in range(self.looks)]

    async def rejections(self, limit: int) -> Sequence[Rejection]:
        assert limit > 0
        return []


def producers(journal: SlowJournal) -> Producers:
    return Producers(cast("Journal", journal), tuple, journal.clock)


async def test_many_readers_pay_for_one_look() -> None:
    journal = SlowJournal(0.5)
    whole = producers(journal)

    found = await asyncio.gather(*(whole.diagnosis() for _ in range(6)))

    assert journal.looks == 1
    assert [each.events for each in found] == [1] * 6


@pytest.mark.parametrize(("look_s", "kept_s"), [(0.5, SHARE * 0.5), (60.0, MAX_KEPT_S)])
async def test_it_looks_again_once_that_is_cheap_enough(look_s: float, kept_s: float) -> None:
    journal = SlowJournal(look_s)
    whole = producers(journal)
    await whole.diagnosis()

    journal.now_s += kept_s - 0.01
    kept = (await whole.diagnosis()).events
    journal.now_s += 0.01
    anew = (await whole.diagnosis()).events

    assert (kept, anew) == (1, 2)


async def test_a_small_journal_is_told_as_it_is() -> None:
    journal = SlowJournal(0.0)
    whole = producers(journal)

    assert [(await whole.diagnosis()).events for _ in range(3)] == [1, 2, 3]


async def test_a_clock_that_is_set_back_keeps_nothing_for_long() -> None:
    journal = SlowJournal(1.0)
    whole = producers(journal)
    await whole.diagnosis()
    journal.now_s -= 3_600

    assert (await whole.diagnosis()).events == 2
