"""Replays and drops dead letters in as many steps as it takes; producers get a turn in between.

Each step is a transaction of its own: what is cut off has done the steps before, and ordered again
it does the rest. All of it raises `JournalUnavailable` if a step cannot be read or written.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from relay.journal.dead.letters import DropStep, ReplayStep
from relay.journal.letter import Replayed

T = TypeVar("T")

Run = Callable[[Callable[[sqlite3.Connection], T]], Awaitable[T]]
"""How a step is run: in a transaction, or on a snapshot."""


async def replay(run: Run[ReplayStep], step: Callable[..., ReplayStep]) -> Replayed:
    """Take every step of a replay, or of a look at what it would do; return what it came to."""
    found = await run(partial(step, after=None))
    done = found.done
    while found.next is not None:
        found = await run(partial(step, after=found.next))
        done = _added(done, found.done)
    return done


async def drop(run: Run[DropStep], step: Callable[..., DropStep]) -> int:
    """Take every step of a drop; return how many letters it marked."""
    found = await run(partial(step, after=None))
    dropped = found.dropped
    while found.next is not None:
        found = await run(partial(step, after=found.next))
        dropped += found.dropped
    return dropped


def _added(one: Replayed, other: Replayed) -> Replayed:
    sums = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return Replayed(*map(sum, sums))
