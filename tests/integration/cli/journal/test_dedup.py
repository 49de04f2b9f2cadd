"""`relay dedup` as a process, over a journal that a relay wrote, also while one runs."""

import json
import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.settlement import Receipt, Settlement
from relay.journal.sqlite import SqliteJournal
from tests.given.command.process import Ended, Shop, assert_one_line
from tests.given.event.builders import DIGEST, NOW_S, conversion

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
"""
RECEIPT = Receipt(at_ms=NOW_S * 1000 + 500, duration_ms=5, outcome="ok", http_status=200)
FINE = f"""\
event_id,event_name,time,order_id,platform
e-1,checkout,{NOW_S},1,pinterest
e-1,Purchase,{NOW_S},1,tiktok
e-2,checkout,{NOW_S},2,pinterest
e-2,Purchase,{NOW_S},2,tiktok
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.of(tmp_path)
    (tmp_path / "relay.toml").write_text(CONFIG)
    return shop


async def write_journal(path: Path) -> None:
    """Two purchases, delivered to both platforms."""
    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(["pinterest-main", "tiktok-main"])
    await journal.append(
        [entry_of(conversion(f"e-{n}", order=Order(Decimal(5), "EUR", str(n))), {}) for n in (1, 2)]
    )
    for name in ("pinterest-main", "tiktok-main"):
        chunk = await journal.read(name, Lane.MONEY, 0, 10)
        await journal.settle(name, Settlement(receipt=RECEIPT, delivered=chunk.pending))
    await journal.close()


async def test_a_shop_that_does_it_right_is_told_so_with_0(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("dedup", "-", stdin=FINE)

    assert (ended.code, ended.err) == (0, "")
    assert "pinterest-main: none of 2 events is counted twice." in ended.out
    assert "tiktok-main: none of 2 events is counted twice." in ended.out
    assert "Only the browser" not in ended.out


@pytest.mark.parametrize("spoilt", [b"e-2", DIGEST.encode()], ids=["its head", "its person"])
async def test_an_event_that_cannot_be_read_proves_nothing_and_the_others_are_compared(
    shop: Shop, spoilt: bytes
) -> None:
    await write_journal(shop.folder / "shop.db")
    with closing(sqlite3.connect(shop.folder / "shop.db", isolation_level=None)) as journal:
        [(data,)] = journal.execute("SELECT entries FROM log").fetchall()
        assert spoilt in data
        at = data.rindex(spoilt) + 1
        journal.execute("UPDATE log SET entries = ?", (data[:at] + b"\xff" + data[at + 1 :],))

    ended = shop.run("dedup", "-", stdin=FINE)

    assert ended.code == 1
    assert ended.err == (
        "left out: 1 event of the journal that cannot be read; relay journal check says more\n"
    )
    assert "pinterest-main: the only event counts once." in ended.out


async def test_a_file_without_an_event_proves_nothing(shop: Shop) -> None:
    """An export that failed must not look like a shop that does it right."""
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("dedup", "-", stdin="event_id,event_name\n")

    assert (ended.code, ended.err) == (1, "")
    assert "no event was sent in the time that the file covers" in ended.out
    assert "server alone" not in ended.out
    assert "0 events of the browser looked at." in ended.out


async def test_each_cause_is_told_with_an_example_and_what_to_do(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")
    pixel = FINE.replace("Purchase", "CompletePayment", 1).replace("e-2", "E2-browser")

    ended = shop.run("dedup", "-", stdin=pixel)
    told = shop.run("dedup", "-", "--json", stdin=pixel)

    assert ended.code == told.code == 1
    assert "tiktok-main: 2 of 2 events are counted twice, or may be" in ended.out
    assert "Purchase e-1 here, CompletePayment e-1 in the browser" in ended.out
    assert "purchase e-2 here, Purchase E2-browser in the browser, same order" in ended.out
    assert "Give both sides the same id, to the letter" in ended.out
    found = json.loads(told.out)
    counts = {
        each["destination"]: {doubt["cause"]: doubt["events"] for doubt in each["doubts"]}
        for each in found["destinations"]
    }
    assert counts == {
        "pinterest-main": {"id_differs": 1},
        "tiktok-main": {"id_differs": 1, "name_differs": 1},
    }
    assert (found["sound"], found["browser_events"], found["browser_only"]) == (False, 4, [])


async def test_one_order_on_trial_is_found_under_another_id_though_the_page_told_it_later(
    shop: Shop,
) -> None:
    """The time that a file covers begins with the browser's event, which follows the order."""
    await write_journal(shop.folder / "shop.db")
    pixel = f"event_id,event_name,time,order_id\nbrowser-1,Purchase,{NOW_S + 6},1\n"

    ended = shop.run("dedup", "-", "--json", stdin=pixel)

    assert ended.code == 1
    found = json.loads(ended.out)
    assert [
        (each["twice"], each["server_only"], each["outside"]) for each in found["destinations"]
    ] == [(1, 0, 1)] * 2
    assert found["browser_only"] == []


async def test_what_only_one_side_sent_is_told_and_is_no_fault(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")
    pixel = (
        "event_id,event,time\n"
        f"e-1,purchase,{NOW_S}\nb-9,purchase,{NOW_S + 500}\nb-10,pagevisit,{NOW_S + 500}\n"
    )

    ended = shop.run("dedup", "-", "--json", stdin=pixel)

    assert ended.code == 0
    found = json.loads(ended.out)
    assert [(each["once"], each["server_only"]) for each in found["destinations"]] == [(1, 1)] * 2
    assert [
        (each["event"], each["events"], each["server_sends"]) for each in found["browser_only"]
    ] == [("page_view", 1, False), ("purchase", 1, True)]


async def test_bad_lines_are_named_and_the_job_is_not_done(shop: Shop) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("dedup", "-", stdin=FINE + "e-3,,,,\n")

    assert ended.code == 1
    assert ended.err == "line 6: it has no event name\n"


def test_the_template_needs_nothing_and_is_a_file_that_it_reads(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    ended = shop.run("dedup", "--template")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("event_id,event_name,time,order_id,platform\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ([], "", "--template prints one"),
        (["-"], "event_id\nx\n", "no column for the event name"),
        (["missing.csv"], "", "missing.csv"),
        (["-", "-c", "other.toml"], "event_id,event\n", "other.toml"),
    ],
)
async def test_wrong_usage_is_one_line_and_2(
    shop: Shop, arguments: list[str], stdin: str, said: str
) -> None:
    await write_journal(shop.folder / "shop.db")

    ended = shop.run("dedup", *arguments, stdin=stdin)

    assert_one_line(ended, 2, said)


def test_it_reads_beside_a_running_relay(tmp_path: Path) -> None:
    """A sandbox takes a purchase; the browser's list says that it was sent there, too."""
    shop = Shop.of(tmp_path)
    now_s = int(time.time())
    event = {
        "event": "purchase",
        "event_id": "e-1",
        "event_time": now_s,
        "user": {"email": "jane@x.example"},
        "page": {"url": "https://shop.example/thanks"},
    }
    pixel = f"event_id,event,time\ne-1,purchase,{now_s}\n"
    ended: list[Ended] = []

    def is_looked_at() -> bool:
        ended.append(shop.run("dedup", "-", "--sandbox", stdin=pixel))
        return "tiktok-sandbox: the only event counts once" in ended[-1].out

    with shop.serving("--sandbox") as relay:
        assert shop.run("send", "-", stdin=json.dumps(event)).code == 0
        relay.wait_until(is_looked_at)
        assert relay.end() == 0
    assert ended[-1].code == 0
