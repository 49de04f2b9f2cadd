"""Moves the write-ahead log into the file, apart from the commits that producers wait for.

It has a thread and a connection of its own, and delays nobody. Once a commit finds that all of the
log has been moved, the log starts over. If commits never pause, this would never happen, so beyond
a bound (`open_writer`) a commit itself moves the little that is left. A failed checkpoint is tried
again with the next commits; meanwhile the log grows, and the size limit counts it.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Final

from relay.journal.disk.threads import started

COMMIT_BYTES: Final = 32 * 1024
"""What a commit writes in addition to its events: a few pages."""


class Checkpointer:
    """See the module docstring; `note` and `close` are called on the loop."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        *,
        every_bytes: int,
    ) -> None:
        self._connect = connect
        self._every_bytes = every_bytes
        self._used_bytes = 0
        self._written = 0
        self._executor = started(1, "journal-checkpoint")
        self._running: asyncio.Future[bool] | None = None

    def note(self, used_bytes: int) -> None:
        """Note a commit, and how many bytes are in use after it."""
        self._written += abs(used_bytes - self._used_bytes) + COMMIT_BYTES
        self._used_bytes = used_bytes
        if self._written < self._every_bytes:
            return
        if self._running is None or self._running.done():
            self._written = 0
            loop = asyncio.get_running_loop()
            self._running = loop.run_in_executor(self._executor, self._move, "PASSIVE")

    async def empty(self) -> bool:
        """Move all of the log and truncate it, so that nothing old is left in it.

        Returns False if others are using it, or the storage fails. Other users, and with them the
        producers, wait for a moment at most.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._move, "PASSIVE")
        return await loop.run_in_executor(self._executor, self._move, "TRUNCATE")

    async def close(self) -> None:
        """Empty the log, so that the file is complete by itself."""
        self._executor.submit(self._move, "TRUNCATE")
        await asyncio.to_thread(self._executor.shutdown)

    def _move(self, mode: str) -> bool:
        """Run a checkpoint; return whether it did everything that the mode asks for."""
        try:
            with closing(self._connect()) as connection:
                busy, *_ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error:
            return False
        return not busy
