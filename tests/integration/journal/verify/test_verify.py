"""Verification of a journal: a good one is fine in every state, every kind of damage is told."""

import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from relay.errors import JournalDamaged
from relay.event_name import Lane
from relay.journal.codec import encode_group, entry_of
from relay.journal.disk.connection import pragma
from relay.journal.disk.snapshot import at_one_moment
from relay.journal.disk.still import ATTEMPTS
from relay.journal.disk.upgrades import FIRST_VERSION, VERSION
from relay.journal.entry import Passed
from relay.journal.letter import DeadFilter
from relay.journal.outbox import Outcomes, give_up
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.journal.sqlite import SqliteJournal
from relay.journal.verify.finding import LEAVE, LISTED, Finding
from relay.journal.verify.log import STEP_GROUPS
from relay.journal.verify.rows import WATCHED_ROWS
from relay.journal.verify.verify import verify
from tests.given.event.builders import DIGEST, NOW_S, conversion, entry
from tests.given.journal.seed import NOW_MS

RECEIPT = Receipt(at_ms=NOW_MS, duration_ms=120, outcome="partial", http_status=200)
SKIPPED = entry_of(conversion("f"), {"p": Passed("skipped", "no_consent")})
PAGE_BYTES, PAGES_AT, FORM_AT = 4_096, 28, 19
"""In the head of a file, see https://sqlite.org/fileformat.html (2026)."""
DELIVERED_ORDERS = "kind = 'delivered' AND label = 'purchase'"
EXPIRED = entry_of(conversion("g"), {"p": Passed("dead", "expired")})
SPOILT = encode_group([entry("a"), entry("b")]).replace(DIGEST[:2].encode(), b"\xff\xff", 1)
"""Two events, of which the person of one is no text."""


@asynccontextmanager
async def opened(
    path: Path, *destinations: str, clock: Callable[[], float] = lambda: NOW_S
) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(path, clock=clock, max_size_bytes=2**30, retention_s=60)
    await journal.open(destinations or ("p", "t"))
    try:
        yield journal
    finally:
        await journal.close()


async def fill(journal: SqliteJournal) -> None:
    """Bring about every state: at `p` one waits in the log and one for a retry, at `t` all do."""
    await journal.append([entry(name) for name in "abcd"])
    await journal.append([SKIPPED, EXPIRED, entry("h", "search")])
    a, b, c, _ = (await journal.read("p", Lane.MONEY, 0, 4)).pending
    await journal.settle(
        "p",
        Settlement(
            receipt=RECEIPT,
            delivered=[a],
            dead=[Dead(b, "platform_rejected")],
            retry=[Retry(c, NOW_MS + 1000)],
        ),
    )
    [h] = (await journal.read("p", Lane.OTHER, 0, 4)).pending
    await journal.settle("p", Settlement(receipt=RECEIPT, delivered=[h]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


def look(path: Path) -> list[Finding]:
    return verify(path, lambda *_: None)


def faults(path: Path) -> list[Finding]:
    """Return what is wrong; each is one line, with a fix."""
    found = [each for each in look(path) if not each.fine]
    for each in found:
        assert "\n" not in each.message
        assert each.fix
    return found


def only_fault(path: Path) -> str:
    [found] = faults(path)
    return found.message


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(statement, values).rowcount


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def overwrite(path: Path, first: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(first)
        file.write(data)


def replace(path: Path, old: bytes, new: bytes) -> None:
    overwrite(path, path.read_bytes().index(old), new)


def lengthen(path: Path) -> int:
    """Add an empty page, and return how many there are then."""
    end = path.stat().st_size
    overwrite(path, end, bytes(PAGE_BYTES))
    overwrite(path, PAGES_AT, (end // PAGE_BYTES + 1).to_bytes(4, "big"))
    return end // PAGE_BYTES + 1


async def filled(path: Path) -> None:
    async with opened(path) as journal:
        await fill(journal)


async def test_a_fine_journal_is_fine_and_says_how_much_is_in_it(path: Path) -> None:
    await filled(path)

    assert [each.message for each in look(path) if each.check != "pages"] == [
        f"{path}, journal version {VERSION}",
        "7 events in the log",
        "2 waiting at p, 7 accounted for",
        "7 waiting at t, 7 accounted for",
        "2 dead letters, 1 event to retry, 2 receipts",
    ]
    assert all(each.fine for each in look(path))


async def test_a_stopped_journal_is_read_as_it_lies_there(path: Path) -> None:
    """Neither its bytes change, nor is there a file more beside it."""
    await filled(path)
    before = contents(path.parent)

    look(path)

    assert contents(path.parent) == before


async def test_a_journal_in_use_is_fine_after_each_commit(path: Path) -> None:
    """Also what is only in the write-ahead log is seen, and the relay goes on."""
    async with opened(path) as journal:
        assert not faults(path)
        await fill(journal)
        assert not faults(path)
        assert look(path)[2].message == "7 events in the log"
        await journal.append([entry("i")])
        await journal.replay(DeadFilter(), lambda *_: "sent", dry_run=False)
        assert not faults(path)
        assert look(path)[2].message == "8 events in the log"


async def test_a_relay_that_starts_meanwhile_begins_the_verification_anew(path: Path) -> None:
    await filled(path)
    steps: list[str] = []
    writer = sqlite3.connect(path, isolation_level=None)

    def start_a_relay(step: str, done: int, total: int | None) -> None:
        del done, total
        if not steps:
            writer.execute("UPDATE dead SET note = 'seen'")
        steps.append(step)

    with closing(writer):
        findings = verify(path, start_a_relay)

    assert all(each.fine for each in findings)
    assert steps.count("Checking pages") == 2


async def test_what_was_read_while_relays_came_and_went_is_not_told(path: Path) -> None:
    """Half of it may be from before: it could seem damaged, with the advice to move it away."""
    await filled(path)
    starts: list[str] = []

    def start_and_stop(step: str, done: int, total: int | None) -> None:
        del done, total
        if step == "Checking pages":
            starts.append(step)
            change(path, "UPDATE log SET entries = x'c1' WHERE id = 1")
            os.utime(path, (0, len(starts)))  # no clock of a file system needs to have moved on

    [found] = verify(path, start_and_stop)

    assert found.message == f"{path}: a relay is started and stopped again and again"
    assert len(starts) == ATTEMPTS


async def test_what_is_delivered_while_it_counts_breaks_no_sum(path: Path) -> None:
    """What waits is counted after the sums were read: without one snapshot, one event less."""
    async with opened(path) as journal:
        await fill(journal)

        def deliver(step: str, done: int, total: int | None) -> None:
            if (step, done, total) == ("Counting what waits", 0, 2):
                change(path, "DELETE FROM retry")
                change(path, f"UPDATE total SET count = count + 1 WHERE {DELIVERED_ORDERS}")

        findings = verify(path, deliver)
        assert all(each.fine for each in findings)
        assert "1 waiting at p, 7 accounted for" in {each.message for each in look(path)}


async def test_what_retention_took_is_not_missed(path: Path) -> None:
    """Of the log, and of what waits for a destination that is configured no longer."""
    await filled(path)
    async with opened(path, "p") as journal:
        await journal.append([entry("i")])
        waiting = (await journal.read("p", Lane.MONEY, 0, 9)).pending
        await journal.settle("p", Settlement(delivered=waiting))
        await journal.maintain(NOW_MS + 120_000)
        assert not faults(path)

    assert not faults(path)
    assert look(path)[2].message == "0 events in the log"

    async with opened(path, "p", "t"):
        assert not faults(path)


async def test_what_retention_takes_meanwhile_is_no_gap(path: Path) -> None:
    """It takes groups from the old end, also such as were not read yet."""
    heard: list[tuple[int, int | None]] = []

    def retain(step: str, done: int, total: int | None) -> None:
        if step == "Reading the log":
            heard.append((done, total))
            if done == 1 and total == 3 * STEP_GROUPS:
                change(path, "DELETE FROM log WHERE first < ?", 2 * STEP_GROUPS)

    async with opened(path) as journal:
        for number in range(3 * STEP_GROUPS):
            await journal.append([entry(str(number))])
        for name in ("p", "t"):
            waiting = (await journal.read(name, Lane.MONEY, 0, 99)).pending
            await journal.settle(name, Settlement(receipt=RECEIPT, delivered=waiting))

        assert [each.message for each in verify(path, retain) if not each.fine] == []
        assert heard[-1] == (2 * STEP_GROUPS, 3 * STEP_GROUPS)
        verify(path, retain)
        assert heard[-1] == (STEP_GROUPS, STEP_GROUPS)


async def test_what_is_settled_here_and_there_is_fine(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([entry(name) for name in "abcdef"])
        _, b, _, d, _, f = (await journal.read("p", Lane.MONEY, 0, 6)).pending
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=[b, d, f]))

        assert not faults(path)
        assert "3 waiting at p, 6 accounted for" in {each.message for each in look(path)}


async def test_outcomes_that_were_given_up_for_room_are_no_damage(path: Path) -> None:
    await filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        outcomes = Outcomes(wanted=True)
        outcomes.erased("p", entry("a"), NOW_MS)
        outcomes.flush(connection)
        assert give_up(connection, 1)

    assert not faults(path)


async def test_a_destination_that_came_later_accounts_for_its_own(path: Path) -> None:
    await filled(path)
    async with opened(path, "new") as journal:
        await journal.append([entry("i")])

    assert not faults(path)
    assert {"1 waiting at new, 1 accounted for", "7 waiting at t, 7 accounted for"} <= {
        each.message for each in look(path)
    }


def test_a_missing_file_is_said_to_be_missing(path: Path) -> None:
    assert only_fault(path) == f"{path}: is not there"
    assert not path.exists()


def test_a_folder_and_a_foreign_file_are_no_journal(path: Path, tmp_path: Path) -> None:
    path.write_text("[server]")
    assert "is no journal" in only_fault(path)
    assert only_fault(tmp_path) == f"{tmp_path}: cannot be read (is a directory)"
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
    assert "is no journal" in only_fault(path)


@pytest.mark.parametrize(
    ("version", "words"), [(VERSION + 1, "by a newer relay"), (FIRST_VERSION - 1, "is damaged")]
)
async def test_another_version_is_left_to_the_relay_that_knows_it(
    path: Path, version: int, words: str
) -> None:
    await filled(path)
    change_version(path, version)

    assert words in only_fault(path)


async def test_a_newer_version_is_seen_whatever_the_form_of_its_file(path: Path) -> None:
    """SQLite cannot read it then, which is no damage."""
    await filled(path)
    change_version(path, VERSION + 1)
    overwrite(path, FORM_AT, b"\x03")

    assert "written by a newer relay" in only_fault(path)


async def test_a_journal_that_cannot_be_opened_is_not_called_damaged(path: Path) -> None:
    """Such as where the write-ahead log is a link, which SQLite does not follow."""
    await filled(path)
    elsewhere = path.with_name("elsewhere")
    elsewhere.touch()
    path.with_name("relay.db-wal").symlink_to(elsewhere)

    assert only_fault(path) == f"{path}: cannot be read (SQLITE_CANTOPEN)"


async def test_a_newer_version_in_the_write_ahead_log_is_seen(path: Path) -> None:
    await filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        assert "written by a newer relay" in only_fault(path)
        with pytest.raises(JournalDamaged, match="by a newer relay"):
            at_one_moment(path, lambda snapshot: pragma(snapshot, "user_version"))


async def test_a_journal_is_looked_at_while_its_upgrade_is_in_the_write_ahead_log(
    path: Path,
) -> None:
    """The head of the file has the version from before until the log is moved there."""
    await filled(path)
    change_version(path, FIRST_VERSION - 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        assert faults(path) == []
        assert at_one_moment(path, lambda snapshot: pragma(snapshot, "user_version")) == VERSION


def change_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


async def test_a_damaged_page_is_told_and_nothing_is_built_on_it(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([entry(str(number)) for number in range(2_000)])
    overwrite(path, 2 * PAGE_BYTES, b"\xaa" * PAGE_BYTES)

    first, more = only_fault(path).split(", and ")
    assert re.search(r"is damaged \(\w.* 3: ", first)
    assert more == "99 more)"
    assert look(path)[-1].check == "pages"


async def test_the_only_fault_of_a_file_is_told_alone(path: Path) -> None:
    await filled(path)
    pages = lengthen(path)

    assert only_fault(path) == f"{path}: is damaged (Page {pages} is never used)"


async def test_a_schema_that_is_no_text_is_damaged(path: Path) -> None:
    """SQLite quotes it in its own words, which are none in any encoding then."""
    await filled(path)
    replace(path, b"CREATE TABLE pause", b"CREATE\xd3TABLE pause")

    assert "is damaged" in only_fault(path)


async def test_tables_that_are_not_there_are_named(path: Path) -> None:
    """Where no event waits or is dead, nothing else misses them."""
    await filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE key_use")
        connection.execute("DROP TABLE outcome")

    assert "is damaged (no table key_use, and 1 more)" in only_fault(path)


@pytest.mark.parametrize("kept", [200, 4_096, 9_000])
async def test_a_file_that_is_cut_off_is_damaged(path: Path, kept: int) -> None:
    await filled(path)
    os.truncate(path, kept)

    assert "is damaged" in only_fault(path)


@pytest.mark.parametrize(("damaged", "lost"), [(b"\xc1", 2), (SPOILT, 1)], ids=["all", "one"])
async def test_events_that_cannot_be_read_are_counted_and_no_reason_to_give_up_the_journal(
    path: Path, damaged: bytes, lost: int
) -> None:
    async with opened(path) as journal:
        await journal.append([entry("a"), entry("b")])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE log SET entries = ?", (damaged,))

    [of_the_log] = faults(path)
    assert of_the_log.message == f"lane 0: group 1 of the log: {lost} of 2 events cannot be read"
    assert of_the_log.fix == LEAVE


async def test_an_event_that_cannot_be_read_is_no_fault_of_the_figures(path: Path) -> None:
    """Nobody can tell that it was skipped, and so it seemed to wait beyond what should."""
    await filled(path)
    change(path, "UPDATE log SET entries = x'c1' WHERE id = 2")

    assert "group 2 of the log" in only_fault(path)
    assert "cannot be read" in only_fault(path)


async def test_a_group_that_holds_less_than_it_says_is_named(path: Path) -> None:
    await filled(path)
    change(path, "UPDATE log SET entries = x'90' WHERE id = 3")

    assert "holds 0 events, not 1" in faults(path)[0].message


async def test_a_gap_in_the_log_is_told(path: Path) -> None:
    async with opened(path) as journal:
        for name in "abc":
            await journal.append([entry(name)])
    change(path, "DELETE FROM log WHERE id = 2")

    assert faults(path)[0].message == "lane 0: offset 2 follows where 1 should"


async def test_groups_of_a_lane_that_never_was_are_told(path: Path) -> None:
    await filled(path)
    change(path, "UPDATE log SET lane = 7 WHERE id = 3")

    assert faults(path)[0].message == "1 groups of the log belong to no lane"


async def test_a_log_that_ends_elsewhere_is_told(path: Path) -> None:
    await filled(path)
    change(path, "UPDATE log_end SET next = 9 WHERE lane = 0")

    assert faults(path)[0].message == "lane 0: the log ends at 6, not at 9"


async def test_of_many_faults_the_first_are_told_and_the_others_counted(path: Path) -> None:
    async with opened(path) as journal:
        for number in range(LISTED + 5):
            await journal.append([entry(str(number))])
    change(path, "UPDATE log SET entries = x'c1'")

    assert len(faults(path)) == LISTED + 1
    assert faults(path)[-1].message == "5 more problems like these"


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("kind", ["accepted", "delivered", "skipped", "dead"])
async def test_sums_that_do_not_hold_are_told(path: Path, kind: str, by: int) -> None:
    await filled(path)
    change(path, "UPDATE total SET count = count + ? WHERE kind = ? AND who = 'p'", by, kind)

    assert only_fault(path).startswith("p: 2 wait, but")


async def test_a_retry_that_is_gone_breaks_the_sum(path: Path) -> None:
    await filled(path)
    change(path, "DELETE FROM retry")

    assert only_fault(path).startswith("p: 1 wait, but 2 should")


async def test_only_what_waited_for_a_destination_when_it_left_may_be_lost(path: Path) -> None:
    """Retention has taken two such events, one that was delivered before, and one from after."""
    async with opened(path) as journal:
        for name in "abc":
            await journal.append([entry(name)])
        first = (await journal.read("t", Lane.MONEY, 0, 1)).pending
        await journal.settle("t", Settlement(receipt=RECEIPT, delivered=first))
    async with opened(path, "p") as journal:
        await journal.append([entry("d")])
        waiting = (await journal.read("p", Lane.MONEY, 0, 4)).pending
        await journal.settle("p", Settlement(receipt=RECEIPT, delivered=waiting))
        await journal.maintain(NOW_MS + 3_600_000)
    assert not faults(path)

    change(path, "UPDATE total SET count = count + 1 WHERE kind = 'accepted' AND who = 't'")
    assert only_fault(path).startswith("t: 0 wait, but 3 should")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("position", 99, "the cursor is at 99, but the log ends at 6"),
        ("position", -1, "before its start"),
        ("start", 5, "before its start at 5"),
        ("until", 99, "it left at 99"),
        ("ahead", b"\xc1", "cannot be read"),
        ("ahead", [(4, 6)], "not within the log"),
        ("ahead", [(3, 3)], "out of order"),
        ("ahead", [(5, 4)], "out of order"),
        ("ahead", [(4, 4), (5, 5)], "out of order"),
    ],
)
async def test_a_cursor_that_cannot_be_is_told(
    path: Path, column: str, value: int | bytes | Sequence[tuple[int, int]], words: str
) -> None:
    """The cursor of `p` is at 3 of 6 events."""
    await filled(path)
    stored = value if isinstance(value, int | bytes) else msgspec.msgpack.encode(value)
    change(path, f"UPDATE cursor SET {column} = ? WHERE destination = 'p' AND lane = 0", stored)

    assert words in faults(path)[0].message


async def test_a_cursor_at_what_the_log_forgot_is_told(path: Path) -> None:
    await filled(path)
    change(path, "DELETE FROM log WHERE id = 1")

    assert any("the log begins at 4" in each.message for each in faults(path))


async def test_a_destination_without_its_cursors_is_told(path: Path) -> None:
    await filled(path)
    change(path, "DELETE FROM cursor WHERE destination = 't' AND lane = 1")

    assert only_fault(path) == "t: has no cursor in some lane"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE dead SET position = 99 WHERE id = 1", "1 dead letters are at no place"),
        ("UPDATE dead SET lane = 7", "2 dead letters are at no place"),
        ("UPDATE dead SET reason = 'mood' WHERE id = 1", "a reason that nobody knows"),
        ("UPDATE dead SET entry = x'c1' WHERE id = 1", "1 dead letter cannot be read"),
        ("UPDATE retry SET position = 99", "1 retries are at no place"),
        ("UPDATE retry SET position = 1", "dead and wait for a retry at once"),
        ("UPDATE retry SET entry = x''", "1 retried event cannot be read"),
        ("UPDATE receipt_span SET last = 99 WHERE lane = 0", "receipts cover no place"),
        ("UPDATE receipt_span SET last = first - 1 WHERE lane = 0", "a stretch that is none"),
        ("UPDATE receipt SET exceptions = x'c1' WHERE id = 1", "1 receipt cannot be read"),
    ],
)
async def test_a_row_that_cannot_be_is_told(path: Path, statement: str, words: str) -> None:
    await filled(path)
    change(path, statement)

    assert words in " ".join(each.message for each in faults(path) if each.check == "rows")
    assert {each.check for each in faults(path)} == {"rows"}


async def test_the_watcher_hears_of_all_the_events_of_the_log(path: Path) -> None:
    await filled(path)
    heard: list[tuple[str, int, int | None]] = []

    verify(path, lambda *told: heard.append(told))

    assert heard[0] == ("Checking pages", 0, None)
    assert [(done, total) for step, done, total in heard if step == "Reading the log"][-1] == (7, 7)


async def test_the_watcher_hears_how_many_rows_are_read(path: Path) -> None:
    await filled(path)
    change(
        path,
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)"
        " INSERT INTO receipt (destination, at_ms, duration_ms, outcome, code, message, request_id,"
        " exceptions) SELECT 'p', 0, 0, 'ok', '', '', '', x'90' FROM number",
        2 * WATCHED_ROWS,
    )
    heard: list[tuple[str, int, int | None]] = []

    findings = verify(path, lambda *told: heard.append(told))

    total = 2 * WATCHED_ROWS + 5  # with two dead letters, one retry and two receipts
    read = [told for step, *told in heard if step == "Reading dead letters and receipts"]
    assert read == [[WATCHED_ROWS, total], [2 * WATCHED_ROWS, total]]
    assert findings[-1].message == "2 dead letters, 1 event to retry, 2,002 receipts"
