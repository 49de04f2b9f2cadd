"""`relay doctor` beside a running relay."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import msgspec
import pytest
from msgspec.structs import replace

from relay.cli import run
from relay.identity import Identity
from relay.journal.codec import entry_of
from relay.journal.sqlite import SqliteJournal
from tests.bench.corpus import Shop as Customers
from tests.given.command.process import Shop, fetch
from tests.given.event.builders import DIGEST, conversion


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


async def test_shares_are_those_of_the_events_of_that_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what a group carries; what is left out, of the whole group."""
    monkeypatch.chdir(tmp_path)
    now_ms = round(time.time() * 1000)
    lead = conversion("lead-1", "lead", received_ms=now_ms)
    leads = [
        lead,
        replace(lead, event_id="lead-2", hashed=1),
        replace(lead, event_id="lead-3", unusable=(("email", "sent to one platform alone"),)),
        *(
            replace(
                lead,
                event_id=event_id,
                identity=Identity(external_id=(DIGEST,)),
                unusable=(("email", "left out: no address"),),
            )
            for event_id in ("lead-4", "lead-5")
        ),
    ]
    reasons = (("phone", "left out: too short"), ("phone", "left out: a placeholder"))
    leads.append(replace(lead, event="signup", unusable=reasons))
    old = conversion("old", received_ms=now_ms - 3 * 86_400_000)
    journal = SqliteJournal(
        tmp_path / "data" / "relay.db.sandbox",
        clock=time.time,
        max_size_bytes=2**30,
        retention_s=7 * 86_400,
    )
    await journal.open([])
    await journal.append([entry_of(old, {}, {})])
    await journal.append([entry_of(each, {}, {}) for each in leads])
    await journal.close()
    run(["doctor", "--sandbox"])
    day = " ".join(capsys.readouterr().out.split())
    run(["doctor", "--sandbox", "--since", "7d"])
    week = " ".join(capsys.readouterr().out.split())

    carried = (
        "email 60 % (33 % hashed, 33 % for one platform only, 40 % unusable), external_id 40 %"
    )
    assert f"lead - 5 {carried}" in day
    assert "signup - 1 email 100 %, phone 0 % (100 % unusable)" in day
    assert "6 events looked at" in day
    assert "purchase - 1 email 100 %" in week
    assert "7 events looked at" in week


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
