"""What waits of a person is withheld by one rule at a time, until an erasure leaves nothing."""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

import pytest

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal.base import Journal
from relay.journal.entry import Pending
from relay.journal.report import Erased
from relay.outcome.acting.erasure import Erasure
from tests.given.event.builders import DIGEST, pending

ADA = Subject(email=frozenset([DIGEST]))
BOB = Subject(email=frozenset(["b0b0" * 16]))
Unwanted = Callable[[Pending], bool]


class Senders:
    """Keep the rules that hold."""

    def __init__(self) -> None:
        self.rules: list[Unwanted] = []
        self.over = asyncio.Event()
        """Set once no request is in flight."""
        self.over.set()

    async def withhold(self, unwanted: Unwanted) -> None:
        self.rules.append(unwanted)
        await self.over.wait()

    def release(self, unwanted: Unwanted) -> None:
        self.rules.remove(unwanted)


class StubJournal:
    """Leaves so many events, or takes nothing at all."""

    def __init__(self) -> None:
        self.damaged, self.fails, self.end = 0, False, 0
        self.reasons: list[str | None] = []
        """What keeps it from taking events, at each look."""

    def unavailable(self) -> str | None:
        return self.reasons.pop(0)

    def ends(self) -> Mapping[Lane, int]:
        return dict.fromkeys(Lane, self.end)

    async def erase(self, subject: Subject, ends: Mapping[Lane, int]) -> Erased:
        assert subject.digests
        assert set(ends) == set(Lane)
        if self.fails:
            raise JournalUnavailable("the disk is full")
        return Erased(events=0, destinations={}, damaged=self.damaged, emptied=True)


async def test_an_erasure_that_is_tried_again_has_one_rule_and_in_the_end_none() -> None:
    journal, senders = StubJournal(), Senders()
    erasure = Erasure(cast("Journal", journal), senders)
    journal.damaged = 1
    for _ in range(2):
        await erasure.forget(ADA)
        assert len(senders.rules) == 1
    journal.fails = True
    with pytest.raises(JournalUnavailable):
        await erasure.forget(ADA)
    assert len(senders.rules) == 1
    journal.fails, journal.damaged = False, 0
    await erasure.forget(ADA)
    assert senders.rules == []


async def test_requests_whose_outcome_cannot_be_recorded_are_not_waited_for() -> None:
    """Nothing tells how long a disk is full; until the next try, nothing of the person is sent."""
    journal, senders = StubJournal(), Senders()
    erasure = Erasure(cast("Journal", journal), senders, patience_s=0)
    senders.over.clear()
    for _ in range(2):
        journal.reasons = [None, "the disk is full"]
        with pytest.raises(JournalUnavailable, match="the disk is full"):
            await erasure.forget(ADA)
        assert (len(senders.rules), journal.reasons) == (1, [])
    senders.over.set()
    journal.reasons = [None]
    await erasure.forget(ADA)
    assert senders.rules == []


async def test_only_what_is_theirs_and_was_there_when_it_began_is_withheld() -> None:
    journal, senders = StubJournal(), Senders()
    erasure = Erasure(cast("Journal", journal), senders)
    journal.damaged, journal.end = 1, 7
    for subject in (ADA, BOB):
        await erasure.forget(subject)
    before, after = pending(6), pending(7)
    assert [[rule(each) for each in (before, after)] for rule in senders.rules] == [
        [True, False],
        [False, False],
    ]
