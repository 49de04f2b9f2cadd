"""The only thread that writes: group commits, and what happens when one fails.

Everything queued while the last commit ran goes into the next transaction, in order, and so does
what the event loop goes on to queue, turn after turn. After the commit, one wake-up of the loop
resolves all futures (`relay.journal.transaction`).

A storage fault fails everything queued with `JournalUnavailable`. From that moment on (queue and
state change under one lock), every append is refused until a later write has succeeded *and* the
callbacks of all failed futures have run, so that whoever remembers what was appended can undo it
before anything new is accepted. Other writes are let through and serve as probes; if there are
none, the writer sends probes itself. This module knows no tables.
"""

import asyncio
import sqlite3
import threading
from asyncio import Future
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final, TypeVar

from relay.errors import JournalUnavailable
from relay.journal.disk.connection import pragma
from relay.journal.space.shortage import CALM_S, Shortage
from relay.journal.transaction import (
    Companion,
    Done,
    Job,
    Operation,
    commit,
    fail,
    resolve,
    settle,
)

T = TypeVar("T")

MAX_QUEUED_EVENTS: Final = 50_000
"""Appended events that may wait for the disk; further appends are refused until it catches up."""
PROBE_INTERVAL_S: Final = 1.0
GATHERING_S: Final = 0.005
"""The longest that a commit waits for a turn of the loop that queues nothing more. An idle loop
turns at once; a busy one queues meanwhile what would otherwise need commits of its own."""
HANGING_S: Final = 15.0
"""A disk that completes nothing for this long counts as hanging, and appends are refused until it
does: it is better to tell producers to wait. Longer than any wait for a lock."""
CLOSED: Final = "the journal is closing"
TOO_SLOW: Final = "the disk of the journal is too slow"


class Writer:
    """See the module docstring. All methods are called on one event loop, never from a thread."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        companion: Companion,
        *,
        probe_interval_s: float = PROBE_INTERVAL_S,
        gathering_s: float = GATHERING_S,
        max_queued_events: int = MAX_QUEUED_EVENTS,
        calm_s: float = CALM_S,
        hanging_s: float = HANGING_S,
    ) -> None:
        self._connect = connect
        self._companion = companion
        self._probe_interval_s = probe_interval_s
        self._gathering_s = gathering_s
        self._max_queued_events = max_queued_events
        self._hanging_s = hanging_s
        self._condition = threading.Condition(threading.Lock())
        self._queue: list[Job] = []
        self._queued_events = 0
        self._untold = 0
        """Operations whose futures are not resolved yet."""
        self._moved_at = 0.0
        """When the first of them was queued or the last transaction ended, whichever was later."""
        self._gathered: int | None = None
        """The length of the queue a turn of the loop ago; None while nothing is being gathered."""
        self._gather_until = 0.0
        self._ready = False
        self._closing = False
        self._fault: str | None = None
        self._faults = 0
        self._shortage = Shortage("the journal can be written again", calm_s)
        self._probe_timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._ended: Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    async def start(self) -> None:
        """Start the thread and connect in it; if that raises, nothing is left open."""
        opened: Future[None] = self._loop.create_future()
        self._connected = opened
        self._thread.start()
        await opened

    def submit(self, operation: Operation[T]) -> "Future[T]":
        """Queue an operation for the next transaction; it must neither begin nor commit one.

        The future gets the operation's result once the transaction is on disk.
        """
        with self._condition:
            return self._put(operation, 0, CLOSED if self._closing else None)

    def append(self, operation: Operation[T], events: int) -> "Future[T]":
        """Queue like `submit`, but refuse while the storage fails or too much waits for it."""
        with self._condition:
            return self._put(operation, events, self._refusal(events))

    async def progress(self) -> None:
        """Wait for an empty transaction to end, which shows that the writer does not hang.

        Raises `JournalUnavailable` if the transaction failed.
        """
        await self.submit(_nothing)

    def fault(self) -> str | None:
        """Return why appends are refused at the moment, or None."""
        hanging = TOO_SLOW if self._hangs() else None
        return CLOSED if self._closing else self._fault or hanging

    def is_busy(self) -> bool:
        """Return whether anything is queued or under way to the disk."""
        return self._untold > 0

    async def close(self) -> None:
        """Commit what is queued, close the connection and end the thread, if it ever started."""
        if self._thread.ident is None:
            return
        with self._condition:
            self._closing = True
            self._condition.notify()
        if self._probe_timer is not None:
            self._probe_timer.cancel()
        await asyncio.shield(self._ended)
        self._thread.join()

    def _hangs(self) -> bool:
        return self._untold > 0 and self._loop.time() - self._moved_at > self._hanging_s

    def _refusal(self, events: int) -> str | None:
        if self._queued_events and self._queued_events + events > self._max_queued_events:
            return self.fault() or TOO_SLOW
        return self.fault()

    def _put(self, operation: Operation[T], events: int, refusal: str | None) -> "Future[T]":
        if refusal is not None:
            return refused(refusal)
        future: Future[T] = self._loop.create_future()
        self._queue.append(Job(operation, future))
        if not self._untold:
            self._moved_at = self._loop.time()
        self._untold += 1
        self._queued_events += events
        if self._gathered is None:
            self._gathered = 0
            self._gather_until = self._loop.time() + self._gathering_s
            self._loop.call_soon(self._gather)
        return future

    def _gather(self) -> None:
        """Start a commit once a turn of the loop has queued nothing more, or time is up."""
        with self._condition:
            if self._gathered != len(self._queue) and self._loop.time() < self._gather_until:
                self._gathered = len(self._queue)
                self._loop.call_soon(self._gather)
                return
            self._gathered = None
            self._ready = True
            self._condition.notify()

    def _run(self) -> None:
        try:
            connection = self._connect()
        except Exception as error:  # noqa: BLE001 - handed to the caller of `start`
            self._on_loop(fail, self._connected, error)
        else:
            self._on_loop(resolve, self._connected)
            with closing(connection):
                self._serve(connection)
        finally:
            self._on_loop(resolve, self._ended)

    def _serve(self, connection: sqlite3.Connection) -> None:
        while jobs := self._take():
            done = commit(connection, self._companion, jobs)
            if reason := done[-1].fault:
                done.append(self._fall(reason))
            self._on_loop(self._tell, done, self._faults)

    def _take(self) -> list[Job]:
        with self._condition:
            while not (self._queue and self._ready) and not self._closing:
                self._condition.wait()
            return self._empty()

    def _empty(self) -> list[Job]:
        jobs, self._queue = self._queue, []
        self._ready = False
        self._queued_events = 0
        return jobs

    def _fall(self, reason: str) -> Done:
        """Refuse appends from now on, and fail what was queued until now."""
        with self._condition:
            self._fault = reason
            self._faults += 1
            return Done(self._empty(), fault=reason)

    def _on_loop(self, function: Callable[..., None], *arguments: object) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    def _tell(self, done: Sequence[Done], faults: int) -> None:
        self._moved_at = self._loop.time()
        for transaction in done:
            self._untold -= len(transaction.jobs)
            settle(transaction)
        self._shortage.note(done[-1].fault, self._loop.time())
        if self._fault is None:
            return
        # Callbacks of the futures are queued by now, so what is queued here runs after them.
        if done[-1].fault:
            self._loop.call_soon(self._probe_later)
        else:
            self._loop.call_soon(self._reopen, faults)

    def _reopen(self, faults: int) -> None:
        with self._condition:
            if self._faults == faults:
                self._fault = None

    def _probe_later(self) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
        if not self._closing:
            self._probe_timer = self._loop.call_later(self._probe_interval_s, self._probe)

    def _probe(self) -> None:
        if self._fault is not None and not self._closing:
            self.submit(touch).add_done_callback(_look_at)


def refused(reason: str) -> "Future[Any]":
    """Return a future that has failed already."""
    future = asyncio.get_running_loop().create_future()
    future.set_exception(JournalUnavailable(reason))
    return future


def _nothing(connection: sqlite3.Connection) -> None:
    del connection


def touch(connection: sqlite3.Connection) -> None:
    """Write one page without changing anything."""
    version = pragma(connection, "user_version")
    connection.execute(f"PRAGMA user_version = {version}")


def _look_at(future: "Future[Any]") -> None:
    """Retrieve a probe's exception, or asyncio would log it; the writer's state has it already."""
    if not future.cancelled():
        future.exception()
