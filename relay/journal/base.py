"""The contract of a journal: a log of accepted events with a cursor per destination and lane.

Called from one event loop. A coroutine never blocks it; `append` is a plain call that queues and
returns at once. What is queued while one commit runs goes into the next one, so there is no fixed
linger. One commit is one transaction: events, cursors, exceptions, receipts, roll-ups and totals
move together, so after a crash the sums hold and exactly the commits that were announced are there
(perhaps one more, whose announcement the crash swallowed).

An event of the happy path never gets a row per destination. The log holds it once; a cursor says
up to where a destination is done, `ahead` what it has done beyond; only exceptions have rows:
`retry` (an event's own transient verdict, or a replay) and `dead`. Events that never were to be
sent (skipped, or dead on arrival) are marked in the log itself, in `Entry.passed`.

If the storage fails, everything queued fails with `JournalUnavailable`, and so does each later
append until a write has succeeded again and the callbacks of all failed futures have run; a
settlement stays the caller's to repeat. Whoever remembers what was appended (the duplicate window)
takes it back in such a callback, or at once if `append` returns a future that has failed already.
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

    Lifecycle: `open` once with the configured destinations, `close` once; nothing else before or
    after. A destination new to the journal starts at the end of the log.
    """

    async def open(self, destinations: Sequence[str]) -> None:
        """Open or create the file, upgrade its schema, recover totals, cursors and look-up tail.

        Raises `JournalDamaged` for a file of a newer version or one that cannot be read, which is
        then left as it was.
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
        """Queue events and rejections of one request; done when the commit is on disk.

        Never blocks. Entries of one call share one transaction, and so does the use of the producer
        key that brought them, which is counted if there are any. Fails with `JournalUnavailable`,
        at once when the storage is known to be full or failing. Cancelling the future does not
        take the events back.
        """
        ...

    def key_uses(self) -> Mapping[str, int]:
        """Return how often each producer key was used, as found at opening."""
        ...

    def listen(self, on_commit: Callable[[], None]) -> None:
        """Call `on_commit` on the loop after each commit that brought events."""
        ...

    def is_busy(self) -> bool:
        """Tell whether something is being written, or queued for it: what can wait gives way."""
        ...

    def cursor(self, destination: str, lane: Lane) -> int:
        """Return the first offset that is not settled: where reading starts after a restart."""
        ...

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        """Return up to `limit` unsettled events from `start` on, in order of arrival.

        What was appended lately comes from memory with its payloads, older events from disk
        without. An empty chunk whose `next` is `start` means the end of the log for now. An event
        whose record cannot be read comes as well (`Entry.is_damaged`), here and of `due`: it holds
        up no other, and ends as any event that cannot be prepared.
        """
        ...

    async def due(self, destination: str, now_ms: int, limit: int) -> Sequence[Pending]:
        """Return retry rows that are due, oldest due first; the caller leaves out its in-flight.

        So are those due later than any wait can last: the clock was set back since.
        """
        ...

    async def settle(self, destination: str, settlement: Settlement) -> None:
        """Record what became of events that were read; returns once it is on disk.

        In any order and for any subset of what was read; each event settles once. May be
        repeated after `JournalUnavailable`, which means that nothing of it was recorded.
        """
        ...

    async def save_pause(self, destination: str, pause: Pause | None) -> None:
        """Keep a pause over restarts, or end it."""
        ...

    def pauses(self) -> Mapping[str, Pause]:
        """Return the pauses found at opening and saved since."""
        ...

    async def save_wait(self, destination: str, wait: Wait | None) -> None:
        """Keep a wait over restarts, or forget it."""
        ...

    def waits(self) -> Mapping[str, Wait]:
        """Return the waits found at opening and saved since, those that have passed included."""
        ...

    async def totals(self) -> Totals:
        """Return the lifetime counts as one snapshot."""
        ...

    async def report(self, since_ms: int, until_ms: int = FOR_EVER_MS) -> RangeReport:
        """Return the funnels of what was received between two moments, rounded to their rows."""
        ...

    async def oldest_pending_ms(self, destination: str) -> int | None:
        """Return when the oldest event that still waits was received, or None."""
        ...

    async def find(
        self, *, event_id: str | None = None, order_id: str | None = None
    ) -> Sequence[FoundEvent]:
        """Return the events with this id, newest first, at most 100; by exactly one of the two."""
        ...

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None = None
    ) -> DeadPage:
        """Return one page of dead letters. A cursor that is none raises `ValueError`."""
        ...

    async def replay(
        self, where: DeadFilter, prospect: Callable[[str, Entry], Prospect], *, dry_run: bool
    ) -> Replayed:
        """Make matching dead letters pending again where `prospect` says that they are sent.

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
        """Return the latest entries of the log, oldest first: the duplicate window at start.

        Their conversions hold name, ids and times only.
        """
        ...

    async def maintain(self, now_ms: int) -> None:
        """Apply retention, fold minutes into hours; nothing while the storage fails.

        Off the acknowledge path, in small transactions.
        """
        ...

    def unavailable(self) -> str | None:
        """Return why appends are refused at the moment, or None."""
        ...

    def size_bytes(self) -> int:
        """Return the bytes of the journal's files, the write-ahead log included."""
        ...

    async def space(self) -> Space:
        """Return how full it is, and when it will be full."""
        ...

    def ends(self) -> Mapping[Lane, int]:
        """Return the offset that the next event of each lane gets."""
        ...

    async def erase(self, subject: Subject, ends: Mapping[Lane, int]) -> Erased:
        """Erase a person from all events before these offsets.

        See `relay.journal.erase.eraser`. May be repeated: after a failure or a crash, the next time
        erases the rest. None of the events may be in a request under way, or get into one.
        """
        ...

    async def risk(self, destination: str) -> Risk:
        """Return what waits for a destination; as quick for a million events as for one."""
        ...

    async def series(
        self, since_ms: int, step_s: int, destination: str | None = None
    ) -> Mapping[str, Sequence[Slice]]:
        """Return the counts by destination and step of receipt since a moment, in order of time.

        Steps without an event are left out; a step is a whole number of roll-up rows.
        """
        ...

    async def kinds(
        self, since_ms: int, destination: str, until_ms: int = FOR_EVER_MS
    ) -> Sequence[KindCount]:
        """Return the counts of a destination by kind of event between two moments."""
        ...

    async def purchases_waiting(self, destination: str) -> int:
        """Return how many purchases wait for a destination."""
        ...

    async def dead_groups(
        self, *, destination: str | None = None, since_ms: int = 0
    ) -> Sequence[DeadGroup]:
        """Return what is dead of what was received since a moment, grouped, largest first.

        At most 200 groups.
        """
        ...

    async def last_delivered_ms(self) -> Mapping[str, int]:
        """Return when each destination took events last, if that is among the latest requests."""
        ...

    async def recent_events(self, since_ms: int, limit: int) -> Sequence[Conversion]:
        """Return the latest events received since a moment, whole, the newest group first."""
        ...

    async def key_usage(self) -> Mapping[str, KeyUse]:
        """Return the uses of every producer key that was used, as they are on disk now."""
        ...
