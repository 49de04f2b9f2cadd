"""A worker and the main process, joined without a socket: what is asked, stored, counted, undone.

Messages go through their encoded form, and are delivered when the test says so.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import JournalUnavailable
from relay.failed_attempts import FREE, STEP_S, FailedAttempts
from relay.intake import Finding, Intake, Origin, Problem, Router, Storage, Window
from relay.journal.entry import Entry, Rejection
from relay.keys.keyring import Keyring
from relay.keys.uses import Denied, Meter, Uses
from relay.metrics import Metrics
from relay.workers.figure_book import FigureBook
from relay.workers.link import PART_EVENTS, Link, MainFailedError
from relay.workers.message import FromMain, FromWorker, Part, Ready
from relay.workers.session import MainServices, WorkerSession
from relay.workers.shared_payloads import SharedPayloads
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import body, event
from tests.given.journal.recording import RecordingJournal

LIMITED = Meter("k", "k", 3, None)
UNLIMITED = Meter("k", "k", None, None)


class Wire:
    """One direction: what is sent waits, encoded, until it is delivered."""

    def __init__(self, kind: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)
        self.waiting: list[bytes] = []
        self.received: Callable[[Any], object] = bool

    def send(self, message: msgspec.Struct) -> None:
        self.waiting.append(msgspec.msgpack.encode(message))

    def deliver(self) -> int:
        """Deliver what waits; return how many messages that were."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            self.received(self._decoder.decode(each))
        return len(waiting)

    def messages(self) -> list[Any]:
        return [self._decoder.decode(each) for each in self.waiting]


class Main:
    """What there is one of, in the main process."""

    def __init__(self, *, held: bool = False, taken: int = 0) -> None:
        self.journal = RecordingJournal(held=held)
        self.stored: list[tuple[Sequence[Entry], Sequence[Finding]]] = []
        storage = Storage(
            Router([route_to(StubDestination("first"))], Window(99)),
            self.journal,
            on_stored=lambda entries, warnings: self.stored.append((entries, warnings)),
        )
        self.uses = Uses({"k": taken}, lambda: NOW_S)
        self.metrics = Metrics()
        keyring = Keyring(Path("/nowhere/keys.json"), self.uses, lambda: NOW_S)
        failed_attempts, figures = FailedAttempts(lambda: NOW_S), FigureBook(self.metrics)
        self.services = MainServices(
            storage, self.uses, keyring, failed_attempts, figures, SharedPayloads()
        )


class Pair:
    """A worker, its link, and the session at the other end."""

    def __init__(self, main: Main) -> None:
        self.up, self.down = Wire(FromWorker), Wire(FromMain)
        self.ready: list[bool] = []
        self.session = WorkerSession(main.services, self.down.send, lambda: self.ready.append(True))
        self.link = Link(self.up, SharedPayloads())
        self.up.received = self.session.received
        self.down.received = self.link.received
        router = Router([route_to(StubDestination("first"))], Window(0))
        self.intake = Intake(router, self.link, lambda: NOW_S)

    async def talk(self) -> None:
        """Deliver everything both ways until nobody says anything more."""
        for _ in range(10):
            self.up.deliver()
            await asyncio.sleep(0)
            self.down.deliver()
            await asyncio.sleep(0)

    async def stored(self, *events: Any, key: str | None = None) -> "asyncio.Future[Any]":
        """Prepare events as a worker does, and ask for them to be stored."""
        origin = Origin("http", "shop", key)
        return self.intake.store(await self.intake.take_json(body(*events), origin), origin)


def taken(main: Main) -> int:
    """Return how many uses of the key count."""
    return 3 - (main.uses.left_now(LIMITED) or 0)


async def test_a_request_is_stored_as_it_would_be_in_one_process() -> None:
    """The entry that the journal gets is the same to the byte, payloads and all."""
    main = Main()
    pair = Pair(main)
    bad_phone = event(event_id="b", user={"email": "a@b.de", "phone": "x"})
    waiting = await pair.stored(event(), bad_phone, event(event_id="c", user={}), key="k")
    await pair.talk()
    await waiting

    alone = Main()
    storage = alone.services.storage
    intake = Intake(Router([route_to(StubDestination("first"))], Window(0)), storage, lambda: NOW_S)
    origin = Origin("http", "shop", "k")
    whole = body(event(), bad_phone, event(event_id="c", user={}))
    await intake.store(await intake.take_json(whole, origin), origin)
    assert main.journal.entries == alone.journal.entries
    assert main.journal.rejections == alone.journal.rejections
    assert main.journal.keys == alone.journal.keys == ["k"]
    assert main.stored == alone.stored
    assert [each.problem.path for each in main.stored[0][1]] == ["user.phone"]


async def test_nobody_is_answered_before_the_commit() -> None:
    main = Main(held=True)
    pair = Pair(main)
    waiting = await pair.stored(event())
    await pair.talk()
    assert main.journal.waiting == 1
    assert not waiting.done()
    main.journal.release()
    await pair.talk()
    assert waiting.done()


async def test_what_two_workers_are_posted_is_a_duplicate_all_the_same() -> None:
    main = Main()
    first, second = Pair(main), Pair(main)
    one, other = await first.stored(event()), await second.stored(event())
    await first.talk()
    await second.talk()
    await asyncio.gather(one, other)
    assert [sorted(each.passed) for each in main.journal.entries] == [[], ["first"]]


async def test_a_large_request_goes_in_parts_and_is_one_append() -> None:
    main = Main(held=True)
    pair = Pair(main)
    count = 2 * PART_EVENTS + 1
    waiting = await pair.stored(*(event(event_id=number) for number in range(count)))
    sizes = [len(each.entries) for each in pair.up.messages()]
    assert sizes == [PART_EVENTS, PART_EVENTS, 1]
    await pair.talk()
    assert main.journal.waiting == 1
    main.journal.release()
    await pair.talk()
    await waiting
    assert main.journal.event_ids == [str(number) for number in range(count)]


async def test_a_journal_that_takes_nothing_says_so_to_the_producer_and_the_use_is_free() -> None:
    main = Main(held=True)
    pair = Pair(main)
    for meter in (LIMITED, UNLIMITED):
        await begun(pair, meter)
        waiting = await pair.stored(event(), key="k")
        await pair.talk()
        assert taken(main) == 1
        main.journal.fail("the disk is full")
        await pair.talk()
        with pytest.raises(JournalUnavailable, match="the disk is full") as raised:
            await waiting
        pair.link.end(meter, used=False)
        await pair.talk()
        assert raised.value.retry_after_s == 7
        assert taken(main) == 0


async def test_a_journal_that_takes_nothing_says_so_also_where_nobody_needs_a_key() -> None:
    main = Main(held=True)
    pair = Pair(main)
    waiting = await pair.stored(event())
    await pair.talk()
    main.journal.fail("the disk is full")
    await pair.talk()
    assert isinstance(waiting.exception(), JournalUnavailable)


async def test_a_mistake_of_the_main_process_is_told_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    main = Main()
    pair = Pair(main)
    main.journal.append = _broken  # type: ignore[assignment,method-assign]  # a mistake
    waiting = await pair.stored(event(), key="k")
    await pair.talk()
    with pytest.raises(MainFailedError):
        await waiting
    assert taken(main) == 0
    assert [record.getMessage() for record in caplog.records] == ["a request failed"]
    caplog.clear()


def _broken(*_: object) -> "asyncio.Future[None]":
    raise KeyError("canary")


async def begin(pair: Pair, meter: Meter) -> None:
    """Take a use as the port does."""
    if (counting := pair.link.begin(meter)) is not None:
        await counting


async def begun(pair: Pair, meter: Meter) -> None:
    """Take a use, and have it granted or denied."""
    taking = asyncio.ensure_future(begin(pair, meter))
    await asyncio.sleep(0)
    await pair.talk()
    await taking


async def settled() -> None:
    """Let the loop run until the callbacks of what is stored have run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_key_without_a_limit_is_not_asked_for_and_counted_with_its_request() -> None:
    main = Main(held=True)
    pair = Pair(main)
    assert pair.link.begin(UNLIMITED) is None
    await pair.stored(event(), key="k")
    await pair.talk()
    assert taken(main) == 1
    main.journal.release()
    await pair.talk()
    assert taken(main) == 1


async def test_a_use_that_brought_events_stays_taken() -> None:
    main = Main()
    pair = Pair(main)
    await begun(pair, LIMITED)
    await pair.stored(event(), key="k")
    await pair.talk()
    pair.link.end(LIMITED, used=True)
    await pair.talk()
    assert taken(main) == 1


async def test_a_request_of_which_nothing_is_accepted_is_no_use() -> None:
    main = Main()
    pair = Pair(main)
    await pair.stored(event(user={}), key="k")
    await pair.talk()
    assert taken(main) == 0
    assert len(main.journal.rejections) == 1


async def test_uses_that_are_left_are_told() -> None:
    main = Main(taken=1)
    pair = Pair(main)
    for meter, left in ((LIMITED, 2), (UNLIMITED, None)):
        asked = asyncio.ensure_future(pair.link.left(meter))
        await asyncio.sleep(0)
        await pair.talk()
        assert await asked == left


async def test_a_use_that_came_to_nothing_is_free_once_its_end_is_awaited() -> None:
    main = Main(taken=2)
    first, second = Pair(main), Pair(main)
    await begun(first, LIMITED)
    freed = first.link.end(LIMITED, used=False)
    assert freed is not None
    with pytest.raises(Denied):
        await begun(second, LIMITED)
    await first.talk()
    await freed
    await begun(second, LIMITED)


async def test_a_use_that_is_granted_when_the_client_is_gone_is_given_back() -> None:
    main = Main()
    pair = Pair(main)
    taking = asyncio.ensure_future(begin(pair, LIMITED))
    await asyncio.sleep(0)
    pair.up.deliver()
    assert taken(main) == 1
    taking.cancel()
    await pair.talk()
    assert taken(main) == 0


async def test_what_a_dead_worker_had_begun_is_given_back_and_what_it_posted_is_stored() -> None:
    main = Main(held=True)
    pair = Pair(main)
    for _ in range(3):
        await begun(pair, LIMITED)
    await pair.stored(event(), key="k")
    await pair.talk()

    pair.session.lost()
    assert taken(main) == 1, "one is under way, two came to nothing"
    main.journal.release()
    await settled()
    assert taken(main) == 1
    assert main.journal.event_ids == ["order-1"]


async def test_a_dead_workers_request_that_is_not_stored_is_no_use() -> None:
    main = Main(held=True)
    pair = Pair(main)
    await begun(pair, LIMITED)
    await pair.stored(event(), key="k")
    await pair.talk()

    pair.session.lost()
    main.journal.fail()
    await settled()
    assert taken(main) == 0


async def test_parts_of_a_request_that_never_came_whole_are_forgotten() -> None:
    main = Main()
    pair = Pair(main)
    pair.session.received(Part(7, []))
    pair.session.lost()
    assert pair.session._parts == {}


async def test_failing_keys_are_counted_for_all_workers_together() -> None:
    main = Main()
    pairs = Pair(main), Pair(main)
    delays = []
    for number in range(FREE + 2):
        asked = asyncio.ensure_future(pairs[number % 2].link.delay_s("203.0.113.7"))
        await asyncio.sleep(0)
        await pairs[number % 2].talk()
        delays.append(await asked)
    assert [each > 0 for each in delays] == [False] * FREE + [True] * 2
    assert delays[-2:] == pytest.approx([STEP_S, 2 * STEP_S])


async def test_a_rate_holds_for_all_workers_together() -> None:
    main = Main()
    pairs = Pair(main), Pair(main)
    meter = Meter("k", "k", None, 2.0)
    for pair in pairs:
        await begun(pair, meter)
    for pair in pairs:
        with pytest.raises(Denied, match="over its rate") as denied:
            await begun(pair, meter)
        assert denied.value.kind == "rate_limited"
        assert denied.value.retry_after_s > 0


def test_a_worker_says_when_it_is_ready() -> None:
    pair = Pair(Main())
    pair.up.send(Ready())
    pair.up.deliver()
    assert pair.ready == [True]


@given(st.integers(0, 2**32), st.integers(1, 8))
def test_whatever_happens_exactly_as_many_pass_as_may(seed: int, most: int) -> None:
    """Workers die, clients leave, the disk fails, in any order: uses = what was stored."""
    asyncio.run(_random_life(random.Random(seed), Meter("k", "k", most, None)))


async def _random_life(dice: random.Random, meter: Meter) -> None:
    life = Life(dice, meter)
    for number in range(40):
        await life.go_on(number)
        assert len(life.main.journal.entries) + life.main.journal.waiting <= life.most
    assert await life.end() == len(life.main.journal.entries)


class Life:
    """Two workers, and requests with one key to either."""

    def __init__(self, dice: random.Random, meter: Meter) -> None:
        self.main = Main(held=True)
        self.most = meter.max_uses or 0
        self._dice = dice
        self._meter = meter
        self._pairs = [Pair(self.main), Pair(self.main)]
        self._requests: list[asyncio.Task[None]] = []
        self._storing: set[asyncio.Task[None] | None] = set()

    async def go_on(self, number: int) -> None:
        """Post once more, and have something happen."""
        at = self._dice.randrange(2)
        self._requests.append(asyncio.create_task(self._request(self._pairs[at], number)))
        await asyncio.sleep(0)
        match self._dice.randrange(12):
            case 0 | 1:
                self._dice.choice([self.main.journal.release, self.main.journal.fail])()
            case 2 | 3:
                self._hang_up(self._dice.choice(self._requests))
            case 4:
                self._pairs[at].session.lost()
                self._pairs[at] = Pair(self.main)
            case _:
                await self._pairs[at].talk()

    async def end(self) -> int:
        """Let everything come to its end; return how many uses count."""
        for _ in range(3):
            for pair in self._pairs:
                await pair.talk()
            self.main.journal.release()
        await settled()
        for task in self._requests:  # those of dead workers wait for ever
            task.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)
        for pair in self._pairs:
            await pair.talk()
        return self.most - (self.main.uses.left_now(self._meter) or 0)

    def _hang_up(self, request: asyncio.Task[None]) -> None:
        """End a request as a client's leaving does: not if it is being stored."""
        if request not in self._storing:
            request.cancel()

    async def _request(self, pair: Pair, number: int) -> None:
        """Do what the port does: a use, a body that may be unusable, a commit that may fail."""
        with suppress(Denied):
            await begin(pair, self._meter)
            used = False
            try:
                if self._dice.random() < 0.8:
                    used = True
                    self._storing.add(asyncio.current_task())
                    await (await pair.stored(event(event_id=number), key="k"))
            except JournalUnavailable:
                used = False
            finally:
                pair.link.end(self._meter, used=used)


def test_problems_and_rejections_are_what_they_were() -> None:
    """Frames carry findings and rejections whole."""
    finding = Finding(3, "id", Problem("missing", "user", "It is missing."))
    rejection = Rejection(1, "http", None, None, "missing", "user", "It is missing.")
    for each in (finding, rejection):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(each), type=type(each)) == each
