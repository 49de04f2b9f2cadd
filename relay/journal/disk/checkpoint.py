"""Moves the write-ahead log into the file, away from the commits that producers wait for.

A thread and a connection of its own; it takes what is there and disturbs nobody. The log starts
anew when a commit finds all of it moved. Where commits never pause that would never be, so from a
bound on (`open_writer`) a commit moves the little that is left by itself. What fails is tried again
with the next commits: the log then grows, and the size limit counts it.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Final

from relay.journal.disk.threads import started

COMMIT_BYTES: Final = 32 * 1024
"""What a commit writes beside its events: a few pages."""


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
        """Take note of a commit and of the bytes in use since: pages were filled, or emptied."""
        self._written += abs(used_bytes - self._used_bytes) + COMMIT_BYTES
        self._used_bytes = used_bytes
        if self._written < self._every_bytes:
            return
        if self._running is None or self._running.done():
            self._written = 0
            loop = asyncio.get_running_loop()
            self._running = loop.run_in_executor(self._executor, self._move, "PASSIVE")

    async def empty(self) -> bool:
        """Move all of the log and cut it off, so that nothing old is left in it.

        False if others read from it or write to it, or the storage fails; they, and with them the
        producers, wait for a moment at most.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._move, "PASSIVE")
        return await loop.run_in_executor(self._executor, self._move, "TRUNCATE")

    async def close(self) -> None:
        """Empty the log, so that the file is whole by itself."""
        self._executor.submit(self._move, "TRUNCATE")
        await asyncio.to_thread(self._executor.shutdown)

    def _move(self, mode: str) -> bool:
        """Tell whether it could do all that the mode asks for."""
        try:
            with closing(self._connect()) as connection:
                busy, *_ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error:
            return False
        return not busy
