"""An open journal: its threads and tasks, and the state that belongs to the event loop.

The loop knows cursors, ends and room only as the last commit announced them, so nothing is visible
before it is on disk. A start takes the lock, starts the writer, recovers, and then starts readers
and tasks. A stop ends the tasks first, then the writer and the readers, and releases the lock last.
"""

import asyncio
import logging
import sqlite3
from asyncio import Future
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal import hold, key_use
from relay.journal.arrival import Arrived, arrive
from relay.journal.cursor import Range
from relay.journal.disk.checkpoint import Checkpointer
from relay.journal.disk.connection import Connect, open_checkpointer, open_reader, open_writer
from relay.journal.disk.file import Lock, claim, damaged
from relay.journal.disk.storage import is_damage, storage_fault
from relay.journal.disk.upgrades import upgrade
from relay.journal.entry import Entry, Rejection
from relay.journal.erase.eraser import Eraser
from relay.journal.find import lookup
from relay.journal.find.index import Index
from relay.journal.find.lookup import Tail
from relay.journal.hot import Hot
from relay.journal.ledger import Commit, Key, Ledger
from relay.journal.progress import Progress
from relay.journal.reader import Reader
from relay.journal.report import Erased
from relay.journal.settlement import Pause, Wait
from relay.journal.space.relief import Relief
from relay.journal.space.room import Look, Room
from relay.journal.space.shortage import Shortage
from relay.journal.writer import Writer, refused

log = logging.getLogger(__name__)


class Settings(NamedTuple):
    """The settings of a journal; see `SqliteJournal`."""

    path: Path
    clock: Callable[[], float]
    max_size_bytes: int
    hot_events: int
    probe_interval_s: float
    connect: Connect
    outcomes: bool


class Recovered(NamedTuple):
    """The state that was found in the file."""

    arrived: Arrived
    pauses: dict[str, Pause]
    waits: dict[str, Wait]
    tail: Tail
    key_uses: dict[str, int]


class Engine:
    """See the module docstring. Made by `start`; all methods are called on the loop."""

    def __init__(
        self, settings: Settings, lock: Lock, writer: Writer, ledger: Ledger, found: Recovered
    ) -> None:
        reading = partial(open_reader, settings.path, settings.connect)
        self.reader = Reader(reading)
        """For the senders."""
        self.queries = Reader(reading)
        """For queries by people, which may be large; senders never wait for them."""
        self.writer = writer
        self.ledger = ledger
        self.pauses = found.pauses
        self.waits = found.waits
        self.key_uses = found.key_uses
        """Uses of each key when the journal was opened."""
        self.hot = Hot(settings.hot_events, found.arrived.ends)
        self.progress = Progress(found.arrived.cursors, self.hot, self.reader)
        self.index = Index(found.tail, writer)
        self.listeners: list[Callable[[], None]] = []
        self.checkpointer = _checkpointer(settings, ledger.room)
        self.relief = Relief(writer, self.checkpointer, ledger.destinations, ledger.room.step_bytes)
        self._lock = lock
        self._path = settings.path
        self._look = Look()
        self._shortage = Shortage()
        self._tasks = [self._task(self.index.run()), self._task(self.relief.run())]
        ledger.announce = self._committed

    @classmethod
    async def start(cls, settings: Settings, destinations: Sequence[str]) -> Self:
        """Open the file and recover; nothing is left open if that fails."""
        lock = await asyncio.to_thread(claim, settings.path, settings.connect)
        room = Room(settings.path, settings.max_size_bytes)
        ledger = Ledger(destinations, room, settings.clock, outcomes=settings.outcomes)
        connect = partial(_connect, settings, room)
        writer = Writer(connect, ledger, probe_interval_s=settings.probe_interval_s)
        try:
            await writer.start()
            found = await writer.submit(partial(_recover, ledger=ledger))
            engine = cls(settings, lock, writer, ledger, found)
        except BaseException as error:
            await _abandon(writer, settings)
            lock.release()
            if is_damage(error):
                raise damaged(settings.path) from None
            if reason := storage_fault(error):
                raise JournalUnavailable(reason) from None
            raise
        await engine._look_around()
        return engine

    async def close(self) -> None:
        """Commit what is queued, empty the write-ahead log, release the file."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.save_passed()
        await self.reader.close()
        await self.queries.close()
        await self.writer.close()  # the last one: it moves what only it can, of a log that is gone
        await self.checkpointer.close()
        self._lock.release()

    def append(
        self, entries: Sequence[Entry], rejections: Sequence[Rejection], key: str | None
    ) -> "Future[None]":
        """Queue events and rejections, if there is room."""
        if reason := self.refusal():
            return refused(reason)
        operation = partial(
            _append, ledger=self.ledger, entries=entries, rejections=rejections, key=key
        )
        return self.writer.append(operation, len(entries))

    def ends(self) -> Mapping[Lane, int]:
        """Return the offset that the next event of each lane gets."""
        return {lane: self.hot.end(lane) for lane in Lane}

    async def erase(self, subject: Subject, ends: Mapping[Lane, int]) -> Erased:
        """Erase a person from all events before these offsets."""
        eraser = Eraser(self._path, self.queries, self.writer, self.ledger, self.checkpointer)
        return await eraser.erase(subject, ends)

    @property
    def used_bytes(self) -> int:
        """The bytes of the database that were in use after the last commit."""
        return self._look.used_bytes

    def refusal(self) -> str | None:
        """Return why events are refused at the moment, or None."""
        return self.writer.fault() or self.ledger.astray or self._look.refusal

    async def save_passed(self) -> None:
        """Store which passed events no settlement accounts for, if the storage works."""
        passed = self.progress.passed()
        if passed:
            try:
                await self.writer.submit(partial(_pass, ledger=self.ledger, passed=passed))
            except JournalUnavailable:
                return  # they are read again

    async def _look_around(self) -> None:
        """Find out how much room there is, with an empty commit, before any event comes in."""
        try:
            await self.writer.progress()
        except JournalUnavailable:
            return  # the writer goes on trying, and refuses events until it succeeds

    def _committed(self, commit: Commit) -> None:
        self.progress.move(commit.cursors)
        for lane in {lane for _, lane in commit.cursors}:
            self.hot.release(lane, self.progress.slowest(self.ledger.destinations, lane))
        self._look = commit.look
        self._shortage.note(commit.look.refusal, asyncio.get_running_loop().time())
        self.relief.note(commit.look)
        self.checkpointer.note(commit.look.used_bytes)
        if not commit.groups:
            return
        for group in commit.groups:
            self.hot.add(group.lane, group.entries)
        self.index.add(commit.groups)
        for listener in self.listeners:
            asyncio.get_running_loop().call_soon(listener)

    def _task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_report)
        return task


def _connect(settings: Settings, room: Room) -> sqlite3.Connection:
    connection = open_writer(settings.path, settings.connect, max_wal_bytes=room.reserve_bytes // 2)
    try:
        upgrade(connection)
    except BaseException:
        connection.close()
        raise
    return connection


async def _abandon(writer: Writer, settings: Settings) -> None:
    """Close the writer of a journal that cannot be used, and leave its files as they are.

    The last connection to close would empty the write-ahead log, but a read-only one does not; so
    one is held open until the writer is closed.
    """
    with ExitStack() as stack:
        with suppress(sqlite3.Error):
            witness = stack.enter_context(closing(open_reader(settings.path, settings.connect)))
            witness.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        await writer.close()


def _checkpointer(settings: Settings, room: Room) -> Checkpointer:
    connect = partial(open_checkpointer, settings.path, settings.connect)
    return Checkpointer(connect, every_bytes=room.step_bytes)


def _recover(connection: sqlite3.Connection, ledger: Ledger) -> Recovered:
    arrived = arrive(connection, ledger.destinations)
    ledger.recover(arrived.ends, arrived.cursors)
    tail = Tail()
    lookup.recover(connection, tail)
    return Recovered(
        arrived, hold.pauses(connection), hold.waits(connection), tail, key_use.load(connection)
    )


def _append(
    connection: sqlite3.Connection,
    ledger: Ledger,
    entries: Sequence[Entry],
    rejections: Sequence[Rejection],
    key: str | None,
) -> None:
    del connection  # written with everything else of the transaction
    ledger.append(entries, rejections, key)


def _pass(
    connection: sqlite3.Connection, ledger: Ledger, passed: Mapping[Key, Sequence[Range]]
) -> None:
    del connection
    for key, runs in passed.items():
        for run in runs:
            ledger.settle(*key, *run)


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a task of the journal failed", exc_info=error)
