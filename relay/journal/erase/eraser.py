"""Erases a person from the journal; the counts and ids of the events stay.

Waiting events end as dead with the reason `erased`. Dead letters lose their payload and keep their
reason. In the log, an event loses its identity, its pages, and everything of its order but the sum.
A transaction covers one group of the log or one row, so that producers hardly notice, and events
are found by what they still hold: if an erasure is cut off, running it again erases the rest.
Deleted content is overwritten (`secure_delete`). At the end, the bytes that moved rows left behind
in the file are overwritten as well (`gaps`), and the write-ahead log is emptied.

The caller ensures that none of these events is in a request, or can get into one.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from relay.identity.subject import Subject
from relay.journal.codec import encode_group
from relay.journal.disk.checkpoint import Checkpointer
from relay.journal.erase import gaps, traces
from relay.journal.erase.ending import end_all
from relay.journal.erase.remains import without_person
from relay.journal.erase.tally import Tally
from relay.journal.erase.traces import Ends, Table, Trace
from relay.journal.ledger import Ledger
from relay.journal.reader import Reader
from relay.journal.report import Erased
from relay.journal.writer import Writer

STEP_EVENTS: Final = 100
"""The most events that one transaction ends."""
STEP_PAGES: Final = 50
"""The most pages that one transaction overwrites."""
CLEAN_TRIES: Final = 5
EMPTY_TRIES: Final = 20
EMPTY_INTERVAL_S: Final = 0.25
"""Seconds between attempts to empty the write-ahead log, while others read from it."""


class Eraser:
    """See the module docstring. Used for one erasure; all methods are called on the loop."""

    def __init__(
        self,
        path: Path,
        reader: Reader,
        writer: Writer,
        ledger: Ledger,
        checkpointer: Checkpointer,
    ) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._ledger = ledger
        self._checkpointer = checkpointer
        self._tally = Tally()

    async def erase(self, subject: Subject, ends: Ends) -> Erased:
        """Erase the person from all events before these offsets."""
        for log_id in await self._look("log", subject, ends):
            await self._erase_group(log_id, subject, ends)
        # A replay may move rows between the two tables, so repeat until neither holds any.
        while await self._erase_rows("dead", subject, ends) + await self._erase_rows(
            "retry", subject, ends
        ):
            pass
        return self._tally.result(emptied=await self._clean())

    async def _look(self, table: Table, subject: Subject, ends: Ends) -> Sequence[int]:
        """Return the rows that hold one of the digests."""
        found: list[int] = []
        after: int | None = 0
        while after is not None:
            query = partial(traces.look, table=table, subject=subject, after=after, ends=ends)
            rows, after = await self._reader.run(query)
            found += rows
        return found

    async def _erase_group(self, log_id: int, subject: Subject, ends: Ends) -> None:
        query = partial(traces.in_group, log_id=log_id, subject=subject, ends=ends)
        found, entries, damaged = await self._reader.run(query)
        self._tally.damaged.update(damaged)
        if not found:
            return
        mine = {id(trace.entry) for trace in found}
        kept = encode_group([without_person(e) if id(e) in mine else e for e in entries])
        *steps, last = [found[at : at + STEP_EVENTS] for at in range(0, len(found), STEP_EVENTS)]
        for step in steps:
            await self._end(step)
        # After all of them have ended, in one transaction with the last of them.
        erased, _ = await asyncio.gather(
            self._writer.submit(partial(end_all, ledger=self._ledger, found=last)),
            self._writer.submit(partial(_rewrite, log_id=log_id, entries=kept)),
        )
        self._tally.erased += erased
        self._tally.note(found)

    async def _erase_rows(self, table: Table, subject: Subject, ends: Ends) -> int:
        """Erase what these rows keep of the person; return how many held something."""
        erased = 0
        for row in await self._look(table, subject, ends):
            query = partial(traces.at_row, table=table, row=row, subject=subject)
            found = await self._reader.run(query)
            self._tally.damaged.update(found.damaged)
            await self._end(found.traces)
            self._tally.note(found.traces)
            erased += len(found.traces)
        return erased

    async def _end(self, found: Sequence[Trace]) -> None:
        if not found:
            return
        write = partial(end_all, ledger=self._ledger, found=found)
        self._tally.erased += await self._writer.submit(write)

    async def _clean(self) -> bool:
        """Overwrite what is left in the files; return whether nothing is left.

        Only pages that had remains are checked again: rows that move meanwhile are not this
        person's. False if the file cannot be read.
        """
        try:
            return await self._overwrite()
        except OSError:
            return False

    async def _overwrite(self) -> bool:
        tables = await self._reader.run(gaps.roots)
        pages: frozenset[int] | None = None
        for _ in range(CLEAN_TRIES):
            if not await self._empty():
                return False
            found = await asyncio.to_thread(gaps.find, self._path, tables, pages)
            if not found:
                return True
            pages = frozenset(gap.page for gap in found)
            for at in range(0, len(found), STEP_PAGES):
                filling = partial(_fill, found=found[at : at + STEP_PAGES])
                await self._writer.submit(filling)
        return False

    async def _empty(self) -> bool:
        for _ in range(EMPTY_TRIES):
            if await self._checkpointer.empty():
                return True
            await asyncio.sleep(EMPTY_INTERVAL_S)  # readers hold old snapshots until they end
        return False


def _fill(connection: sqlite3.Connection, found: Sequence[gaps.Gap]) -> None:
    for gap in found:
        gaps.fill(connection, gap)


def _rewrite(connection: sqlite3.Connection, log_id: int, entries: bytes) -> None:
    connection.execute("UPDATE log SET entries = ? WHERE id = ?", (entries, log_id))
