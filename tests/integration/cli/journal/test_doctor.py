"""`relay doctor` beside a running relay."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import msgspec

from tests.bench.corpus import Shop as Customers
from tests.given.command.process import Shop, fetch


def post(shop: Shop, body: bytes) -> None:
    url = f"http://127.0.0.1:{shop.producers}/v1/events"
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, body, headers), timeout=10) as answer:
        answer.read()


def a_day(seed: int) -> list[Any]:
    return list(Customers(seed, datetime.now(UTC)).events(300))


def test_it_lists_what_to_mend_and_ends_with_1(tmp_path: Path) -> None:
    """Ids of two orders as well, of which the second is stored as a duplicate."""
    shop = Shop.of(tmp_path)
    events = a_day(3)
    with shop.serving("--sandbox"):
        assert "No event came" in shop.run("doctor", "--sandbox").out
        for event in events:
            del event["user"]["email"]
        for event in events[:5]:
            event["user"]["phone"] = "?"
        for event in events[5:10]:
            event["user"] = {"external_id": event["event_id"], "phone": "1234567"}
        for event in [event for event in events if event["event"] == "purchase"][:2]:
            event["event_id"] = "order"
        post(shop, msgspec.json.encode([*events, {"event": "purchase"}]))
        told = shop.run("doctor", "--sandbox", RELAY_JOURNAL__PATH="data/relay.db")
        ended = shop.run("doctor", "--sandbox", "--json")
        asked = fetch(f"http://127.0.0.1:{shop.admin}/api/v1/doctor")
    assert "None of these events carry an e-mail address" in told.out
    assert " for one platform only" in told.out
    assert ended.code == 1
    found = json.loads(ended.out)
    assert found == asked
    assert found["events"] == 300
    assert {each["code"] for each in found["findings"]} == {
        *("no_email", "rejected", "reused_event_id", "unusable")
    }
    assert sum(each["events"] for each in found["match"]) == 300


def test_a_clean_day_has_nothing_to_mend(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox"):
        post(shop, msgspec.json.encode(a_day(4)))
        ended = shop.run("doctor", "--sandbox")
    assert (ended.code, ended.err) == (0, "")
    assert "300 events looked at: nothing to fix." in ended.out


def test_a_damaged_journal_is_one_line(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox"):
        post(shop, msgspec.json.encode(a_day(5)))
    [journal] = (tmp_path / "data").glob("*.sandbox")
    journal.write_bytes(journal.read_bytes()[:5_000])
    ended = shop.run("doctor", "--sandbox")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "is damaged" in ended.err


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    ended = shop.run("doctor", "--sandbox", "--since", "yesterday")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    ended = shop.run("doctor", "--sandbox")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
