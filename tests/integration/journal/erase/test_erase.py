"""Erasure: the person goes from every file of the journal, the counts and the ids stay."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.conversion import App, Conversion, Item, Order
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.identity import Identity
from relay.identity.subject import Subject
from relay.journal.codec import entry_of
from relay.journal.disk.connection import Connect
from relay.journal.engine import Engine, Settings
from relay.journal.entry import Entry, Passed, Pending
from relay.journal.erase import traces
from relay.journal.erase.eraser import STEP_EVENTS, Eraser
from relay.journal.erase.gaps import KEPT_IN
from relay.journal.erase.traces import Found
from relay.journal.letter import DeadFilter
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.journal.sqlite import SqliteJournal
from relay.journal.verify.finding import Finding
from relay.journal.verify.verify import verify
from tests.given.event.builders import NOW_S, entry
from tests.given.journal.failing import Disk, connections_on
from tests.given.journal.memory import memory
from tests.given.journal.seed import Seed

NOW_MS = NOW_S * 1000
NAMES = ("p", "t")
ALL = DeadFilter()
SKIPPED = Passed("skipped", "not_mapped")
RECEIPT = Receipt(at_ms=NOW_MS, duration_ms=120, outcome="ok", http_status=200)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Person:
    """Somebody, with all that the relay may keep of a person."""

    def __init__(self, name: str) -> None:
        self.subject = Subject(external_id=frozenset([digest(name), digest(f"{name} elsewhere")]))
        self.identity = Identity(
            email_compact=(digest(f"{name}@example.com"),),
            email_trimmed=(digest(f"{name}@example.com"),),
            external_id=(digest(name),),
            first_name=digest(f"first {name}"),
            city_plain=f"city-of-{name}",
            mobile_ad_id_lower=digest(f"ad {name}"),
            ip=f"ip-of-{name}",
            user_agent=f"browser-of-{name}",
            epik=f"epik-of-{name}",
            ttclid=f"ttclid-of-{name}",
            ttp=f"ttp-of-{name}",
        )
        self.page = f"https://shop.example/{name}?ttclid=of-{name}"
        self.lead = f"lead-{name}"
        self.wish = f"wish-of-{name}"

    def entry(self, event_id: str, event: str = "purchase", **passed: Passed) -> Entry:
        """Return an event of this person."""
        order = Order(
            order_id=f"order-{event_id}",
            search_string=self.wish,
            items=(Item(f"item-of-{self.wish}"),),
        )
        event_of = Conversion(
            *(event, event_id, NOW_S, NOW_MS, "web", self.identity, order),
            *(self.page, self.page, App("1"), self.lead),
        )
        return entry_of(event_of, passed, {})

    @property
    def canaries(self) -> Sequence[bytes]:
        """All that has to go."""
        values: list[str] = [self.page, self.lead, self.wish]
        for value in (getattr(self.identity, name) for name in Identity.__struct_fields__):
            values += value if isinstance(value, tuple) else [value] if value else []
        return [value.encode() for value in values]


ADA, BOB = Person("ada"), Person("bob")
QUOTE = f"Invalid value for data.0.user.city: {ADA.identity.city_plain}"


@asynccontextmanager
async def opened(
    folder: Path, *names: str, connect: Connect = sqlite3.Connection
) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(
        folder / "relay.db",
        clock=lambda: float(NOW_S),
        max_size_bytes=2**30,
        retention_s=7 * 86_400.0,
        connect=connect,
    )
    await journal.open(names or NAMES)
    try:
        yield journal
    finally:
        await journal.close()


async def waiting(journal: SqliteJournal, name: str, lane: Lane = Lane.MONEY) -> list[Pending]:
    """Return all that waits in a lane."""
    chunk = await journal.read(name, lane, journal.cursor(name, lane), 1_000)
    found = list(chunk.pending)
    while chunk.pending:
        chunk = await journal.read(name, lane, chunk.next, 1_000)
        found += chunk.pending
    return found


async def sums_hold(journal: SqliteJournal, *names: str) -> None:
    """Check the conservation law against what waits in truth."""
    totals = await journal.totals()
    for name in names or NAMES:
        due = await journal.due(name, NOW_MS * 2, 10_000)
        left = len(due) + sum([len(await waiting(journal, name, lane)) for lane in Lane])
        ended = [
            sum(count for (who, _), count in counts.items() if who == name)
            for counts in (totals.skipped, totals.delivered, totals.dead)
        ]
        begun = totals.accepted.get(name, 0) + totals.replayed.get(name, 0)
        assert begun == sum(ended) + left, name


def left_of(person: Person, folder: Path) -> list[tuple[str, bytes]]:
    """Return what is left of a person in the journal's files."""
    files = {path.name: path.read_bytes() for path in folder.glob("relay.db*")}
    return [
        (name, each) for name, data in files.items() for each in person.canaries if each in data
    ]


def verified(folder: Path) -> list[Finding]:
    return [found for found in verify(folder / "relay.db", lambda *_: None) if not found.fine]


async def states(journal: SqliteJournal, event_id: str) -> Mapping[str, str]:
    (found,) = await journal.find(event_id=event_id)
    return {each.destination: f"{each.state} {each.reason}" for each in found.deliveries}


async def test_what_waits_is_dead_and_what_was_delivered_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), BOB.entry("b"), ADA.entry("c", t=SKIPPED)])
        await journal.append([entry(f"search-{at}", "search") for at in range(4)])
        first, *_ = await waiting(journal, "p")
        searches = await waiting(journal, "p", Lane.OTHER)
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=[first, *searches]))
        done = await journal.erase(ADA.subject, journal.ends())

        assert (done.events, done.emptied) == (2, True)
        assert (done.destinations["p"].erased, done.destinations["t"].erased) == (1, 1)
        told = done.destinations["p"]
        assert (told.delivered, told.delivered_event_ids) == (1, ["a"])
        assert [each.entry.event_id for each in await waiting(journal, "p")] == ["b"]
        assert [each.entry.event_id for each in await waiting(journal, "t")] == ["b"]
        assert await states(journal, "a") == {"p": "delivered None", "t": "dead erased"}
        assert await states(journal, "c") == {"p": "dead erased", "t": "skipped not_mapped"}
        await sums_hold(journal)
        assert left_of(ADA, tmp_path) == []
        assert left_of(BOB, tmp_path) != []
        (found,) = await journal.find(order_id="order-a")
        assert found.conversion.identity == Identity()
    assert verified(tmp_path) == []


async def test_retries_end_and_dead_letters_keep_their_reason_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), ADA.entry("b")])
        first, second = await waiting(journal, "p")
        await journal.settle("p", Settlement(dead=[Dead(first, "platform_rejected")]))
        await journal.settle("p", Settlement(retry=[Retry(second, NOW_MS)]))
        done = await journal.erase(ADA.subject, journal.ends())

        assert (done.destinations["p"].erased, done.destinations["p"].dead) == (1, 1)
        assert await states(journal, "a") == {"p": "dead platform_rejected", "t": "dead erased"}
        assert await states(journal, "b") == {"p": "dead erased", "t": "dead erased"}
        assert await journal.due("p", NOW_MS * 2, 10) == []
        replayed = await journal.replay(ALL, lambda *_: "sent", dry_run=False)
        assert (replayed.matched, replayed.replayed) == (4, 0)
        assert not any(
            each.replayable for each in (await journal.dead_letters(ALL, limit=9)).letters
        )
        await sums_hold(journal)
        assert left_of(ADA, tmp_path) == []
    assert verified(tmp_path) == []


@pytest.mark.parametrize("of_the_request", [QUOTE, ""])
async def test_words_of_a_platform_that_may_quote_the_person_go_and_others_stay(
    tmp_path: Path, of_the_request: str
) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), BOB.entry("b"), ADA.entry("c")])
        one, two, three = await waiting(journal, "p")
        refused = msgspec.structs.replace(RECEIPT, outcome="partial", message=of_the_request)
        dead = [Dead(one, "platform_rejected", "40002", QUOTE), Dead(two, "expired", "", "Bob's")]
        retry = [Retry(three, NOW_MS, "40002", QUOTE)]
        await journal.settle("p", Settlement(receipt=refused, dead=dead, retry=retry))
        await journal.erase(ADA.subject, journal.ends())

        assert left_of(ADA, tmp_path) == []
        assert await words_about(journal, "a") == ["", ""]
        assert await words_about(journal, "b") == ["Bob's", "Bob's"]
        assert await states(journal, "a") == {"p": "dead platform_rejected", "t": "dead erased"}
    assert verified(tmp_path) == []


async def test_words_for_a_whole_request_go_with_the_first_of_its_events(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), BOB.entry("b")])
        failed = msgspec.structs.replace(RECEIPT, outcome="transient", message=QUOTE)
        both = await waiting(journal, "p")
        await journal.settle("p", Settlement(receipt=failed, waiting=both))
        await journal.erase(ADA.subject, journal.ends())

        assert left_of(ADA, tmp_path) == []
        assert await words_about(journal, "b") == ["", ""]


async def words_about(journal: SqliteJournal, event_id: str) -> list[str]:
    """Return what platform `p` said of an event: at its end, and at each try."""
    (found,) = await journal.find(event_id=event_id)
    (delivery,) = [each for each in found.deliveries if each.destination == "p"]
    return [delivery.message, *(each.message for each in delivery.attempts)]


async def test_nothing_stays_where_rows_were_moved(tmp_path: Path) -> None:
    """Retries come in any order, so that SQLite moves them from page to page."""
    async with opened(tmp_path, "p") as journal:
        await journal.append([(ADA, BOB)[number % 2].entry(f"e{number}") for number in range(600)])
        pendings = await waiting(journal, "p")
        Random(2).shuffle(pendings)
        retries = [Retry(pending, NOW_MS, "", "") for pending in pendings]
        await journal.settle("p", Settlement(receipt=RECEIPT, retry=retries))
        done = await journal.erase(ADA.subject, journal.ends())

        assert (done.events, done.emptied) == (300, True)
        assert left_of(ADA, tmp_path) == []
        await sums_hold(journal, "p")
    assert verified(tmp_path) == []


async def test_a_letter_whose_event_the_log_has_forgotten_is_erased_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), ADA.entry("b")])
        for name in NAMES:
            first, second = await waiting(journal, name)
            await journal.settle(
                name, Settlement(dead=[Dead(first, "expired")], retry=[Retry(second, NOW_MS)])
            )
        await journal.maintain(NOW_MS + 8 * 86_400_000)
        done = await journal.erase(ADA.subject, journal.ends())
        assert done.events == 2
        assert [(each.erased, each.dead) for each in done.destinations.values()] == [(1, 1)] * 2
        await sums_hold(journal)
        assert left_of(ADA, tmp_path) == []


async def test_a_platforms_words_outlive_no_payload(tmp_path: Path) -> None:
    """Without it nobody could tell any more whom they quote, and have them erased."""
    async with opened(tmp_path, "p") as journal:
        await journal.append([ADA.entry("a")])
        (hers,) = await waiting(journal, "p")
        dead = Dead(hers, "platform_rejected", "40002", QUOTE)
        await journal.settle("p", Settlement(dead=[dead]))
        await journal.maintain(NOW_MS + 31 * 86_400_000)
        await journal.erase(ADA.subject, journal.ends())
        assert left_of(ADA, tmp_path) == []


async def test_once_more_finds_nothing_and_what_comes_later_is_new(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a")])
        ends = journal.ends()
        await journal.append([ADA.entry("later")])
        assert (await journal.erase(ADA.subject, ends)).events == 1
        again = await journal.erase(ADA.subject, ends)
        assert (again.events, again.destinations) == (0, {})
        assert [each.entry.event_id for each in await waiting(journal, "p")] == ["later"]


async def test_passed_events_before_an_erased_one_hold_no_cursor_up(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for at in range(3):
            await journal.append([BOB.entry(f"passed-{at}", p=SKIPPED)])
        await journal.append([BOB.entry("passed", p=SKIPPED), ADA.entry("a"), BOB.entry("b")])
        pendings = await waiting(journal, "p")
        await journal.erase(ADA.subject, journal.ends())
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=pendings[1:]))
        assert journal.cursor("p", Lane.MONEY) == 6


async def test_a_destination_that_is_not_configured_now_finds_its_events_erased(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), BOB.entry("b")])
    async with opened(tmp_path, "p") as journal:
        await journal.append([ADA.entry("c")])
        done = await journal.erase(ADA.subject, journal.ends())
        assert {name: each.erased for name, each in done.destinations.items()} == {"p": 2, "t": 1}
    async with opened(tmp_path) as journal:
        assert [each.entry.event_id for each in await waiting(journal, "t")] == ["b"]
        await sums_hold(journal)
    assert verified(tmp_path) == []


async def test_an_erasure_that_was_cut_off_is_finished_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for at in range(20):
            await journal.append([ADA.entry(f"a-{at}"), BOB.entry(f"b-{at}")])
        erasing = asyncio.create_task(journal.erase(ADA.subject, journal.ends()))
        while not (await journal.totals()).dead:
            pass
        erasing.cancel()
        await asyncio.wait([erasing])
    async with opened(tmp_path) as journal:
        await journal.erase(ADA.subject, journal.ends())
        dead = (await journal.totals()).dead
        assert dead == {("p", "erased"): 20, ("t", "erased"): 20}
        assert len(await waiting(journal, "p")) == 20
        await sums_hold(journal)
        assert left_of(ADA, tmp_path) == []


@pytest.mark.parametrize(
    ("statements", "ended"),
    [(0, 0), (9, 0), (450, STEP_EVENTS)],
    ids=["at once", "in the first step", "in the second step"],
)
async def test_an_erasure_that_the_disk_fails_is_one_failure_and_the_next_finishes_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, statements: int, ended: int
) -> None:
    """Its writes fail together: none of them may be left for the log to wonder about."""
    disk = Disk()
    hers = [ADA.entry(f"a-{at}") for at in range(2 * STEP_EVENTS)]
    async with opened(tmp_path, "p", connect=connections_on(disk)) as journal:
        await journal.append([*hers, BOB.entry("b")])
        disk.fail_after(statements)
        with pytest.raises(JournalUnavailable):
            await journal.erase(ADA.subject, journal.ends())
        gc.collect()
        disk.mend()
        assert (await journal.totals()).dead.get(("p", "erased"), 0) == ended
        await journal.erase(ADA.subject, journal.ends())
        assert (await journal.totals()).dead == {("p", "erased"): len(hers)}
        assert [each.entry.event_id for each in await waiting(journal, "p")] == ["b"]
        await sums_hold(journal, "p")
        assert left_of(ADA, tmp_path) == []
    assert [each.message for each in caplog.records if each.name == "asyncio"] == []


async def test_an_erasure_tells_what_it_could_not_read_again(tmp_path: Path) -> None:
    """As at a limit of open files: the person is erased, and nobody knows what is left of them."""
    kept = Settings(
        tmp_path / "relay.db", lambda: NOW_S, 2**30, 100, 1.0, sqlite3.Connection, outcomes=False
    )
    engine = await Engine.start(kept, NAMES)
    try:
        await engine.append([ADA.entry("a")], (), None)
        out_of_reach = tmp_path / "absent" / "relay.db"
        parts = (engine.queries, engine.writer, engine.ledger, engine.checkpointer)
        erased = await Eraser(out_of_reach, *parts).erase(ADA.subject, engine.ends())
    finally:
        await engine.close()

    assert (erased.events, erased.emptied) == (1, False)


def spoil(folder: Path, table: str, old: bytes, new: bytes) -> None:
    """Damage the first place in the journal where this is, as a failing disk does."""
    column = KEPT_IN[table]
    with closing(sqlite3.connect(folder / "relay.db", isolation_level=None)) as other:
        rows = other.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid")
        row, data = next((row, data) for row, data in rows if data and old in data)
        damaged = data.replace(old, new, 1)
        other.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (damaged, row))


@pytest.mark.parametrize(
    ("table", "old", "new", "found"),
    [
        ("log", b"browser-of-ada", b"browser-of\xffada", (4, 1)),
        ("log", b"order-a-2", b"order\xffa-2", (3, 1)),
        ("log", b"browser-of-bob", b"browser-of\xffbob", (4, 0)),
        ("log", b"\xdc", b"\xc1", (3, 4)),
        ("retry", b"browser-of-ada", b"browser-of\xffada", (4, 0)),
        ("dead", b"order-a-1", b"order\xffa-1", (4, 0)),
    ],
    ids=["one", "one whose head", "another's", "whole group", "retry", "letter"],
)
async def test_what_is_damaged_is_counted_and_keeps_nothing_else(
    tmp_path: Path, table: str, old: bytes, new: bytes, found: tuple[int, int]
) -> None:
    """What a row keeps of an event goes even if the log's copy is damaged, and the reverse."""
    hers = [ADA.entry(f"a-{at}") for at in range(3)]
    async with opened(tmp_path) as journal:
        await journal.append([*hers, BOB.entry("b")])
        await journal.append([ADA.entry("a-3"), BOB.entry("b-2")])
        first, second, *_ = await waiting(journal, "p")
        await journal.settle("p", Settlement(retry=[Retry(first, NOW_MS)]))
        await journal.settle("p", Settlement(dead=[Dead(second, "platform_rejected")]))
        spoil(tmp_path, table, old, new)
        done = await journal.erase(ADA.subject, journal.ends())

        assert (done.events, done.damaged) == found
        ids = [each.entry.event_id for each in await waiting(journal, "t")]
        assert ids.count("b-2") == 1
        assert "a-3" not in ids
        await sums_hold(journal)
        assert (left_of(ADA, tmp_path) == []) == (done.damaged == 0)


async def test_a_damaged_row_whose_event_the_log_has_forgotten_is_counted(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a"), ADA.entry("b")])
        first, second = await waiting(journal, "p")
        await journal.settle("p", Settlement(retry=[Retry(first, NOW_MS)]))
        await journal.settle("p", Settlement(dead=[Dead(second, "platform_rejected")]))
        for table in ("retry", "dead"):
            spoil(tmp_path, table, b"browser-of-ada", b"browser-of\xffada")
        with closing(sqlite3.connect(tmp_path / "relay.db", isolation_level=None)) as other:
            other.execute("DELETE FROM log")
        done = await journal.erase(ADA.subject, journal.ends())
        assert (done.events, done.damaged) == (0, 2)


def test_what_retention_takes_meanwhile_is_nobodys(seed: Seed) -> None:
    ends = dict.fromkeys(Lane, 1)
    assert traces.in_group(seed.connection, 1, ADA.subject, ends) == Found()
    assert traces.at_row(seed.connection, "retry", 1, ADA.subject) == Found()


async def test_a_digest_in_another_field_is_another_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append([ADA.entry("a")])
        as_address = Subject(email=ADA.subject.external_id)
        assert (await journal.erase(as_address, journal.ends())).events == 0
        first, *_ = await waiting(journal, "p")
        await journal.settle("p", Settlement(dead=[Dead(first, "platform_rejected")]))
        assert (await journal.erase(as_address, journal.ends())).events == 0


FATES = ("waits", "delivered", "dead", "retry", "replayed")


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([ADA, BOB]),
            st.sampled_from(["purchase", "search"]),
            st.sampled_from(FATES),
            st.sampled_from(FATES),
            st.sampled_from([{}, {"p": SKIPPED}, {"t": Passed("dead", "invalid_event", "url")}]),
            st.booleans(),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_became_of_the_events_the_person_is_gone_and_the_sums_hold(
    story: Sequence[tuple[Person, str, str, str, Mapping[str, Passed], bool]],
) -> None:
    with TemporaryDirectory(dir=memory()) as folder:
        asyncio.run(_tell(Path(folder), story))


async def _tell(
    folder: Path,
    story: Sequence[tuple[Person, str, str, str, Mapping[str, Passed], bool]],
) -> None:
    fates = {f"e-{at}": dict(zip(NAMES, each[2:4], strict=True)) for at, each in enumerate(story)}
    async with opened(folder) as journal:
        group: list[Entry] = []
        for at, (person, event, _, _, passed, ends) in enumerate(story):
            group.append(person.entry(f"e-{at}", event, **passed))
            if ends:
                await journal.append(group)
                group = []
        await journal.append(group)
        for name in NAMES:
            for lane in Lane:
                for pending in await waiting(journal, name, lane):
                    await _end(journal, name, pending, fates[pending.entry.event_id][name])
        found = await journal.erase(ADA.subject, journal.ends())
        assert found.events == sum(each[0] is ADA for each in story)
        assert left_of(ADA, folder) == []
        await sums_hold(journal)
    assert verified(folder) == []


async def _end(journal: SqliteJournal, name: str, pending: Pending, fate: str) -> None:
    if fate == "delivered":
        await journal.settle(name, Settlement(receipt=RECEIPT, delivered=[pending]))
    elif fate == "retry":
        await journal.settle(name, Settlement(retry=[Retry(pending, NOW_MS)]))
    elif fate in {"dead", "replayed"}:
        await journal.settle(name, Settlement(dead=[Dead(pending, "platform_rejected")]))
        if fate == "replayed":
            letters = (await journal.dead_letters(ALL, limit=1_000)).letters
            ids = frozenset(each.id for each in letters if each.event_id == pending.entry.event_id)
            await journal.replay(
                DeadFilter(ids=ids, destination=name), lambda *_: "sent", dry_run=False
            )
