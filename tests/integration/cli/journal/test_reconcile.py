"""`relay reconcile` as a process, over journals that a relay wrote, also while one runs."""

import csv
import json
import os
import pty
import sqlite3
import subprocess
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Passed
from relay.journal.settlement import Dead, Receipt, Settlement
from relay.journal.sqlite import SqliteJournal
from tests.given.command.process import Ended, Shop, assert_one_line, command
from tests.given.event.builders import NOW_S, conversion

CONFIG = """
[journal]
path = "shop.db"
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:PINTEREST_TOKEN"
[destinations.tiktok-main]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TIKTOK_TOKEN"
test_event_code = "TEST123"
"""
RECEIPT = Receipt(at_ms=NOW_S * 1000 + 500, duration_ms=5, outcome="partial", http_status=200)
ORDERS = f"""\
order_id,time,value,currency
A-1,{NOW_S},10.00,EUR
A-2,{NOW_S},20.00,EUR
A-3,{NOW_S},30.00,USD
A-4,{NOW_S - 86_400},40.00,EUR
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.of(tmp_path)
    (tmp_path / "relay.toml").write_text(CONFIG)
    (tmp_path / "orders.csv").write_text(ORDERS)
    return shop


async def write_journal(path: Path) -> None:
    """A-1 is delivered to both; A-2 dead at Pinterest, waiting for TikTok; A-3 lacks consent."""
    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(["pinterest-main", "tiktok-main"])
    no_consent = Passed("skipped", "no_consent")
    duplicate = dict.fromkeys(("pinterest-main", "tiktok-main"), Passed("skipped", "duplicate"))
    await journal.append(
        [
            entry_of(conversion("e-1", order=Order(Decimal(10), "EUR", "A-1")), {}),
            entry_of(conversion("e-1", order=Order(Decimal(10), "EUR", "A-1")), duplicate),
            entry_of(conversion("e-2", order=Order(Decimal(19), "EUR", "A-2")), {}),
            entry_of(
                conversion("A-3", order=Order(Decimal(30), "USD")),
                {"pinterest-main": no_consent, "tiktok-main": no_consent},
            ),
            entry_of(conversion("e-4", "signup", order=Order(order_id="A-4")), {}),
        ]
    )
    for name in ("pinterest-main", "tiktok-main"):
        chunk = await journal.read(name, Lane.MONEY, 0, 10)
        first, second, *_ = chunk.pending
        dead = [Dead(second, "platform_rejected", "2804", "=refused")] if "pin" in name else []
        await journal.settle(name, Settlement(receipt=RECEIPT, delivered=[first], dead=dead))
    await journal.close()


def shares(found: Any, name: str) -> dict[tuple[str, str | None], int]:
    [of] = [each for each in found["destinations"] if each["destination"] == name]
    return {(share["state"], share["reason"]): share["orders"] for share in of["shares"]}


async def test_every_order_is_told_at_each_destination_with_its_reason(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("reconcile", "orders.csv", "--json")

    assert (ended.code, ended.err) == (1, "")
    found = json.loads(ended.out)
    usual = {
        ("delivered", None): 1,
        ("skipped", "no_consent"): 1,
        ("unknown", "before_journal"): 1,
    }
    assert shares(found, "pinterest-main") == usual | {("dead", "platform_rejected"): 1}
    assert shares(found, "tiktok-main") == usual | {("pending", None): 1}
    [tiktok] = [each for each in found["destinations"] if each["destination"] == "tiktok-main"]
    assert tiktok["value"] == {"EUR": "70.00", "USD": "30.00"}
    assert tiktok["test"] is True
    assert tiktok["differences"] == [
        {"currency": "EUR", "orders": 1, "shop": "20.00", "relay": "19"}
    ]
    assert (found["complete"], found["orders"], found["unreadable"]) == (False, 4, 0)


async def test_people_get_a_table_and_a_sentence_for_each_platform(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("reconcile", "orders.csv")

    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[0].split() == [
        *("Destination", "Delivered", "Waiting", "Not", "delivered", "Skipped", "Unknown")
    ]
    assert lines[1].split() == ["pinterest-main", "1", "0", "1", "1", "1"]
    [pinterest] = [line for line in lines if line.startswith("pinterest-main: ")]
    assert "1 of 4 orders has arrived, worth 10.00 EUR of 70.00 EUR and 30.00 USD" in pinterest
    assert "1 will not be sent, worth 20.00 EUR: refused by the platform" in pinterest
    assert "so it cannot tell (since 2026-01-01 00:00 UTC)" in pinterest
    [tiktok] = [line for line in lines if line.startswith("tiktok-main: ")]
    assert "in test mode, where the platform records nothing" in tiktok
    [example] = [line for line in lines if line.startswith("A-2 ") and "pinterest" in line]
    assert example.split(maxsplit=2)[2].startswith("Not delivered")


async def test_for_an_event_that_cannot_be_read_the_others_are_told_and_no_order_is_missing(
    shop: Shop,
) -> None:
    """A disk has spoilt one of them; whose order it was, nobody can say."""
    await write_journal(shop.folder / "shop.db")
    with closing(sqlite3.connect(shop.folder / "shop.db", isolation_level=None)) as journal:
        [(data,)] = journal.execute("SELECT entries FROM log WHERE lane = 0").fetchall()
        journal.execute(
            "UPDATE log SET entries = ? WHERE lane = 0", (data.replace(b"e-2", b"e\xff2"),)
        )

    ended = shop.run("reconcile", "orders.csv", "--json")
    for_people = shop.run("reconcile", "orders.csv")

    assert (ended.code, ended.err) == (1, "")
    found = json.loads(ended.out)
    assert found["events_unreadable"] == 1
    assert shares(found, "tiktok-main") == {
        ("delivered", None): 1,
        ("skipped", "no_consent"): 1,
        ("unknown", "unreadable"): 1,
        ("unknown", "before_journal"): 1,
    }
    assert for_people.code == 1
    assert for_people.err == (
        "left out: 1 event of the journal that cannot be read; relay journal check says more\n"
    )
    assert "not on record, unless among the events that cannot be read" in for_people.out


@pytest.mark.parametrize("out", ["/dev/stdout", "-"])
async def test_a_file_that_the_output_goes_to_keeps_what_it_holds_and_gets_the_lines(
    shop: Shop, out: str
) -> None:
    """`--out /dev/stdout >> all.csv` must not put the lines in the place of what is there."""
    await write_journal(shop.folder / "shop.db")
    everything = shop.folder / "all.csv"
    everything.write_text("yesterday\n")

    said = appended_to(everything, shop, out)

    first, header, *lines = everything.read_text().splitlines()
    assert (first, header[:9], len(lines)) == ("yesterday", "order_id,", 8)
    assert "1 of 4 orders has arrived" in said


def appended_to(path: Path, shop: Shop, out: str) -> str:
    """Run the command with its output going to the end of a file; return what it says beside."""
    with path.open("ab") as file:
        ended = subprocess.run(
            command("reconcile", "orders.csv", "--out", out),
            cwd=shop.folder,
            env=shop.environment({}),
            stdout=file,
            stderr=subprocess.PIPE,
            check=False,
        )
    return ended.stderr.decode()


async def test_the_result_has_a_line_for_each_order_and_destination(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("reconcile", "orders.csv", "--out", "result.csv")

    assert ended.code == 1
    path = shop.folder / "result.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["order_id"], row["destination"]) for row in rows] == [
        (f"A-{number}", name)
        for number in range(1, 5)
        for name in ("pinterest-main", "tiktok-main")
    ]
    assert rows[0] == {
        "order_id": "A-1",
        "time": "2026-01-01T00:00:00Z",
        "value": "10.00",
        "currency": "EUR",
        "destination": "pinterest-main",
        "state": "delivered",
        "reason": "",
        "platform_code": "",
        "platform_message": "",
        "relay_value": "10",
        "relay_currency": "EUR",
        "event_id": "e-1",
        "delivered_at": "2026-01-01T00:00:00Z",
        "deliveries": "1",
    }
    refused = rows[2]
    assert (refused["state"], refused["platform_code"]) == ("dead", "2804")
    assert refused["platform_message"] == "'=refused", "a spreadsheet must not compute it"
    assert sorted(each.name for each in shop.folder.iterdir()) == [
        *("orders.csv", "relay.toml", "result.csv", "shop.db", "shop.db.lock"),
    ]


async def test_all_delivered_ends_with_0_also_from_stdin_and_for_one_destination(
    shop: Shop,
) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run(
        *("reconcile", "-", "--destination", "tiktok-main", "--currency", "eur"),
        stdin="id;total\nA-1;10,00\n",
    )

    assert (ended.code, ended.err) == (0, "")
    assert "tiktok-main: the only order has arrived" in ended.out
    assert "pinterest-main" not in ended.out


async def test_bad_lines_are_named_and_the_job_is_not_done(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run(
        *("reconcile", "-", "--destination", "tiktok-main"),
        stdin="id,value,currency\nA-1,10.00,EUR\n,5,EUR\nA-1,10.00,EUR\n",
    )

    assert ended.code == 1
    assert ended.err == "line 3: it has no order id\n"
    assert "1 order; 1 line naming one of them again; 1 line that could not be read" in ended.out


@pytest.mark.parametrize("order_id", ["A-1  ", "  "])
async def test_blanks_around_an_id_make_no_other_order(shop: Shop, order_id: str) -> None:
    """A backend that posts a padded column exports it padded, too; blanks alone are no id."""
    journal = SqliteJournal(
        shop.folder / "shop.db", clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60
    )
    await journal.open(["pinterest-main"])
    await journal.append([entry_of(conversion("A-1", order=Order(order_id=order_id)), {})])
    await journal.close()

    ended = shop.run("reconcile", "-", stdin='order_id\n"A-1  "\n')

    assert "1 waits to be sent" in ended.out


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["-"], "value,currency\n1,EUR\n", "no column for the order id"),
        (["-", "--destination", "facebook"], "id\nA\n", "knows no destination facebook"),
        (["-", "--currency", "euro"], "id\nA\n", "--currency"),
        (["orders.csv", "--out", "orders.csv"], "", "holds the orders themselves"),
        (["orders.csv", "--out", "shop.db"], "", "is the journal itself"),
        (["orders.csv", "--out", "no/such/folder.csv"], "", "choose another file"),
        (["missing.csv"], "", "missing.csv"),
        (["orders.csv", "-c", "other.toml"], "", "other.toml"),
    ],
)
async def test_wrong_usage_is_one_line_and_2(
    shop: Shop, arguments: list[str], stdin: str, said: str
) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("reconcile", *arguments, stdin=stdin)

    assert_one_line(ended, 2, said)
    assert (shop.folder / "orders.csv").read_text() == ORDERS


def test_a_missing_journal_is_one_line_and_1(shop: Shop) -> None:
    ended = shop.run("reconcile", "orders.csv")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("relay: shop.db: is not there; start the relay once")


def on_a_terminal(shop: Shop, *arguments: str) -> tuple[int, bytes, bytes]:
    """Run a command with stderr on a terminal; return its code, its output, and what is shown."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            command(*arguments),
            cwd=shop.folder,
            env=shop.environment({"TERM": "xterm"}),
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=False,
        )
        return done.returncode, done.stdout, os.read(ours, 65_536)
    finally:
        os.close(ours)
        os.close(theirs)


async def test_a_terminal_sees_how_far_it_is(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")
    lines = "".join(f"B-{number},{NOW_S},1.00,EUR\n" for number in range(5_000))
    (shop.folder / "orders.csv").write_text(ORDERS + lines)

    code, out, shown = on_a_terminal(shop, "reconcile", "orders.csv")

    assert code == 1
    assert b"Comparing" in shown
    assert b"Comparing" not in out


@pytest.mark.parametrize("arguments", [["reconcile", "orders.csv"], ["dedup", "orders.csv"]])
async def test_a_journal_that_serves_nobody_is_one_line_and_1(
    shop: Shop, arguments: list[str]
) -> None:
    journal = SqliteJournal(
        shop.folder / "shop.db", clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60
    )
    await journal.open([])
    await journal.close()
    (shop.folder / "orders.csv").write_text("id,event\nA-1,purchase\n")

    ended = shop.run(*arguments)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("start the relay once with its destinations configured\n")


def test_it_reads_beside_a_running_relay_and_leaves_nothing(tmp_path: Path) -> None:
    """The emulated platforms take the orders; then the shop asks whether they have arrived."""
    shop = Shop.of(tmp_path)
    events = "".join(f"{json.dumps(purchase(number))}\n" for number in range(20))
    orders = "order_id,value,currency\n" + "".join(f"A-{n},9.99,EUR\n" for n in range(20))
    ended: list[Ended] = []

    def arrived() -> bool:
        ended.append(shop.run("reconcile", "-", "--sandbox", stdin=orders))
        return ended[-1].code == 0

    with shop.serving("--sandbox") as relay:
        assert shop.run("send", "-", stdin=events).code == 0
        relay.wait_until(arrived)
        assert relay.end() == 0

    assert "all 20 orders have arrived, worth 199.80 EUR" in ended[-1].out
    assert sorted(each.name for each in (tmp_path / "data").iterdir()) == [
        "relay.db.sandbox",
        "relay.db.sandbox.lock",
    ]


def purchase(number: int) -> dict[str, object]:
    """Return a purchase of just now."""
    return {
        "event": "purchase",
        "event_id": f"e-{number}",
        "event_time": int(time.time()),
        "user": {"email": f"jane{number}@x.example"},
        "order": {"value": "9.99", "currency": "EUR", "order_id": f"A-{number}"},
        "page": {"url": "https://shop.example/thanks"},
    }
