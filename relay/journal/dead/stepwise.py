"""Replays and drops dead letters in as many steps as it takes; producers get a turn in between.

Each step is a transaction of its own: what is cut off has done the steps before, and ordered again
it does the rest. All of it raises `JournalUnavailable` if a step cannot be read or written.
"""

from functools import partial

import msgspec

from relay.journal.dead import letters
from relay.journal.dead.letters import Judge
from relay.journal.letter import DeadFilter, Replayed
from relay.journal.reader import Reader
from relay.journal.writer import Writer


async def replay(writer: Writer, where: DeadFilter, prospect: Judge, now_ms: int) -> Replayed:
    """Make matching letters wait again where `prospect` says that they are sent."""
    again = partial(letters.replay, where=where, prospect=prospect, now_ms=now_ms)
    step = await writer.submit(partial(again, after=None))
    done = step.done
    while step.next is not None:
        step = await writer.submit(partial(again, after=step.next))
        done = _added(done, step.done)
    return done


async def replay_dry(reader: Reader, where: DeadFilter, prospect: Judge) -> Replayed:
    """Return what `replay` would do."""
    look = partial(letters.replay_dry, where=where, prospect=prospect)
    step = await reader.run(partial(look, after=None))
    done = step.done
    while step.next is not None:
        step = await reader.run(partial(look, after=step.next))
        done = _added(done, step.done)
    return done


async def drop(writer: Writer, where: DeadFilter, note: str) -> int:
    """Mark matching letters as dropped; return how many."""
    mark = partial(letters.drop, where=where, note=note)
    step = await writer.submit(partial(mark, after=None))
    dropped = step.dropped
    while step.next is not None:
        step = await writer.submit(partial(mark, after=step.next))
        dropped += step.dropped
    return dropped


def _added(one: Replayed, other: Replayed) -> Replayed:
    sums = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return Replayed(*map(sum, sums))
