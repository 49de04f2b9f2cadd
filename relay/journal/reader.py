"""Runs queries beside the writer: a few read-only connections, each used by one thread at a time.

Each query sees one snapshot of what is committed and never waits for the writer. Queries beyond the
number of threads wait in line; each has a caller that waits for it, so the line is as bounded as
the callers are. If a part of the file was damaged after the start, the queries that read it fail,
and the log says so; everything else can still be read and written.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

import msgspec

from relay.errors import JournalUnavailable
from relay.journal.disk.connection import roll_back
from relay.journal.disk.storage import DAMAGED, is_damage, storage_fault
from relay.journal.disk.threads import started

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS: Final = 2
"""How many queries run at the same time."""


class Reader:
    """See the module docstring; any thread must be able to use what `connect` returns."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._executor = started(THREADS, "journal-reader")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._busy: set[sqlite3.Connection] = set()
        self._told_damage = False

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `query` returns; it sees one snapshot and cannot write.

        Raises `JournalUnavailable` if the file, or that part of it, cannot be read.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, self._snapshot, query)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.tell_damage()
            raise JournalUnavailable(DAMAGED) from None
        except sqlite3.Error as error:
            if is_damage(error):
                self.tell_damage()
            if reason := storage_fault(error):
                raise JournalUnavailable(reason) from None
            raise

    async def close(self) -> None:
        """Interrupt the queries under way, which then fail, and close the connections."""
        for busy in tuple(self._busy):
            busy.interrupt()
        await asyncio.to_thread(self._executor.shutdown)
        while connection := self._idle_connection():
            connection.close()

    def tell_damage(self) -> None:
        """Log the damage only once: a caller that waits for unreadable events keeps asking."""
        if not self._told_damage:
            self._told_damage = True
            log.error("events of the journal cannot be read: run `relay journal check`")

    def _snapshot(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._idle_connection() or self._connect()
        self._busy.add(connection)
        try:
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                roll_back(connection)
        finally:
            self._busy.discard(connection)
            self._idle.put(connection)

    def _idle_connection(self) -> sqlite3.Connection | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None
