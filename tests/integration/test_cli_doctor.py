"""`relay doctor` beside a running relay."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import msgspec

from tests.bench.corpus import Shop as Customers
from tests.integration.cli_process import Shop, fetch


def post(shop: Shop, body: bytes) -> None:
    url = f"http://127.0.0.1:{shop.producers}/v1/events"
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, body, headers), timeout=10) as answer:
        answer.read()


def test_it_lists_what_to_mend_and_ends_with_1(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    events = list(Customers(3, datetime.now(UTC)).events(300))
    with shop.serving("--sandbox"):
        assert "nothing to mend" in shop.run("doctor", "--sandbox").out
        for event in events:
            del event["user"]["email"]  # type: ignore[attr-defined]  # JSON
        unusable = {**events[0], "event_id": "unusable", "user": {"email": "?", "external_id": "7"}}
        post(shop, msgspec.json.encode([*events, {"event": "purchase"}, unusable]))
        told = shop.run("doctor", "--sandbox", RELAY_JOURNAL__PATH="data/relay.db")
        ended = shop.run("doctor", "--sandbox", "--json")
        asked = fetch(f"http://127.0.0.1:{shop.admin}/api/v1/doctor")
    assert "Only 0% carry an e-mail address" in told.out
    assert ended.code == 1
    found = json.loads(ended.out)
    assert found["events"] == asked["events"] == 301
    assert {each["code"] for each in found["findings"]} == {"no_email", "rejected"}
    [left_out] = [each for each in asked["findings"] if each not in found["findings"]]
    assert (left_out["code"], left_out["count"], left_out["events"]) == ("unusable", 1, 301)


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    ended = shop.run("doctor", "--sandbox", "--since", "yesterday")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    ended = shop.run("doctor", "--sandbox")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
