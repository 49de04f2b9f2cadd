"""Keeps the look-up by id up to date with the log, in the background.

Committed events are found at once, since their checksums are in the tail, in memory. A task has the
writer store each run once it is full. While the storage fails, nothing is appended, so the tail
does not grow, and the next commit tries again.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from relay.errors import JournalUnavailable
from relay.journal.find import lookup
from relay.journal.find.lookup import Kind, Place, Tail
from relay.journal.log import Group
from relay.journal.writer import Writer


class Index:
    """See the module docstring. All methods are called on the loop."""

    def __init__(self, tail: Tail, writer: Writer) -> None:
        self._tail = tail
        self._writer = writer
        self._full = asyncio.Event()

    def add(self, groups: Sequence[Group]) -> None:
        """Add new groups of the log, in order."""
        for group in groups:
            self._tail.add(group.lane, group.first, group.entries)
        if self._tail.full:
            self._full.set()

    def places(self, kind: Kind, wanted: str) -> list[Place]:
        """Return where an id may be among events that no run covers; ask this before the runs."""
        return self._tail.places(kind, wanted)

    async def run(self) -> None:
        """Store runs whenever they are full, until cancelled."""
        while True:
            await self._full.wait()
            self._full.clear()
            try:
                await self._catch_up()
            except JournalUnavailable:
                continue

    async def _catch_up(self) -> None:
        while run := self._tail.full:
            await self._writer.submit(partial(lookup.store, run=run))
            self._tail.release(run)
