"""The writer thread on real SQLite: what is grouped, when it is told, and who fails with whom."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from relay.errors import JournalUnavailable
from relay.journal.transaction import Companion, Operation
from relay.journal.writer import GATHERING_S, MAX_QUEUED_EVENTS, TOO_SLOW, Writer, touch
from tests.given.journal.failing import Disk, connections_on, counting, disk_full
from tests.given.journal.turns import TURNS, until

NEVER_S = 3_600.0


class Idle:
    """A companion that collects nothing."""

    def flush(self, connection: sqlite3.Connection) -> None:
        pass

    def committed(self) -> Callable[[], None]:
        return lambda: None

    def discard(self) -> None:
        pass


@asynccontextmanager
async def writing(
    folder: Path,
    connect: type[sqlite3.Connection] = sqlite3.Connection,
    *,
    probe_interval_s: float = NEVER_S,
    gathering_s: float = GATHERING_S,
    max_queued_events: int = MAX_QUEUED_EVENTS,
    companion: Companion | None = None,
    calm_s: float = NEVER_S,
    hanging_s: float = NEVER_S,
) -> AsyncIterator[Writer]:
    """Run a writer on a table of one column."""

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(folder / "relay.db", isolation_level=None, factory=connect)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS item (name TEXT)")
        return connection

    writer = Writer(
        opened,
        companion or Idle(),
        probe_interval_s=probe_interval_s,
        gathering_s=gathering_s,
        max_queued_events=max_queued_events,
        calm_s=calm_s,
        hanging_s=hanging_s,
    )
    await writer.start()
    try:
        yield writer
    finally:
        await writer.close()


def adding(name: str) -> Operation[str]:
    def add(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO item VALUES (?)", (name,))
        return name

    return add


def stored(folder: Path) -> list[str]:
    """Read with a connection that knows nothing of the writer's."""
    with closing(sqlite3.connect(folder / "relay.db")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM item ORDER BY rowid")]


class Gate:
    """Holds the writer within an operation, so that a test decides what is queued meanwhile."""

    def __init__(self, error: Exception | None = None) -> None:
        self._entered = threading.Event()
        self._open = threading.Event()
        self._error = error

    def __call__(self, connection: sqlite3.Connection) -> None:
        self._entered.set()
        self._open.wait()
        if self._error is not None:
            raise self._error

    async def reached(self) -> None:
        await until(self._entered.is_set)

    def reached_meanwhile(self) -> None:
        """Wait while the loop stands still."""
        self._entered.wait()

    def open(self) -> None:
        self._open.set()


def spin_until(condition: Callable[[], bool]) -> None:
    """Let the writer's thread go on while the loop stands still."""
    while not condition():
        pass


def hand_over(writer: Writer) -> None:
    """Let the writer have what is queued, as turns of the loop would while it stands still."""
    while writer._gathered is not None:
        writer._gather()


async def test_all_that_is_queued_during_a_commit_goes_into_the_next(tmp_path: Path) -> None:
    commits: list[str] = []
    async with writing(tmp_path, counting(commits, lambda sql: sql == "COMMIT")) as writer:
        gate = Gate()
        first = writer.submit(gate)
        await gate.reached()
        rest = [writer.append(adding(name), 1) for name in "abc"]
        gate.open()
        assert await asyncio.gather(first, *rest) == [None, "a", "b", "c"]
        assert len(commits) == 2
    assert stored(tmp_path) == ["a", "b", "c"]


async def test_all_that_one_turn_of_the_loop_queues_is_one_commit(tmp_path: Path) -> None:
    """However quick the writer is: several requests that are ready together share its work."""
    commits: list[str] = []
    async with writing(tmp_path, counting(commits, lambda sql: sql == "COMMIT")) as writer:

        async def append(name: str) -> str:
            return await writer.append(adding(name), 1)

        async with asyncio.TaskGroup() as tasks:
            for name in "abc":
                tasks.create_task(append(name))
        assert len(commits) == 1
    assert stored(tmp_path) == ["a", "b", "c"]


async def test_what_turn_after_turn_of_the_loop_queues_is_one_commit(tmp_path: Path) -> None:
    commits: list[str] = []
    counted = counting(commits, lambda sql: sql == "COMMIT")
    async with writing(tmp_path, counted, gathering_s=NEVER_S) as writer:
        futures = []
        for name in "abcde":
            futures.append(writer.append(adding(name), 1))
            await asyncio.sleep(0)
        await asyncio.gather(*futures)
        assert len(commits) == 1


async def test_a_loop_that_always_queues_more_holds_up_no_commit(tmp_path: Path) -> None:
    async with writing(tmp_path, gathering_s=0) as writer:
        first = writer.append(adding("first"), 1)
        for _ in range(TURNS):
            if first.done():
                break
            writer.append(adding("more"), 1)
            await asyncio.sleep(0)
        assert first.done()


async def test_a_future_is_done_only_after_the_commit(tmp_path: Path) -> None:
    """Another connection, asked within the callback, finds what was acknowledged."""
    seen: list[list[str]] = []
    async with writing(tmp_path) as writer:
        future = writer.append(adding("a"), 1)
        future.add_done_callback(lambda _: seen.append(stored(tmp_path)))
        await future
        await asyncio.sleep(0)
    assert seen == [["a"]]


async def test_futures_are_done_in_the_order_of_queueing(tmp_path: Path) -> None:
    told: list[str] = []
    async with writing(tmp_path) as writer:
        futures = [writer.append(adding(name), 1) for name in "abcdef"]
        for future in futures:
            future.add_done_callback(lambda done: told.append(done.result()))
        await asyncio.gather(*futures)
    assert told == list("abcdef")


async def test_a_mistake_fails_its_own_operation_only(tmp_path: Path) -> None:
    def mistake(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO item VALUES ('half')")
        raise LookupError("a bug")

    async with writing(tmp_path) as writer:
        gate = Gate()
        held = writer.submit(gate)
        await gate.reached()
        work: list[Operation[Any]] = [adding("a"), mistake, adding("b")]
        futures = [writer.submit(each) for each in work]
        gate.open()
        await held
        a, error, b = await asyncio.gather(*futures, return_exceptions=True)
        assert (a, b) == ("a", "b")
        assert isinstance(error, LookupError)
        assert writer.fault() is None
        assert not writer.is_busy()
    assert stored(tmp_path) == ["a", "b"]


async def test_a_wrong_statement_is_a_mistake_and_no_fault_of_the_disk(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await writer.submit(lambda connection: connection.execute("SELECT * FROM absent"))
        assert writer.fault() is None


async def test_a_fault_fails_all_that_is_queued(tmp_path: Path) -> None:
    """Also what would have succeeded in the next transaction: order is kept."""
    async with writing(tmp_path) as writer:
        gate = Gate(disk_full())
        first = writer.append(gate, 1)
        await gate.reached()
        rest = [writer.append(adding("a"), 1), writer.submit(adding("b"))]
        gate.open()
        ends = await asyncio.gather(first, *rest, return_exceptions=True)
        assert all(isinstance(end, JournalUnavailable) for end in ends)
        assert not writer.is_busy()
    assert stored(tmp_path) == []


async def test_a_fault_between_mistakes_fails_what_follows(tmp_path: Path) -> None:
    """One by one after a mistake, the disk may fail, too."""

    def mistake(connection: sqlite3.Connection) -> None:
        raise LookupError("a bug")

    disk = Disk()
    async with writing(tmp_path, connections_on(disk)) as writer:
        gate = Gate()
        held = writer.submit(gate)
        await gate.reached()
        work: list[Operation[Any]] = [adding("a"), mistake, adding("b")]
        futures = [writer.append(each, 1) for each in work]
        disk.fail_after(8)  # COMMIT; BEGIN, INSERT; BEGIN, INSERT, COMMIT; BEGIN; then BEGIN of b
        gate.open()
        await held
        a, error, b = await asyncio.gather(*futures, return_exceptions=True)
        assert a == "a"
        assert isinstance(error, LookupError)
        assert isinstance(b, JournalUnavailable)
        assert not writer.is_busy()
    assert stored(tmp_path) == ["a"]


async def test_what_follows_a_fault_is_not_tried_one_by_one_either(tmp_path: Path) -> None:
    """Also where the disk would take it by now."""

    def mistake(connection: sqlite3.Connection) -> None:
        raise LookupError("a bug")

    def full(connection: sqlite3.Connection) -> None:
        raise disk_full()

    async with writing(tmp_path) as writer:
        gate = Gate()
        held = writer.submit(gate)
        await gate.reached()
        work: list[Operation[Any]] = [adding("a"), mistake, full, adding("b")]
        futures = [writer.append(each, 1) for each in work]
        gate.open()
        await held
        a, error, *rest = await asyncio.gather(*futures, return_exceptions=True)
        assert a == "a"
        assert isinstance(error, LookupError)
        assert all(isinstance(end, JournalUnavailable) for end in rest)
    assert stored(tmp_path) == ["a"]


async def test_appends_are_refused_at_once_until_a_write_has_succeeded(tmp_path: Path) -> None:
    disk = Disk()
    async with writing(tmp_path, connections_on(disk)) as writer:
        disk.fail_after(0)
        with pytest.raises(JournalUnavailable, match="full"):
            await writer.append(adding("a"), 1)
        assert writer.fault() is not None
        assert writer.append(adding("b"), 1).exception() is not None
        disk.mend()
        assert writer.append(adding("c"), 1).exception() is not None
        assert await writer.submit(adding("d")) == "d"
        await until(lambda: writer.fault() is None)
        assert await writer.append(adding("e"), 1) == "e"
    assert stored(tmp_path) == ["d", "e"]


async def test_while_the_disk_hangs_appends_are_refused_and_what_was_queued_is_kept(
    tmp_path: Path,
) -> None:
    """Producers that hear nothing cannot know whether to wait; the probe would call it ready."""
    async with writing(tmp_path, hanging_s=0.01) as writer:
        gate = Gate()
        held: list[asyncio.Future[Any]] = [writer.append(gate, 1), writer.append(adding("a"), 1)]
        await gate.reached()
        await until(lambda: writer.fault() == TOO_SLOW)
        assert isinstance(writer.append(adding("b"), 1).exception(), JournalUnavailable)
        gate.open()
        await asyncio.gather(*held)
        assert writer.fault() is None
        assert await writer.append(adding("c"), 1) == "c"
    assert stored(tmp_path) == ["a", "c"]


async def test_a_disk_that_ends_something_does_not_hang_whatever_waits(tmp_path: Path) -> None:
    async with writing(tmp_path, hanging_s=0.3) as writer:
        first, second = Gate(), Gate()
        held: list[asyncio.Future[Any]] = [writer.submit(first)]
        await first.reached()
        held.append(writer.submit(second))
        await until(lambda: writer.fault() == TOO_SLOW)
        first.open()
        await until(lambda: writer.fault() is None)
        second.open()
        await asyncio.gather(*held)


async def test_the_writer_probes_by_itself_and_tells_of_it_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    disk = Disk()
    async with writing(tmp_path, connections_on(disk), probe_interval_s=0, calm_s=0) as writer:
        disk.fail_after(0)
        with pytest.raises(JournalUnavailable):
            await writer.append(adding("a"), 1)
        disk.mend()
        await until(lambda: writer.fault() is None)
        assert await writer.append(adding("b"), 1) == "b"
    assert [record.getMessage() for record in caplog.records] == [
        "the journal takes no events",
        "the journal can be written again",
    ]


async def test_a_disk_that_takes_small_writes_only_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The probe succeeds each time, and the next outcome fails again."""
    caplog.set_level("INFO")
    disk = Disk()
    async with writing(tmp_path, connections_on(disk)) as writer:
        for name in "abc":
            disk.fail_after(0)
            with pytest.raises(JournalUnavailable):
                await writer.submit(adding(name))
            disk.mend()
            await writer.submit(touch)
            await until(lambda: writer.fault() is None)
    assert [record.getMessage() for record in caplog.records] == ["the journal takes no events"]


async def test_nothing_is_let_in_before_every_failure_was_told(tmp_path: Path) -> None:
    """A memory of what was appended is put right before the next append can be accepted.

    The loop stands still until the disk has failed and a probe has succeeded, so that it hears of
    both in one turn; still the callbacks of both failed appends find the writer closed.
    """
    found: list[str | None] = []
    async with writing(tmp_path) as writer:
        gate = Gate(disk_full())
        futures = [writer.append(gate, 1)]
        await gate.reached()
        futures.append(writer.append(gate, 1))
        for future in futures:
            future.add_done_callback(lambda _: found.append(writer.fault()))
        gate.open()
        spin_until(lambda: writer._faults == 1)
        probe = writer.submit(adding("probe"))
        hand_over(writer)
        spin_until(lambda: stored(tmp_path) == ["probe"])
        await asyncio.gather(*futures, probe, return_exceptions=True)
        await until(lambda: writer.fault() is None)
        assert [future.exception() is not None for future in futures] == [True, True]
    assert found == ["the disk of the journal is full"] * 2


async def test_an_older_success_does_not_open_for_a_newer_fault(tmp_path: Path) -> None:
    """The probe succeeded, but before the loop takes note the disk has failed again."""
    async with writing(tmp_path) as writer:
        with pytest.raises(JournalUnavailable):
            await writer.submit(failing)
        gates = [Gate(), Gate(disk_full())]
        first = writer.submit(gates[0])
        await gates[0].reached()
        second = writer.submit(gates[1])
        hand_over(writer)
        gates[0].open()
        gates[1].reached_meanwhile()  # so the success waits to be told
        gates[1].open()
        spin_until(lambda: writer._faults == 2)
        await first
        await asyncio.sleep(0)
        assert writer.fault() is not None
        with pytest.raises(JournalUnavailable):
            await second


def failing(connection: sqlite3.Connection) -> None:
    raise disk_full()


async def test_appends_wait_in_bounded_numbers(tmp_path: Path) -> None:
    """A disk that hangs fills the queue; then producers are told instead of memory filling."""
    async with writing(tmp_path, max_queued_events=3) as writer:
        gate = Gate()
        held = writer.submit(gate)
        await gate.reached()
        first, second = writer.append(adding("a"), 2), writer.append(adding("b"), 1)
        third = writer.append(adding("c"), 1)
        assert isinstance(third.exception(), JournalUnavailable)
        gate.open()
        await asyncio.gather(held, first, second)
        assert await writer.append(adding("large"), 100) == "large"
    assert stored(tmp_path) == ["a", "b", "large"]


async def test_closing_commits_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        last = writer.append(adding("a"), 1)
    assert await last == "a"
    for future in (writer.append(adding("b"), 1), writer.submit(adding("c"))):
        with pytest.raises(JournalUnavailable, match="closing"):
            await future
    assert stored(tmp_path) == ["a"]


async def test_a_cancelled_future_takes_nothing_back(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        writer.append(adding("a"), 1).cancel()
        writer.submit(adding("b")).cancel()
        await writer.submit(adding("c"))
    assert stored(tmp_path) == ["a", "b", "c"]


async def test_an_error_of_connecting_reaches_whoever_starts() -> None:
    def refused() -> sqlite3.Connection:
        raise PermissionError("no")

    writer = Writer(refused, Idle())
    with pytest.raises(PermissionError):
        await writer.start()
    await writer.close()


class Careless(Idle):
    """A companion whose announcement goes wrong on the loop."""

    def committed(self) -> Callable[[], None]:
        def announce() -> None:
            raise LookupError("a bug of a listener")

        return announce


async def test_what_is_on_disk_is_acknowledged_whatever_a_listener_does(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with writing(tmp_path, companion=Careless()) as writer:
        assert await writer.append(adding("a"), 1) == "a"
    assert [type(each["exception"]) for each in told] == [LookupError]
