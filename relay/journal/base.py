"""The contract of a journal: a log of accepted events with a cursor per destination and lane.

It is called from one event loop, and no coroutine blocks that loop; `append` is a plain call that
queues and returns at once. Whatever is queued while one commit runs goes into the next one, so
there is no fixed linger. A commit is one transaction: events, cursors, exceptions, receipts,
roll-ups and totals change together. So after a crash the sums hold, and exactly the announced
commits are there, or one more whose announcement was lost in the crash.

An event of the happy path never gets a row per destination. The log holds it once; a cursor marks
how far a destination has settled the log, `ahead` what it has settled beyond; only exceptions have
rows: `retry` (an event's own transient verdict, or a replay) and `dead`. Events that are never sent
(skipped, or dead on arrival) are marked in the log itself, in `Entry.passed`.

If the storage fails, everything queued fails with `JournalUnavailable`. So does each later append,
until a write has succeeded again and the callbacks of all failed futures have run. A settlement is
the caller's to repeat. Whoever remembers what was appended (the duplicate window) undoes that in
such a callback, or at once if `append` returns a future that has failed already.
"""

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relay.conversion import Conversion
from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal.entry import Chunk, Entry, Pending, Rejection
from relay.journal.letter import DeadFilter, DeadGroup, DeadPage, Prospect, Replayed
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
from relay.journal.settlement import Pause, Settlement, Wait


class Journal(Protocol):
    """See the module docstring for durability, concurrency and failure.

    Lifecycle: `open` once with the configured destinations, `close` once, and no other call before
    or after. A destination that is new to the journal starts at the end of the log.
    """

    async def open(self, destinations: Sequence[str]) -> None:
        """Open or create the file, upgrade its schema, recover totals, cursors and look-up tail.

        Raises `JournalDamaged` for a file of a newer version or one that cannot be read; such a
        file is left as it is.
        """
        ...

    async def close(self) -> None:
        """Commit what is queued, checkpoint, and release the file. Later calls fail."""
        ...

    def append(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Queue the events and rejections of one request; done when the commit is on disk.

        Never blocks. The entries of a call share one transaction. If there are any, it also counts
        a use of the producer key. Fails with `JournalUnavailable`, at once if the storage is known
        to be full or failing. Cancelling the future does not withdraw the events.
        """
        ...

    def key_uses(self) -> Mapping[str, int]:
        """Return how often each producer key had been used when the journal was opened."""
        ...

    def listen(self, on_commit: Callable[[], None]) -> None:
        """Call `on_commit` on the loop after each commit that brought events."""
        ...

    def is_busy(self) -> bool:
        """Return whether something is being written or queued, so that upkeep can wait."""
        ...

    def cursor(self, destination: str, lane: Lane) -> int:
        """Return the first unsettled offset, where reading starts after a restart."""
        ...

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        """Return up to `limit` unsettled events from `start` on, in order of arrival.

        Recent events come from memory with their payloads, older ones from disk without. An empty
        chunk whose `next` is `start` means the end of the log for now. Here and in `due`, an event
        whose record cannot be read is returned as well (`Entry.is_damaged`): it holds up no other
        event, and ends like any event that cannot be prepared.
        """
        ...

    async def due(self, destination: str, now_ms: int, limit: int) -> Sequence[Pending]:
        """Return retry rows that are due, oldest due first; the caller skips those in flight.

        Rows due later than any wait can last are due now: the clock was set back since.
        """
        ...

    async def settle(self, destination: str, settlement: Settlement) -> None:
        """Record what became of events that were read; return once it is on disk.

        Events settle in any order and in any subset, but each only once. May be repeated after
        `JournalUnavailable`, which means that nothing was recorded.
        """
        ...

    async def save_pause(self, destination: str, pause: Pause | None) -> None:
        """Store a pause, so that it survives restarts, or end it."""
        ...

    def pauses(self) -> Mapping[str, Pause]:
        """Return the stored pauses."""
        ...

    async def save_wait(self, destination: str, wait: Wait | None) -> None:
        """Store a wait, so that it survives restarts, or delete it."""
        ...

    def waits(self) -> Mapping[str, Wait]:
        """Return the stored waits, including those that are over."""
        ...

    async def totals(self) -> Totals:
        """Return the lifetime counts as one snapshot."""
        ...

    async def report(self, since_ms: int, until_ms: int = FOR_EVER_MS) -> RangeReport:
        """Return the funnels of events received between two times, rounded to roll-up rows."""
        ...

    async def oldest_pending_ms(self, destination: str) -> int | None:
        """Return when the oldest waiting event was received, None if none waits."""
        ...

    async def find(
        self, *, event_id: str | None = None, order_id: str | None = None
    ) -> Sequence[FoundEvent]:
        """Return at most 100 events with this id, newest first; pass exactly one of the two."""
        ...

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None = None
    ) -> DeadPage:
        """Return one page of dead letters. Raises `ValueError` for an invalid cursor."""
        ...

    async def replay(
        self, where: DeadFilter, prospect: Callable[[str, Entry], Prospect], *, dry_run: bool
    ) -> Replayed:
        """Make matching dead letters pending again if `prospect` says that they may be sent.

        Letters whose payload is gone or damaged, and erased ones, count as expired.
        """
        ...

    async def drop(self, where: DeadFilter, *, note: str, dry_run: bool) -> int:
        """Mark matching dead letters `dropped_by_operator`; return how many."""
        ...

    async def rejections(self, limit: int) -> Sequence[Rejection]:
        """Return the latest rejections, newest first, at most 1,000."""
        ...

    async def recent_ids(self, limit: int) -> Sequence[Entry]:
        """Return the latest entries of the log, oldest first, to rebuild the duplicate window.

        Their conversions hold only name, ids and times.
        """
        ...

    async def maintain(self, now_ms: int) -> None:
        """Apply retention, and fold minutes into hours; do nothing while the storage fails.

        Works in small transactions, so that acknowledgements are hardly delayed.
        """
        ...

    def unavailable(self) -> str | None:
        """Return why appends are refused at present, None if they are not."""
        ...

    def size_bytes(self) -> int:
        """Return how many bytes the journal's files take, including the write-ahead log."""
        ...

    async def space(self) -> Space:
        """Return how full the journal is, and when it will be full."""
        ...

    def ends(self) -> Mapping[Lane, int]:
        """Return the offset that the next event of each lane will get."""
        ...

    async def erase(self, subject: Subject, ends: Mapping[Lane, int]) -> Erased:
        """Erase a person from all events before these offsets.

        See `relay.journal.erase.eraser`. May be repeated: after a failure or a crash, the next call
        erases the rest. None of the events may be in a request, or get into one.
        """
        ...

    async def risk(self, destination: str) -> Risk:
        """Return what waits for a destination; a million events take no longer than one."""
        ...

    async def series(
        self, since_ms: int, step_s: int, destination: str | None = None
    ) -> Mapping[str, Sequence[Slice]]:
        """Return counts since `since_ms` by destination and step of receipt, in order of time.

        Steps without an event are left out; `step_s` must be a whole number of roll-up rows.
        """
        ...

    async def kinds(
        self, since_ms: int, destination: str, until_ms: int = FOR_EVER_MS
    ) -> Sequence[KindCount]:
        """Return the counts of a destination by event name between two times."""
        ...

    async def purchases_waiting(self, destination: str) -> int:
        """Return how many purchases wait for a destination."""
        ...

    async def dead_groups(
        self,
        *,
        destination: str | None = None,
        since_ms: int = 0,
        until_ms: int = FOR_EVER_MS,
    ) -> Sequence[DeadGroup]:
        """Return dead letters in groups, largest first.

        They are those of events received between `since_ms` and `until_ms`, two Unix milliseconds.
        There are at most 200 groups.
        """
        ...

    async def last_delivered_ms(self) -> Mapping[str, int]:
        """Return when each destination last accepted events, if the latest requests show it."""
        ...

    async def recent_events(self, since_ms: int, limit: int) -> Sequence[Conversion]:
        """Return the latest events received since `since_ms`, complete, newest group first."""
        ...

    async def key_usage(self) -> Mapping[str, KeyUse]:
        """Return the uses of every producer key that was ever used, as they are on disk."""
        ...
