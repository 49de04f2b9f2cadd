"""One transaction of the writer's thread: its jobs, what they collect, and their futures.

An error in one operation fails only that operation: everything is rolled back, and each operation
runs again in a transaction of its own. A storage fault fails all of them; the writer decides what
else it stops. `commit` runs in the writer's thread, `settle` on the loop.
"""

import sqlite3
from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from relay.errors import JournalUnavailable
from relay.journal.disk.connection import roll_back
from relay.journal.disk.storage import storage_fault

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]


class Companion(Protocol):
    """What the operations of one transaction collect together, written at its end."""

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what was collected; the commit follows."""
        ...

    def committed(self) -> Callable[[], None]:
        """Start over after a commit; return what to do on the loop before futures are resolved."""
        ...

    def discard(self) -> None:
        """Start over after a rollback."""
        ...


class Job(NamedTuple):
    """An operation that waits for its transaction, and the future of its result."""

    operation: Operation[Any]
    future: "Future[Any]"


class Done(NamedTuple):
    """A finished transaction: its jobs with their results, or the error or fault that hit them."""

    jobs: Sequence[Job]
    results: Sequence[Any] = ()
    error: Exception | None = None
    fault: str | None = None
    announce: Callable[[], None] | None = None


def commit(connection: sqlite3.Connection, companion: Companion, jobs: Sequence[Job]) -> list[Done]:
    """Run the jobs in one transaction, or one by one if that fails; stop at a storage fault.

    Returns at least one `Done`; the last one has the fault, if there was one.
    """
    try:
        return [_transaction(connection, companion, jobs)]
    except Exception as error:  # noqa: BLE001 - goes to the futures of this transaction
        if reason := storage_fault(error):
            return [Done(jobs, fault=reason)]
        if len(jobs) == 1:
            return [Done(jobs, error=error)]
    return _one_by_one(connection, companion, jobs)


def _one_by_one(
    connection: sqlite3.Connection, companion: Companion, jobs: Sequence[Job]
) -> list[Done]:
    """Give each operation a transaction of its own, so that only the guilty one fails."""
    done: list[Done] = []
    for at in range(len(jobs)):
        done += commit(connection, companion, jobs[at : at + 1])
        if done[-1].fault:
            return [*done, Done(jobs[at + 1 :], fault=done[-1].fault)]
    return done


def _transaction(connection: sqlite3.Connection, companion: Companion, jobs: Sequence[Job]) -> Done:
    try:
        connection.execute("BEGIN IMMEDIATE")
        results = [job.operation(connection) for job in jobs]
        companion.flush(connection)
        connection.execute("COMMIT")
    except Exception:
        companion.discard()
        roll_back(connection)
        raise
    return Done(jobs, results, announce=companion.committed())


def settle(done: Done) -> None:
    """Announce what was committed, and resolve the futures of the jobs."""
    try:
        if done.announce is not None:
            done.announce()
    finally:  # what is on disk is acknowledged, even if a listener fails
        _end_futures(done)


def _end_futures(done: Done) -> None:
    if done.error or done.fault:
        for job in done.jobs:
            fail(job.future, done.error or JournalUnavailable(done.fault or ""))
        return
    for job, result in zip(done.jobs, done.results, strict=True):
        resolve(job.future, result)


def resolve(future: "Future[Any]", result: object = None) -> None:
    """Give a future its result, unless it was cancelled."""
    if not future.done():
        future.set_result(result)


def fail(future: "Future[Any]", error: Exception) -> None:
    """Give a future an error, unless it was cancelled."""
    if not future.done():
        future.set_exception(error)
