"""Events whose record a failing disk has made unreadable: they hold up no other."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from relay.dispatch.dispatcher import Dispatcher
from relay.dispatch.withheld import Unwanted
from relay.identity import Identity
from relay.identity.subject import Subject
from relay.journal.base import Journal
from relay.journal.letter import DeadFilter
from relay.journal.report import FOR_EVER_MS
from relay.outcome.acting.erasure import Erasure
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import PINTEREST, Clock, pinterest, purchases, sending

ADA_DIGEST = "ada0" * 16
NOWHERE = "http://127.0.0.1:9"
AGE_WALL_S = 7 * 86_400


def spoiling(path: Path, old: bytes, new: bytes) -> Callable[[Journal], Journal]:
    """Return what damages the first group, once the journal is open."""

    def spoil(journal: Journal) -> Journal:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            [(group, data)] = other.execute("SELECT id, entries FROM log ORDER BY id LIMIT 1")
            assert old in data
            damaged = data.replace(old, new, 1)
            other.execute("UPDATE log SET entries = ? WHERE id = ?", (damaged, group))
        return journal

    return spoil


class Listening:
    """The senders, and what they were last told to withhold."""

    def __init__(self, senders: Dispatcher) -> None:
        self._senders = senders
        self.unwanted: Unwanted
        self.released: list[Unwanted] = []

    async def withhold(self, unwanted: Unwanted) -> None:
        self.unwanted = unwanted
        await self._senders.withhold(unwanted)

    def release(self, unwanted: Unwanted) -> None:
        self.released.append(unwanted)
        self._senders.release(unwanted)


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [(b"order-0002", b"order\xff0002", 1), (b"\xdc", b"\xc1", 5)],
    ids=["one event", "the whole group"],
)
async def test_what_is_damaged_waits_until_it_is_too_old_and_the_rest_goes_out(
    tmp_path: Path, old: bytes, new: bytes, lost: int
) -> None:
    clock = Clock()
    async with sending(tmp_path, pinterest(NOWHERE), clock=clock) as relay:
        await relay.accept(*purchases(clock, 5))
        await relay.accept(*purchases(clock, 5, "later"))
    spoil = spoiling(tmp_path / "relay.db", old, new)
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock, journal=spoil) as relay,
    ):
        funnels = await relay.settled(left=lost)
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (10 - lost, 0)
        relay.skip(AGE_WALL_S + 3_600)
        funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (10 - lost, lost)
        page = await relay.journal.dead_letters(DeadFilter(), limit=10)
        assert {letter.reason for letter in page.letters} == {"expired"}


async def test_an_erasure_that_meets_a_damaged_event_ends_no_sender(tmp_path: Path) -> None:
    """Its digests can still be found in it, and nothing else: in doubt it is the person's."""
    clock, ada = Clock(), Subject(email=frozenset([ADA_DIGEST]))
    [hers] = purchases(clock, 1, "hers")
    identity = Identity((ADA_DIGEST,), (ADA_DIGEST,), user_agent="a browser")
    async with sending(tmp_path, pinterest(NOWHERE), clock=clock) as relay:
        await relay.accept(replace(hers, identity=identity), *purchases(clock, 5))
    spoil = spoiling(tmp_path / "relay.db", b"a browser", b"a brows\xffr")
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock, journal=spoil) as relay,
    ):
        await relay.settled(left=1)
        senders = Listening(relay.dispatcher)
        erasure = Erasure(relay.journal, senders)
        done = await erasure.forget(ada)
        assert (done.events, done.damaged, senders.released) == (0, 1, [])
        first = senders.unwanted
        await erasure.forget(ada)
        assert senders.released == [first]  # the second try withholds the same and more
        waiting = await relay.journal.due(PINTEREST, FOR_EVER_MS, 10)
        assert [senders.unwanted(each) for each in waiting] == [True]
        await relay.accept(*purchases(clock, 5, "later"))
        relay.skip(60)
        funnels = await relay.settled(left=1)
        assert funnels[PINTEREST].delivered == 10
