"""Replays and drops dead letters in as many steps as it takes; producers get a turn in between.

Each step is a transaction of its own: what is cut off has done the steps before, and ordered again
it does the rest. What it is about is looked for beforehand, beside the transactions of others. All
of it raises `JournalUnavailable` if a step cannot be read or written.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from relay.journal.dead.letters import Found
from relay.journal.dead.selection import Position
from relay.journal.letter import Replayed

Look = Callable[[Position | None], Awaitable[Found]]
"""Finds the letters of the step that follows a position."""


async def replay(look: Look, step: Callable[[Sequence[int]], Awaitable[Replayed]]) -> Replayed:
    """Take every step of a replay, or of what one would do; return what it came to."""
    done = Replayed(0, 0, 0)
    async for rows in _steps(look):
        done = _added(done, await step(rows))
    return done


async def drop(look: Look, step: Callable[[Sequence[int]], Awaitable[int]]) -> int:
    """Take every step of a drop; return how many letters it marked."""
    return sum([await step(rows) async for rows in _steps(look)])


async def _steps(look: Look) -> AsyncIterator[Sequence[int]]:
    found = await look(None)
    yield found.rows
    while found.next is not None:
        found = await look(found.next)
        yield found.rows


def _added(one: Replayed, other: Replayed) -> Replayed:
    sums = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return Replayed(*map(sum, sums))
