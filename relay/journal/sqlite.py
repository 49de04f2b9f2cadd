"""The journal in one SQLite file: implements `Journal` by delegating to the parts of the engine.

`writer` commits, `ledger` collects what a transaction changes, `settle` and `log` write its rows,
`hot` holds the latest events, `progress` reads on for each destination, `index` and `relief` work
in the background; `dead`, `find`, `figures` and `space` hold queries and upkeep.
"""

import sqlite3
from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from relay.conversion import Conversion
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal import exception_row, hold, key_use, outbox
from relay.journal.dead import grouping, letters, stepwise
from relay.journal.disk.connection import Connect
from relay.journal.engine import Engine, Settings
from relay.journal.entry import Chunk, Entry, Pending, Rejection
from relay.journal.figures import reports, series
from relay.journal.figures.worth import waiting
from relay.journal.find import sample, timeline
from relay.journal.find.lookup import Kind
from relay.journal.find.recent import recent
from relay.journal.letter import DeadFilter, DeadGroup, DeadPage, Prospect, Replayed
from relay.journal.outbox import Backlog, Waiting
from relay.journal.report import (
    FOR_EVER_MS,
    Erased,
    FoundEvent,
    KeyUse,
    KindCount,
    RangeReport,
    Risk,
    Slice,
    Space,
    Totals,
)
from relay.journal.settle import ended, settle
from relay.journal.settlement import Pause, Settlement, Wait
from relay.journal.space import retention
from relay.journal.space.growth import Growth
from relay.journal.space.room import size_bytes
from relay.journal.writer import PROBE_INTERVAL_S

HOT_EVENTS: Final = 10_000


class SqliteJournal:
    """A `Journal`. `clock` returns Unix seconds; `hot_events` is how many stay in memory.

    `probe_interval_s` is the time between two attempts while the storage fails; `connect` is the
    class of connections, so that tests can make storage fail. With `outcomes`, how events end is
    kept until it is published.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float],
        max_size_bytes: int,
        retention_s: float,
        hot_events: int = HOT_EVENTS,
        probe_interval_s: float = PROBE_INTERVAL_S,
        connect: Connect = sqlite3.Connection,
        outcomes: bool = False,
    ) -> None:
        self._settings = Settings(
            path, clock, max_size_bytes, hot_events, probe_interval_s, connect, outcomes
        )
        self._retention_ms = round(retention_s * 1000)
        self._growth = Growth()
        self._engine: Engine | None = None

    async def open(self, destinations: Sequence[str]) -> None:
        """Open or create the file.

        Raises `JournalDamaged` for an unusable file, which is left as it is, `RelayError` for one
        in use, and `ConfigError` for one out of reach.
        """
        self._engine = await Engine.start(self._settings, destinations)

    async def close(self) -> None:
        """Commit what is queued, empty the write-ahead log, release the file."""
        await self._opened.close()

    def append(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Queue events and rejections of one request."""
        return self._opened.append(entries, rejections, key)

    def key_uses(self) -> Mapping[str, int]:
        """Return how often each producer key had been used when the journal was opened."""
        return dict(self._opened.key_uses)

    def listen(self, on_commit: Callable[[], None]) -> None:
        """Call `on_commit` on the loop after each commit that brought events."""
        self._opened.listeners.append(on_commit)

    def is_busy(self) -> bool:
        """Return whether something is being written or queued."""
        return self._opened.writer.is_busy()

    def cursor(self, destination: str, lane: Lane) -> int:
        """Return the first unsettled offset."""
        return self._opened.progress.cursor(destination, lane).position

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        """Return up to `limit` unsettled events from `start` on."""
        return await self._opened.progress.read(destination, lane, start, limit)

    async def due(self, destination: str, now_ms: int, limit: int) -> Sequence[Pending]:
        """Return retry rows that are due, oldest due first."""
        query = partial(exception_row.due, destination=destination, now_ms=now_ms, limit=limit)
        due = await self._opened.reader.run(query)
        if any(each.entry.is_damaged for each in due):
            self._opened.reader.tell_damage()
        return due

    async def settle(self, destination: str, settlement: Settlement) -> None:
        """Record what became of events that were read."""
        await self._opened.writer.submit(
            partial(
                settle,
                ledger=self._opened.ledger,
                destination=destination,
                settlement=settlement,
            )
        )
        for pending in ended(settlement):
            pending.entry.payloads.pop(destination, None)

    async def save_pause(self, destination: str, pause: Pause | None) -> None:
        """Store a pause, so that it survives restarts, or end it."""
        await self._opened.writer.submit(
            partial(hold.save_pause, destination=destination, pause=pause)
        )
        if pause is None:
            self._opened.pauses.pop(destination, None)
        else:
            self._opened.pauses[destination] = pause

    def pauses(self) -> Mapping[str, Pause]:
        """Return the stored pauses."""
        return dict(self._opened.pauses)

    async def save_wait(self, destination: str, wait: Wait | None) -> None:
        """Store a wait, so that it survives restarts, or delete it."""
        await self._opened.writer.submit(
            partial(hold.save_wait, destination=destination, wait=wait)
        )
        if wait is None:
            self._opened.waits.pop(destination, None)
        else:
            self._opened.waits[destination] = wait

    def waits(self) -> Mapping[str, Wait]:
        """Return the stored waits."""
        return dict(self._opened.waits)

    async def totals(self) -> Totals:
        """Return the lifetime counts as one snapshot."""
        return await self._opened.queries.run(reports.totals)

    async def report(self, since_ms: int, until_ms: int = FOR_EVER_MS) -> RangeReport:
        """Return the funnels of events received between two times."""
        query = partial(reports.report, since_ms=since_ms, until_ms=until_ms)
        return await self._opened.queries.run(query)

    async def oldest_pending_ms(self, destination: str) -> int | None:
        """Return when the oldest waiting event was received, None if none waits."""
        query = partial(exception_row.oldest_received_ms, destination=destination)
        found = [
            await self._opened.queries.run(query),
            *[await self._opened.progress.oldest_ms(destination, lane) for lane in Lane],
        ]
        return min((moment for moment in found if moment is not None), default=None)

    async def find(
        self, *, event_id: str | None = None, order_id: str | None = None
    ) -> Sequence[FoundEvent]:
        """Return the events with this id, newest first."""
        kind = Kind.EVENT if order_id is None else Kind.ORDER
        wanted = order_id if event_id is None else event_id
        held = self._opened.index.places(kind, wanted or "")
        query = partial(
            timeline.find,
            kind=kind,
            wanted=wanted or "",
            held=held,
            destinations=self._opened.ledger.destinations,
        )
        return await self._opened.queries.run(query)

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None = None
    ) -> DeadPage:
        """Return one page of dead letters."""
        query = partial(letters.page, where=where, limit=limit, cursor=cursor)
        return await self._opened.queries.run(query)

    async def replay(
        self, where: DeadFilter, prospect: Callable[[str, Entry], Prospect], *, dry_run: bool
    ) -> Replayed:
        """Make matching dead letters pending again, in steps."""
        engine, look = self._opened, self._looking(letters.to_replay, where)
        if dry_run:
            dry = partial(letters.replay_dry, where=where, prospect=prospect)
            return await stepwise.replay(
                look, lambda rows: engine.queries.run(partial(dry, rows=rows))
            )
        now_ms = engine.ledger.now_ms()
        step = partial(letters.replay, where=where, prospect=prospect, now_ms=now_ms)
        return await stepwise.replay(
            look, lambda rows: engine.writer.submit(partial(step, rows=rows))
        )

    async def drop(self, where: DeadFilter, *, note: str, dry_run: bool) -> int:
        """Mark matching dead letters `dropped_by_operator`, in steps."""
        engine, look = self._opened, self._looking(letters.to_drop, where)
        if dry_run:
            return await engine.queries.run(partial(letters.count_droppable, where=where))
        step = partial(letters.drop, where=where, note=note)
        return await stepwise.drop(
            look, lambda rows: engine.writer.submit(partial(step, rows=rows))
        )

    async def rejections(self, limit: int) -> Sequence[Rejection]:
        """Return the latest rejections, newest first."""
        return await self._opened.queries.run(partial(reports.rejections, limit=limit))

    async def recent_ids(self, limit: int) -> Sequence[Entry]:
        """Return the latest entries of the log, oldest first, without identity and order."""
        return await self._opened.queries.run(partial(recent, limit=limit))

    async def maintain(self, now_ms: int) -> None:
        """Apply retention in small steps; while the storage fails, only free what it can."""
        engine = self._opened
        self._growth.note(now_ms / 1000, engine.used_bytes)
        await engine.save_passed()
        try:
            bounds = (self._retention_ms, now_ms, engine.ledger.room.file_bytes)
            for step in retention.steps(engine.ledger.destinations, *bounds):
                while await engine.writer.submit(step):
                    pass
        except JournalUnavailable:
            await engine.checkpointer.empty()  # a full disk gets back what its log holds

    def ends(self) -> Mapping[Lane, int]:
        """Return the offset that the next event of each lane gets."""
        return self._opened.ends()

    async def erase(self, subject: Subject, ends: Mapping[Lane, int]) -> Erased:
        """Erase a person from all events before these offsets."""
        return await self._opened.erase(subject, ends)

    async def risk(self, destination: str) -> Risk:
        """Return what waits for a destination, so far as it may come too late."""
        engine = self._opened
        found = [
            await engine.queries.run(partial(exception_row.oldest, destination=destination)),
            *[await engine.progress.first(destination, lane) for lane in Lane],
        ]
        oldest = [entry for entry in found if entry is not None]
        worth = await engine.queries.run(partial(waiting, destination=destination))
        return Risk(oldest, worth)

    async def outcomes(self, after: int, limit: int) -> Sequence[Waiting]:
        """Return the oldest unpublished outcomes after an id."""
        query = partial(outbox.read, after=after, limit=limit)
        return await self._opened.queries.run(query)

    async def outcomes_published(self, up_to: int) -> None:
        """Delete the outcomes up to an id."""
        await self._opened.writer.submit(partial(outbox.forget, up_to=up_to))

    async def outcome_backlog(self) -> Backlog:
        """Return how many outcomes wait, and how many were given up to make room."""
        return await self._opened.queries.run(outbox.backlog)

    def unavailable(self) -> str | None:
        """Return why appends are refused at present, None if they are not."""
        return self._opened.refusal()

    async def progress(self) -> None:
        """Return once the writer has completed an empty transaction, which shows that it is alive.

        Raises `JournalUnavailable` if the transaction fails.
        """
        await self._opened.writer.progress()

    def size_bytes(self) -> int:
        """Return how many bytes the journal's files take."""
        return size_bytes(self._settings.path)

    async def space(self) -> Space:
        """Return how full the journal is, and when it will be full."""
        engine = self._opened
        left_bytes = engine.ledger.room.left_bytes(engine.used_bytes)
        return Space(
            size_bytes=self.size_bytes(),
            used_bytes=engine.used_bytes,
            limit_bytes=int(self._settings.max_size_bytes),  # a configured size is more than that
            left_bytes=left_bytes,
            hours_to_full=self._growth.hours_until(left_bytes),
            oldest_received_ms=await engine.queries.run(reports.oldest_received_ms),
        )

    async def series(
        self, since_ms: int, step_s: int, destination: str | None = None
    ) -> Mapping[str, Sequence[Slice]]:
        """Return counts since `since_ms` by destination and step of receipt."""
        query = partial(series.series, since_ms=since_ms, step_s=step_s, destination=destination)
        return await self._opened.queries.run(query)

    async def kinds(
        self, since_ms: int, destination: str, until_ms: int = FOR_EVER_MS
    ) -> Sequence[KindCount]:
        """Return the counts of a destination by event name between two times."""
        query = partial(series.kinds, since_ms=since_ms, destination=destination, until_ms=until_ms)
        return await self._opened.queries.run(query)

    async def purchases_waiting(self, destination: str) -> int:
        """Return how many purchases wait: none was received before the oldest that waits."""
        oldest_ms = await self.oldest_pending_ms(destination)
        if oldest_ms is None:
            return 0
        query = partial(series.purchases_waiting, destination=destination, since_ms=oldest_ms)
        return await self._opened.queries.run(query)

    async def dead_groups(
        self,
        *,
        destination: str | None = None,
        since_ms: int = 0,
        until_ms: int = FOR_EVER_MS,
    ) -> Sequence[DeadGroup]:
        """Return dead letters, grouped by destination, reason and code."""
        query = partial(
            grouping.groups, destination=destination, since_ms=since_ms, until_ms=until_ms
        )
        return await self._opened.queries.run(query)

    async def last_delivered_ms(self) -> Mapping[str, int]:
        """Return when each destination last accepted events."""
        return await self._opened.queries.run(series.last_delivered_ms)

    async def recent_events(self, since_ms: int, limit: int) -> Sequence[Conversion]:
        """Return the latest events received since `since_ms`."""
        return await self._opened.queries.run(
            lambda connection: list(sample.recent_events(connection, since_ms, limit))
        )

    async def key_usage(self) -> Mapping[str, KeyUse]:
        """Return the uses of every producer key that was ever used."""
        return await self._opened.queries.run(key_use.usage)

    def _looking(self, find: Callable[..., letters.Found], where: DeadFilter) -> stepwise.Look:
        """Return the function that finds the letters of each step, without the writer."""
        queries = self._opened.queries
        return lambda after: queries.run(partial(find, where=where, after=after))

    @property
    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the journal is not open")
        return self._engine
