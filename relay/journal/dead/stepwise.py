"""Replays and drops dead letters in as many steps as needed; producers get their turn in between.

Each step is a transaction of its own: if a replay or drop is interrupted, its earlier steps are
done, and running it again does the rest. The letters of a step are searched for before, outside its
transaction. Both functions raise `JournalUnavailable` if a step cannot be read or written.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from relay.journal.dead.letters import Found
from relay.journal.dead.selection import Position
from relay.journal.letter import Replayed

Look = Callable[[Position | None], Awaitable[Found]]
"""Finds the letters of the step that follows a position."""


async def replay(look: Look, step: Callable[[Sequence[int]], Awaitable[Replayed]]) -> Replayed:
    """Run all steps of a replay, or of a dry run; return the totals."""
    done = Replayed(0, 0, 0)
    async for rows in _steps(look):
        done = _added(done, await step(rows))
    return done


async def drop(look: Look, step: Callable[[Sequence[int]], Awaitable[int]]) -> int:
    """Run all steps of a drop; return how many letters it marked."""
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
