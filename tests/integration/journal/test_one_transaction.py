"""A commit is whole or not at all: the power is cut before each of its statements in turn."""

import shutil
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from relay.conversion import Order
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Entry
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.journal.sqlite import SqliteJournal
from tests.given.event.builders import NOW_S, conversion
from tests.given.journal.failing import Disk, connections_on
from tests.given.journal.memory import memory
from tests.property.journal_model import DESTINATIONS, View, views_of

RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=1, outcome="partial", http_status=200)
NOTHING: dict[Lane, list[str]] = {lane: [] for lane in Lane}

Action = Callable[[SqliteJournal], Awaitable[None]]


def journal_in(folder: Path, disk: Disk) -> SqliteJournal:
    return SqliteJournal(
        folder / "relay.db",
        clock=lambda: NOW_S,
        max_size_bytes=2**30,
        retention_s=86_400,
        probe_interval_s=3_600,
        connect=connections_on(disk),
    )


def worth(event_id: str, value: int) -> Entry:
    order = Order(value=Decimal(value), currency="USD")
    return entry_of(conversion(event_id, order=order), {}, {})


async def append(journal: SqliteJournal) -> None:
    await journal.append([worth("a", 1), worth("b", 2), worth("c", 4)])


async def settle(journal: SqliteJournal) -> None:
    """Deliver the first of three events, give up the second, try the third again."""
    a, b, c = (await journal.read("p", Lane.MONEY, 0, 10)).pending
    await journal.settle(
        "p",
        Settlement(
            receipt=RECEIPT,
            delivered=[a],
            dead=[Dead(b, "platform_rejected")],
            retry=[Retry(c, NOW_S * 1000)],
        ),
    )


async def nothing(journal: SqliteJournal) -> None:
    """Do nothing before."""


async def cut_off(
    folder: Path, before: Action, action: Action, statement: int
) -> tuple[View, bool]:
    """Return what a restart finds if the power was cut at a statement, and if it was too late."""
    disk = Disk()
    journal = journal_in(folder, disk)
    await journal.open(DESTINATIONS)
    try:
        await before(journal)
        disk.fail_after(statement)
        try:
            await action(journal)
        except JournalUnavailable:
            done = False
        else:
            done = True
        (folder / "cut").mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{folder}/relay.db{suffix}", f"{folder}/cut/relay.db{suffix}")
    finally:
        disk.mend()
        await journal.close()
    return await found_in(folder / "cut"), done


async def found_in(folder: Path) -> View:
    journal = journal_in(folder, Disk())
    await journal.open(DESTINATIONS)
    try:
        return (await views_of(journal))["p"]
    finally:
        await journal.close()


WAITING = View({**NOTHING, Lane.MONEY: ["a", "b", "c"]}, {}, {"accepted": 3, "pending": 3}, worth=7)
SETTLED = View(NOTHING, {"c": 1}, {"accepted": 3, "pending": 1, "delivered": 1, "dead": 1}, worth=4)


@pytest.mark.parametrize(
    ("before", "action", "unchanged", "changed"),
    [
        (nothing, append, View(NOTHING, {}, {"accepted": 0}, worth=0), WAITING),
        (append, settle, WAITING, SETTLED),
    ],
)
async def test_a_power_cut_at_any_statement_leaves_all_of_it_or_nothing(
    before: Action, action: Action, unchanged: View, changed: View
) -> None:
    """The log, the cursor, the exceptions and the counts change together."""
    for statement in range(100):
        with TemporaryDirectory(dir=memory()) as folder:
            found, done = await cut_off(Path(folder), before, action, statement)
        assert found == (changed if done else unchanged), f"cut at statement {statement}"
        if done:
            break
    assert statement > 3, "no statement was cut"
