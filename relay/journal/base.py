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
from decimal import Decimal
from typing import Final, Literal, Protocol

import msgspec

from relay.conversion import Conversion
from relay.delivery import DeadReason, Outcome, PauseReason, Payload, SkipReason
from relay.event import ActionSource
from relay.event_name import Lane
from relay.identity.subject import Subject


class Passed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Why a destination is done with an event on arrival."""

    state: Literal["skipped", "dead"]
    reason: SkipReason | DeadReason
    message: str = ""


class Entry(msgspec.Struct, gc=False, array_like=True):
    """One accepted event as it goes into the log; made by `relay.journal.codec`.

    It holds what the flow asks for, and the whole event only in its stored form: a few objects
    instead of dozens, so that thousands of waiting events stay in the processor's cache.
    `passed` names the destinations that will not be sent it. `payloads` are made while the event
    is hot and dropped once sent; they are never stored, and absent after a restart.
    """

    event: str
    event_id: str
    event_time: int
    received_ms: int
    action_source: ActionSource
    source: str
    order_id: str | None
    value: Decimal | None
    currency: str | None
    record: bytes
    """MessagePack of [conversion, passed]."""
    passed: Mapping[str, Passed]
    payloads: dict[str, Payload] = {}
    presence: bytes = b""
    """Which of `relay.metrics.FORMS` it carries, 1 or 0 each; like payloads, only while hot."""

    @property
    def conversion(self) -> Conversion:
        """The whole event, decoded anew each time."""
        return _STORED.decode(self.record).conversion


class Stored(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the record of an entry holds."""

    conversion: Conversion
    passed: dict[str, Passed]


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """An event that was refused on arrival; kept for the last 1,000, without any value of it."""

    at_ms: int
    source: str
    key: str | None
    event_id: str | None
    code: str
    path: str
    message: str


class Pending(msgspec.Struct, gc=False):
    """One event that waits for one destination.

    `start` is the first offset that this event accounts for: those before it, down to the
    previous pending event, are passed. `retry` and `replay` tell where it came from; `attempts`
    counts the verdicts it already got of its own.
    """

    lane: Lane
    offset: int
    start: int
    entry: Entry
    attempts: int = 0
    retry: bool = False
    replay: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """What a read found; go on reading at `next`.

    Offsets before `next` are pending here, settled, or passed; passed ones behind the last pending
    event are left to the next read.
    """

    pending: Sequence[Pending]
    next: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a platform and how it ended; `message` is already scrubbed and shortened."""

    at_ms: int
    duration_ms: int
    outcome: Outcome
    http_status: int | None = None
    code: str = ""
    message: str = ""
    request_id: str = ""


class Dead(msgspec.Struct, frozen=True):
    """An event that ends without delivery; the text is already scrubbed and shortened."""

    pending: Pending
    reason: DeadReason
    code: str = ""
    message: str = ""


class Retry(msgspec.Struct, frozen=True):
    """An event whose own verdict was transient: due again at `due_ms`."""

    pending: Pending
    due_ms: int
    code: str = ""
    message: str = ""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What one request (or an age wall) did to the events it covered, as one transaction.

    `waiting` are events that the request covered but did not settle (throttled, an outage, a
    refused batch that is taken apart): they get the receipt and nothing else.
    """

    receipt: Receipt | None = None
    delivered: Sequence[Pending] = ()
    dead: Sequence[Dead] = ()
    retry: Sequence[Retry] = ()
    waiting: Sequence[Pending] = ()


class Pause(msgspec.Struct, frozen=True):
    """A pause that survives restarts."""

    reason: PauseReason
    since_ms: int
    message: str = ""


WaitState = Literal["throttled", "degraded"]


class Wait(msgspec.Struct, frozen=True):
    """A wait that the platform asked for; a restart does not shorten it."""

    state: WaitState
    """What the destination is in meanwhile."""
    since_ms: int
    until_ms: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Lifetime counts, one snapshot; keys are (destination, label) or as named.

    Per destination: accepted + replayed = skipped + pending + delivered + dead.
    """

    received: Mapping[tuple[str, str], int]
    """(source, event label)."""
    rejected: Mapping[tuple[str, str], int]
    """(source, code)."""
    accepted: Mapping[str, int]
    replayed: Mapping[str, int]
    delivered: Mapping[tuple[str, str], int]
    """(destination, event label)."""
    skipped: Mapping[tuple[str, str], int]
    """(destination, reason)."""
    dead: Mapping[tuple[str, str], int]
    """(destination, reason); never falls."""
    value_delivered: Mapping[tuple[str, str], Decimal]
    """(destination, currency), purchases only."""


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one destination over a range of receipt minutes, with their state now."""

    received: int = 0
    skipped: int = 0
    delivered: int = 0
    dead: int = 0
    value_delivered: Mapping[str, Decimal] = {}

    @property
    def pending(self) -> int:
        """What is neither skipped nor at an end."""
        return self.received - self.skipped - self.delivered - self.dead


class RangeReport(msgspec.Struct, frozen=True):
    """The funnel of the relay and of each destination since a moment."""

    received: int
    rejected: int
    destinations: Mapping[str, Funnel]


class Attempt(msgspec.Struct, frozen=True):
    """One request that covered an event; `outcome` is this event's own where it differs."""

    at_ms: int
    outcome: Outcome
    http_status: int | None
    code: str
    message: str
    request_id: str
    duration_ms: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event at one destination; the last 20 attempts, oldest first."""

    destination: str
    state: Literal["skipped", "pending", "delivered", "dead"]
    reason: str | None
    message: str
    attempt_count: int
    attempts: Sequence[Attempt]
    due_ms: int | None = None
    """When an event that waits for a try of its own may be sent again; not before."""


class FoundEvent(msgspec.Struct, frozen=True):
    """An event of the log with its deliveries."""

    conversion: Conversion
    deliveries: Sequence[Delivery]


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead event of one destination; `replayable` while its payload is still kept."""

    id: str
    event_id: str
    event: str
    event_time: int
    destination: str
    reason: DeadReason
    code: str
    message: str
    dead_at_ms: int
    note: str
    replayable: bool


class DeadFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which dead letters are meant; all conditions hold together.

    No `ids` at all means any, an empty set none.
    """

    ids: frozenset[str] | None = None
    destination: str | None = None
    reason: str | None = None
    event: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    code: str | None = None


class DeadGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters of one destination, reason and platform's code; `latest` is one of them."""

    destination: str
    reason: DeadReason
    code: str
    count: int
    purchases: int
    """How many of them are purchases."""
    value: Mapping[str, Decimal]
    """What `valued` of them are worth, by currency."""
    valued: int
    """How many of the purchases were summed up: fewer where there are very many, or their payload
    is gone."""
    since_ms: int
    until_ms: int
    latest: DeadLetter


class KindCount(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one kind of event at one destination."""

    event: str
    received: int
    skipped: int
    delivered: int
    dead: int
    last_s: int
    """When the last minute (or hour) with an event of it began, in Unix seconds."""

    @property
    def pending(self) -> int:
        """What is neither skipped nor at an end."""
        return self.received - self.skipped - self.delivered - self.dead


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one destination for what was received in one step of time."""

    start_s: int
    received: int
    skipped: int
    delivered: int
    dead: int


class DeadPage(msgspec.Struct, frozen=True):
    """One page of dead letters, newest first, with the count of all that match."""

    letters: Sequence[DeadLetter]
    next: str | None
    total: int


Prospect = Literal["sent", "late", "expired", "barred"]
"""What a replay comes to: the event is sent; it is sent, but the platform does not compare it any
more with what it got under the same id before; it is too old; the settings keep it back."""


class Replayed(msgspec.Struct, frozen=True):
    """What a replay did, or in a dry run would do: matched = replayed + expired + barred."""

    matched: int
    replayed: int
    expired: int
    barred: int = 0
    """Kept back by the settings of today, or for a destination that is not configured."""
    late: int = 0
    """Those of the replayed that the platform may count twice."""


class ErasedAt(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure found at one destination."""

    erased: int
    """Events that waited and are dead now."""
    dead: int
    """Dead letters that lost their payload; their reason stays."""
    delivered: int
    """Events that the platform has got: only it can erase those."""
    delivered_event_ids: Sequence[str]
    """Their ids, the first 1,000."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did."""

    events: int
    destinations: Mapping[str, ErasedAt]
    """Those that had any of the events."""
    emptied: bool
    """Whether the write-ahead log was emptied; if not, old bytes stay in it for a while."""


class Risk(msgspec.Struct, frozen=True):
    """What waits for a destination, as far as it may come too late."""

    oldest: Sequence[Entry]
    """The events that wait longest: one of each lane and one of the retries, where any wait."""
    worth: Mapping[str, Decimal]
    """What the purchases that wait are worth, by currency."""


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """How full the journal is."""

    size_bytes: int
    """Of its files, the write-ahead log included."""
    used_bytes: int
    """Of them, what is in use; the rest is filled before the files grow."""
    limit_bytes: int
    left_bytes: int
    """What may come in before events are refused; the disk's own room counts, too."""
    hours_to_full: float | None
    """Until nothing is left at the pace of the last two hours; None if it does not grow."""
    oldest_received_ms: int | None
    """The oldest event that is still kept, delivered ones included."""


class KeyUse(msgspec.Struct, frozen=True):
    """How often a producer key was used, and when last."""

    uses: int
    last_used_ms: int


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

    def cursor(self, destination: str, lane: Lane) -> int:
        """Return the first offset that is not settled: where reading starts after a restart."""
        ...

    async def read(self, destination: str, lane: Lane, start: int, limit: int) -> Chunk:
        """Return up to `limit` unsettled events from `start` on, in order of arrival.

        What was appended lately comes from memory with its payloads, older events from disk
        without. An empty chunk whose `next` is `start` means the end of the log for now.
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

    async def report(self, since_ms: int) -> RangeReport:
        """Return the funnels of what was received since a moment (rounded down to its row)."""
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

        Letters whose payload is gone, and erased ones, count as expired.
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
        """Erase a person from all events before these offsets; see `relay.journal.erase`.

        May be repeated: after a failure or a crash, the next time erases the rest. None of the
        events may be in a request under way, or get into one meanwhile.
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

    async def kinds(self, since_ms: int, destination: str) -> Sequence[KindCount]:
        """Return the counts of a destination by kind of event since a moment."""
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


_STORED: Final = msgspec.msgpack.Decoder(Stored)
