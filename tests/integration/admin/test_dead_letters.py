"""Dead letters at the admin port: listed, filtered, replayed and dropped; never by accident."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from relay.journal.entry import Passed
from relay.outcome.wording import DEAD
from tests.given.port.admin import INVALID, PINTEREST, TIKTOK, AdminPort

TIME = "2026-01-01T00:00:00.000Z"
LETTERS = "/api/v1/dead-letters"
REPLAY, DROP = f"{LETTERS}/replay", f"{LETTERS}/drop"
REPLAYED = {
    "matched": 1,
    "replayed": 1,
    "expired": 0,
    "dry_run": False,
    "barred": 0,
    "outside_deduplication": 0,
}


async def test_dead_letters_are_listed_newest_first_and_paged(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(3):
            port.now_s += 1
            await port.take(f"order-{number}", pinterest=INVALID)
        first = (await port.ask(f"{LETTERS}?limit=2")).json
        rest = (await port.ask(f"{LETTERS}?limit=2&cursor={first['next']}")).json

    ids = [letter["event_id"] for page in (first, rest) for letter in page["dead_letters"]]
    assert ids == ["order-2", "order-1", "order-0"]
    assert (first["total"], rest["next"]) == (3, None)
    letter = first["dead_letters"][0]
    assert letter.pop("id")
    assert letter == {
        "event_id": "order-2",
        "event": "purchase",
        "event_time": TIME,
        "destination": PINTEREST,
        "reason": "invalid_event",
        "code": "",
        "message": "page.url is missing.",
        "note": "",
        "dead_at": letter["dead_at"],
    }


async def test_a_letter_without_words_tells_what_its_reason_means(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=Passed("dead", "no_identifier"))
        [letter] = (await port.ask(LETTERS)).json["dead_letters"]

    assert letter["message"] == DEAD["no_identifier"].sentence


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("id=1", 1),
        ("id=order-1", 0),
        ("event_id=order-1", 2),
        ("event_id=order-2", 0),
        (f"event_id=order-1&destination={PINTEREST}", 1),
        (f"destination={PINTEREST}", 1),
        ("destination=nowhere", 0),
        ("reason=invalid_event", 2),
        ("reason=expired", 0),
        ("event=purchase", 2),
        ("event=search", 0),
        (f"destination={TIKTOK}&reason=invalid_event&event=purchase", 1),
        ("since=2026-01-01T00:00:00Z", 2),
        ("since=2026-01-01T01:00:00%2B01:00", 2),
        ("since=2026-01-01T01:00:00+01:00", 2),
        ("since=9999-12-31T23:59:59Z", 0),
        ("until=0001-01-01T00:00:00Z", 0),
        ("until=0001-01-01T00:00:00%2B14:00", 0),
        ("until=2026-01-01T00:00:00Z", 0),
    ],
)
async def test_dead_letters_are_filtered(tmp_path: Path, query: str, count: int) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID, tiktok=INVALID)
        reply = await port.ask(f"{LETTERS}?{query}")

    assert (reply.status, reply.json["total"]) == (200, count)


async def letter_ids(port: AdminPort) -> list[str]:
    return [each["id"] for each in (await port.ask(LETTERS)).json["dead_letters"]]


async def test_a_dry_run_only_tells(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        wanted = {"destination": PINTEREST, "dry_run": True}
        replayed, dropped = await port.post(REPLAY, wanted), await port.post(DROP, wanted)

        assert replayed.json == REPLAYED | {"dry_run": True}
        assert dropped.json == {"matched": 1, "dropped": 1, "expired": 0, "dry_run": True}
        assert len(await letter_ids(port)) == 1


async def test_a_replay_makes_letters_wait_again(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        reply = await port.post(REPLAY, {"ids": await letter_ids(port), "dry_run": False})

        assert reply.json == REPLAYED
        assert await letter_ids(port) == []
        lifetime = (await port.ask("/api/v1/destinations")).json["destinations"]
        [found] = [each for each in lifetime if each["name"] == PINTEREST]
        assert (found["received"], found["pending"], found["dead"]) == (1, 1, 0)


async def test_a_replay_counts_what_is_too_old_as_expired(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        port.now_s += 3601
        reply = await port.post(REPLAY, {"reason": "invalid_event", "dry_run": False})

    assert reply.json == REPLAYED | {"replayed": 0, "expired": 1}


async def test_what_is_dead_at_a_destination_that_is_configured_no_more_stays(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", tiktok=INVALID)
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        reply = await port.post(REPLAY, {"destination": TIKTOK, "dry_run": False})

    assert reply.json == REPLAYED | {"replayed": 0, "barred": 1}


async def test_a_dropped_letter_stays_dead_for_another_reason(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        body = {"ids": await letter_ids(port), "dry_run": False, "note": "a test order"}
        reply = await port.post(DROP, body)

        assert reply.json == {"matched": 1, "dropped": 1, "expired": 0, "dry_run": False}
        found = (await port.ask(f"{LETTERS}?reason=dropped_by_operator")).json
        assert found["total"] == 1
        assert found["dead_letters"][0]["note"] == "a test order"


async def test_ids_that_are_no_dead_letters_match_nothing(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        for ids in ([], ["nonsense"], ["77", "-1", "1 OR 1", "9" * 400]):
            reply = await port.post(REPLAY, {"ids": ids, "dry_run": False})
            assert reply.json == REPLAYED | {"matched": 0, "replayed": 0}


@pytest.mark.parametrize(
    "body",
    [
        {"ids": []},
        {"destination": PINTEREST},
        {"dry_run": True},
        {"dry_run": False, "ids": None, "reason": None},
        {"dry_run": "true", "ids": []},
        {"dry_run": 1, "ids": []},
        {"dry_run": None, "ids": []},
        {"dry_run": True, "ids": "1"},
        {"dry_run": True, "ids": [1]},
        {"dry_run": True, "ids": ["1"] * 10_001},
        {"dry_run": True, "ids": [], "destinations": PINTEREST},
        {"dry_run": True, "reason": "bad_luck"},
        {"dry_run": True, "since": "2026-01-01T00:00:00"},
        {"dry_run": True, "until": 1767225600},
        [],
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"null",
    ],
)
async def test_a_body_that_does_not_choose_is_refused(tmp_path: Path, body: Any) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        for path in (REPLAY, DROP):
            reply = await port.post(path, body)
            assert (reply.status, reply.json["code"]) == (400, "bad_request")
        assert len(await letter_ids(port)) == 1


async def test_only_a_drop_takes_a_note(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        body = {"ids": [], "dry_run": True, "note": "why"}
        assert (await port.post(REPLAY, body)).status == 400
        assert (await port.post(DROP, body)).status == 200
        assert (await port.post(DROP, body | {"note": "x" * 501})).status == 400


async def test_a_large_body_is_refused(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(DROP, b" " * (2**20 + 1))

    assert (reply.status, reply.json["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", [DROP, "/undelivered/drop"])
async def test_a_packed_body_is_not_unpacked(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        packed = gzip.compress(b'{"ids": [], "dry_run": true}')
        reply = await port.post(path, packed, **{"Content-Encoding": "gzip"})

    assert (reply.status, reply.json["code"]) == (400, "bad_request")
    assert "Content-Encoding" in reply.json["message"]
