"""Moves the write-ahead log into the file, away from the commits that producers wait for.

A thread and a connection of its own. Usually it takes what is there and disturbs nobody; only when
the log has grown over its bound (somebody reads an old snapshot, or commits never pause) it holds
the writer for the little that is left, and starts the log anew. What fails is tried again with the
next commits: the log then grows, and the size limit counts it.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from relay.journal.room import file_bytes

EVERY_BYTES: Final = 4 * 1024 * 1024
COMMIT_BYTES: Final = 32 * 1024
"""What a commit writes beside its events: a few pages."""


class Checkpointer:
    """See the module docstring; `note` and `close` are called on the loop."""

    def __init__(
        self, path: Path, connect: Callable[[], sqlite3.Connection], *, max_wal_bytes: int
    ) -> None:
        self._path = path
        self._connect = connect
        self._max_wal_bytes = max_wal_bytes
        self._written = 0
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="journal-checkpoint")
        self._running: asyncio.Future[None] | None = None

    def note(self, event_bytes: int) -> None:
        """Take note of a commit."""
        self._written += event_bytes + COMMIT_BYTES
        if self._written < min(EVERY_BYTES, self._max_wal_bytes // 2):
            return
        if self._running is None or self._running.done():
            self._written = 0
            loop = asyncio.get_running_loop()
            self._running = loop.run_in_executor(self._executor, self._checkpoint)

    async def close(self) -> None:
        """Empty the log, so that the file is whole by itself."""
        self._executor.submit(self._move, "TRUNCATE")
        await asyncio.to_thread(self._executor.shutdown)

    def _checkpoint(self) -> None:
        self._move("PASSIVE")
        if file_bytes(self._path, "-wal") > self._max_wal_bytes:
            self._move("TRUNCATE")

    def _move(self, mode: str) -> None:
        try:
            with closing(self._connect()) as connection:
                connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error:
            return
