"""The one thread that writes: group commit, and what is told to whom when a commit fails.

Everything queued while the last commit ran goes into the next transaction, in order, and so does
what the loop goes on to queue, turn after turn; the futures are resolved on the loop by one wake-up
per commit, after the commit. A mistake of one operation fails that operation alone. A storage fault
fails all that is queued with `JournalUnavailable`, and from that instant (queue and state change
under one lock) every append is refused, until a later write has succeeded *and* the callbacks of
all the failed futures have run: who keeps a memory of what was appended can undo it before anything
new is let in. Writes that are no appends pass and serve as probes; without them the writer probes
by itself. This module knows no table.
"""

import asyncio
import sqlite3
import threading
from asyncio import Future
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from relay.errors import JournalUnavailable
from relay.journal.disk.storage import storage_fault
from relay.journal.space.shortage import CALM_S, Shortage

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

MAX_QUEUED_EVENTS: Final = 50_000
"""Appended events that may wait for the disk; further appends are refused until it catches up."""
PROBE_INTERVAL_S: Final = 1.0
GATHERING_S: Final = 0.005
"""How long a commit waits at most for a turn of the loop that queues nothing more. An idle loop
turns at once; a busy one has ready by then what would otherwise cost commits of its own."""
CLOSED: Final = "the journal is closing"
TOO_SLOW: Final = "the disk of the journal is too slow"


class Companion(Protocol):
    """What the operations of one transaction collect together, written at its end."""

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what was collected; the commit follows."""
        ...

    def committed(self) -> Callable[[], None]:
        """Begin anew after a commit; return what to do on the loop, before its futures."""
        ...

    def discard(self) -> None:
        """Begin anew: the transaction is rolled back."""
        ...


class _Job(NamedTuple):
    operation: Operation[Any]
    future: "Future[Any]"
    weight: int


class _Done(NamedTuple):
    """A transaction that ended: its jobs with their results, or the mistake or fault of all."""

    jobs: Sequence[_Job]
    results: Sequence[Any] = ()
    error: Exception | None = None
    fault: str | None = None
    announce: Callable[[], None] | None = None


class Writer:
    """See the module docstring. All methods are called on one event loop, never from a thread."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        companion: Companion | None = None,
        *,
        probe_interval_s: float = PROBE_INTERVAL_S,
        gathering_s: float = GATHERING_S,
        max_queued_events: int = MAX_QUEUED_EVENTS,
        calm_s: float = CALM_S,
    ) -> None:
        self._connect = connect
        self._companion = companion or _NoCompanion()
        self._probe_interval_s = probe_interval_s
        self._gathering_s = gathering_s
        self._max_queued_events = max_queued_events
        self._condition = threading.Condition(threading.Lock())
        self._queue: list[_Job] = []
        self._queued_events = 0
        self._gathered: int | None = None
        """How much was queued a turn of the loop ago; None while the writer has all it may have."""
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
        """Connect, in the thread; raises what connecting raised, and then nothing is left open."""
        opened: Future[None] = self._loop.create_future()
        self._connected = opened
        self._thread.start()
        await opened

    def submit(self, operation: Operation[T]) -> "Future[T]":
        """Queue an operation for the next transaction; it may neither begin nor commit one.

        The future is done once the transaction is on disk, with what the operation returned.
        """
        with self._condition:
            return self._put(operation, 0, CLOSED if self._closing else None)

    def append(self, operation: Operation[T], events: int) -> "Future[T]":
        """Queue like `submit`, but refuse while the storage fails or too much waits for it."""
        with self._condition:
            return self._put(operation, events, self._refusal(events))

    def fault(self) -> str | None:
        """Return why appends are refused at the moment, or None."""
        return CLOSED if self._closing else self._fault

    async def close(self) -> None:
        """Commit what is queued, close the connection, end the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        if self._probe_timer is not None:
            self._probe_timer.cancel()
        await asyncio.shield(self._ended)
        self._thread.join()

    def _refusal(self, events: int) -> str | None:
        if self._queued_events and self._queued_events + events > self._max_queued_events:
            return self.fault() or TOO_SLOW
        return self.fault()

    def _put(self, operation: Operation[T], events: int, refusal: str | None) -> "Future[T]":
        if refusal is not None:
            return refused(refusal)
        future: Future[T] = self._loop.create_future()
        self._queue.append(_Job(operation, future, events))
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
            self._on_loop(_fail, self._connected, error)
        else:
            self._on_loop(_resolve, self._connected)
            with closing(connection):
                self._serve(connection)
        finally:
            self._on_loop(_resolve, self._ended)

    def _serve(self, connection: sqlite3.Connection) -> None:
        while jobs := self._take():
            done = self._commit(connection, jobs)
            self._on_loop(self._tell, done, self._faults)

    def _take(self) -> list[_Job]:
        with self._condition:
            while not (self._queue and self._ready) and not self._closing:
                self._condition.wait()
            return self._empty()

    def _empty(self) -> list[_Job]:
        jobs, self._queue = self._queue, []
        self._ready = False
        self._queued_events = 0
        return jobs

    def _commit(self, connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[_Done]:
        try:
            return [self._transaction(connection, jobs)]
        except Exception as error:  # noqa: BLE001 - goes to the futures of this transaction
            if reason := storage_fault(error):
                return [self._fall(jobs, reason)]
            if len(jobs) == 1:
                return [_Done(jobs, error=error)]
        return self._one_by_one(connection, jobs)

    def _one_by_one(self, connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[_Done]:
        """Give each operation a transaction of its own, so that only the guilty one fails."""
        done: list[_Done] = []
        for at in range(len(jobs)):
            done += self._commit(connection, jobs[at : at + 1])
            if done[-1].fault:
                return [*done, _Done(jobs[at + 1 :], fault=done[-1].fault)]
        return done

    def _transaction(self, connection: sqlite3.Connection, jobs: Sequence[_Job]) -> _Done:
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [job.operation(connection) for job in jobs]
            self._companion.flush(connection)
            connection.execute("COMMIT")
        except Exception:
            self._companion.discard()
            _roll_back(connection)
            raise
        return _Done(jobs, results, announce=self._companion.committed())

    def _fall(self, jobs: Sequence[_Job], reason: str) -> _Done:
        with self._condition:
            self._fault = reason
            self._faults += 1
            return _Done([*jobs, *self._empty()], fault=reason)

    def _on_loop(self, function: Callable[..., None], *arguments: object) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    def _tell(self, done: Sequence[_Done], faults: int) -> None:
        for transaction in done:
            _settle(transaction)
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


class _NoCompanion:
    def flush(self, connection: sqlite3.Connection) -> None:
        pass

    def committed(self) -> Callable[[], None]:
        return _nothing

    def discard(self) -> None:
        pass


def touch(connection: sqlite3.Connection) -> None:
    """Write one page without changing anything."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version = {version}")


def _settle(done: _Done) -> None:
    try:
        if done.announce is not None:
            done.announce()
    finally:  # whatever a listener does: what is on disk is acknowledged
        _end_futures(done)


def _end_futures(done: _Done) -> None:
    if done.error or done.fault:
        for job in done.jobs:
            _fail(job.future, done.error or JournalUnavailable(done.fault or ""))
        return
    for job, result in zip(done.jobs, done.results, strict=True):
        _resolve(job.future, result)


def _resolve(future: "Future[Any]", result: object = None) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _look_at(future: "Future[Any]") -> None:
    """Take note of a probe's exception; its news is in the writer's state already."""
    if not future.cancelled():
        future.exception()


def _roll_back(connection: sqlite3.Connection) -> None:
    """End the transaction; some faults have ended it already, others fail this, too."""
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _nothing() -> None:
    pass
