"""Keeps the look-up by id up with the log, in the background.

What is committed is found at once: its ids wait in the tail, in memory. A task builds runs from
them in a reader's thread and has the writer store each in one short operation. While the storage
fails, the tail grows no further, since nothing is appended, and the next commit tries again.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial

from relay.errors import JournalUnavailable
from relay.journal import lookup
from relay.journal.log import Group
from relay.journal.lookup import Kind, Place, Tail
from relay.journal.reader import Reader
from relay.journal.writer import Writer


class Index:
    """See the module docstring. All methods are called on the loop."""

    def __init__(self, tail: Tail, reader: Reader, writer: Writer) -> None:
        self._tail = tail
        self._reader = reader
        self._writer = writer
        self._full = asyncio.Event()

    def add(self, groups: Sequence[Group]) -> None:
        """Take note of new rows of the log, in order of their ids."""
        for group in groups:
            conversions = [entry.conversion for entry in group.entries]
            ids = [
                (each.event_id, each.order.order_id if each.order else None) for each in conversions
            ]
            self._tail.add(lookup.Group(group.log_id, group.lane, group.first, ids))
        if self._tail.full:
            self._full.set()

    def places(self, kind: Kind, wanted: str) -> list[Place]:
        """Return where an id is among what no run covers yet; ask before the runs."""
        return self._tail.places(kind, wanted)

    async def run(self) -> None:
        """Build runs whenever there are enough ids, until cancelled."""
        while True:
            await self._full.wait()
            self._full.clear()
            try:
                await self._catch_up()
            except JournalUnavailable:
                continue

    async def _catch_up(self) -> None:
        while self._tail.full:
            groups = self._tail.oldest()
            run = await self._reader.run(partial(_build, groups=groups))
            await self._writer.submit(partial(lookup.store, run=run))
            self._tail.release(run.last_log)
            merged = await self._reader.run(lookup.merge)
            if merged is not None:
                await self._writer.submit(partial(lookup.store, run=merged))


def _build(connection: sqlite3.Connection, groups: Sequence[lookup.Group]) -> lookup.Run:
    del connection  # only the thread is wanted
    return lookup.build(groups)
