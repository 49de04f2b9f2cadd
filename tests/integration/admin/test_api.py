"""The JSON of the admin port: every endpoint's shape, and what each refuses."""

import gzip
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from relay.conversion import Order
from relay.journal.codec import entry_of
from relay.journal.entry import Passed, Rejection
from relay.journal.settlement import Receipt
from relay.keys.record import Key, Limits
from tests.given.event.builders import NOW_S, conversion
from tests.given.port.admin import INVALID, PINTEREST, TIKTOK, AdminPort

NO_CONSENT = Passed("skipped", "no_consent")
RECEIPT = Receipt(at_ms=NOW_S * 1000 + 500, duration_ms=90, outcome="ok", http_status=200)
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
FUNNEL = {
    *("name", "type", "test", "state", "reason", "message", "since", "until", "received"),
    *("skipped", "pending", "delivered", "dead", "oldest_pending_seconds", "value_delivered"),
    *("minutes_left", "money_at_risk", "warnings"),
}


def by_name(answer: Any) -> dict[str, Any]:
    return {each["name"]: each for each in answer["destinations"]}


def funnel(found: Any) -> list[int]:
    return [found[name] for name in ("received", "skipped", "pending", "delivered", "dead")]


async def take_four(port: AdminPort) -> None:
    """Store events of which Pinterest has got one, refused one, was spared one, and awaits one."""
    await port.take("delivered", tiktok=NO_CONSENT)
    await port.deliver(PINTEREST, RECEIPT)
    await port.take("dead", pinterest=INVALID)
    await port.take("skipped", pinterest=NO_CONSENT)
    await port.take("waits")


async def test_a_summary_adds_up_for_each_destination(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await take_four(port)
        port.now_s += 90
        answer = (await port.ask("/api/v1/summary?range=1h")).json

    assert set(answer) == {"range", "since", "until", "received", "rejected", "destinations"}
    assert (answer["range"], answer["received"], answer["rejected"]) == ("1h", 4, 0)
    assert (answer["since"], answer["until"]) == (
        "2025-12-31T23:01:30.000Z",
        "2026-01-01T00:01:30.000Z",
    )
    found = by_name(answer)
    assert set(found[PINTEREST]) == FUNNEL
    assert funnel(found[PINTEREST]) == [4, 1, 1, 1, 1]
    assert funnel(found[TIKTOK]) == [4, 1, 3, 0, 0]
    assert found[PINTEREST]["oldest_pending_seconds"] == 90.0
    assert (found[PINTEREST]["state"], found[PINTEREST]["reason"]) == ("active", None)


async def test_what_waits_is_told_in_minutes_left_and_in_money(tmp_path: Path) -> None:
    """The stub platform takes nothing that is older than an hour."""
    async with AdminPort(tmp_path) as port:
        await port.take("delivered", value="10.00", tiktok=NO_CONSENT)
        await port.deliver(PINTEREST, RECEIPT)
        await port.take("dead", value="20.00", pinterest=INVALID)
        await port.take("waits", value="12.50")
        await port.take("cart", "add_to_cart", value="99.00")
        port.now_s += 90
        found = by_name((await port.ask("/api/v1/destinations")).json)
        port.now_s += 3_600
        late = by_name((await port.ask("/api/v1/summary?range=1h")).json)

    assert (found[PINTEREST]["minutes_left"], found[TIKTOK]["minutes_left"]) == (58.5, 58.5)
    assert found[PINTEREST]["money_at_risk"] == {"USD": "12.50"}
    assert found[TIKTOK]["money_at_risk"] == {"USD": "32.50"}
    assert late[PINTEREST]["minutes_left"] == 0
    assert found[PINTEREST]["warnings"] == {}


async def test_where_nothing_waits_nothing_is_at_risk(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("delivered", value="10.00", tiktok=NO_CONSENT)
        await port.deliver(PINTEREST, RECEIPT)
        found = by_name((await port.ask("/api/v1/destinations")).json)

    for name in (PINTEREST, TIKTOK):
        assert (found[name]["minutes_left"], found[name]["money_at_risk"]) == (None, {})


async def test_the_range_of_a_summary_is_a_day_if_none_is_named(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert (await port.ask("/api/v1/summary")).json["range"] == "24h"


async def test_lifetime_counts_reach_further_back_than_any_range(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await take_four(port)
        port.now_s += 40 * 86_400
        month = (await port.ask("/api/v1/summary?range=30d")).json
        lifetime = (await port.ask("/api/v1/destinations")).json

    assert funnel(by_name(month)[PINTEREST])[0] == 0
    assert funnel(by_name(lifetime)[PINTEREST]) == [4, 1, 1, 1, 1]


async def test_the_timeline_of_an_event(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await take_four(port)
        (event,) = (await port.ask("/api/v1/events/delivered")).json["events"]

    pinterest, tiktok = sorted(event.pop("deliveries"), key=lambda each: str(each["destination"]))
    assert event == {
        "event_id": "delivered",
        "event": "purchase",
        "order_id": None,
        "event_time": TIME,
        "received_at": TIME,
        "source": "http",
    }
    (attempt,) = pinterest.pop("attempts")
    assert pinterest == {
        "destination": PINTEREST,
        "state": "delivered",
        "reason": None,
        "message": "",
        "platform_event": "checkout",
        "identifiers": [],
        "attempt_count": 1,
        "next_try_at": None,
    }
    assert attempt == {
        "at": "2026-01-01T00:00:00.500Z",
        "outcome": "ok",
        "http_status": 200,
        "code": "",
        "message": "",
        "request_id": "",
        "duration_ms": 90,
    }
    assert (tiktok["state"], tiktok["reason"]) == ("skipped", "no_consent")
    assert tiktok["message"] == "The person has not agreed to advertising."


@pytest.mark.parametrize(
    "event_id",
    [
        "order/1001",
        "a b+c",
        "100%",
        "%2F",
        "..",
        "?a=b&c#d",
        "bestellung-ä-日本",
        "line\nbreak",
        '"quoted" <b>',
        "orders/../../etc",
    ],
)
async def test_any_event_id_is_found_by_path_and_by_query(tmp_path: Path, event_id: str) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take(event_id)
        encoded = quote(event_id, safe="")
        for path in (f"/api/v1/events/{encoded}", f"/api/v1/events?event_id={encoded}"):
            reply = await port.ask(path)
            assert [each["event_id"] for each in reply.json["events"]] == [event_id]


async def test_an_event_is_found_by_its_order(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        sale = conversion("order-1", order=Order(order_id="no. 1/7"))
        await port.journal.append([entry_of(sale, {}, {})])
        (event,) = (await port.ask("/api/v1/events?order_id=no.+1%2F7")).json["events"]

        assert (event["event_id"], event["order_id"]) == ("order-1", "no. 1/7")
        assert (await port.ask("/api/v1/events?order_id=order-1")).status == 404


@pytest.mark.parametrize("path", ["/api/v1/events/unknown", "/api/v1/events?event_id=", "/api/v2"])
async def test_what_is_unknown_is_not_found(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.ask(path)

    assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert reply.json["message"].endswith(".")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/v1/summary?range=2h", "range: use one of 1h, 24h, 7d, 30d."),
        ("/api/v1/summary?range=", "range"),
        ("/api/v1/events", "exactly one of event_id and order_id"),
        ("/api/v1/events?event_id=a&order_id=b", "exactly one"),
        (f"{LETTERS}?limit=0", "limit: use a whole number from 1 to 1000."),
        (f"{LETTERS}?limit=1001", "limit"),
        (f"{LETTERS}?limit=-1", "limit"),
        (f"{LETTERS}?limit=1.0", "limit"),
        (f"{LETTERS}?limit=1e2", "limit"),
        (f"{LETTERS}?limit=%D9%A1", "limit"),
        (f"{LETTERS}?limit={'9' * 5000}", "limit"),
        (f"{LETTERS}?limit=", "limit"),
        ("/api/v1/rejections?limit=many", "limit"),
        (f"{LETTERS}?reason=bad_luck", "reason: use one of"),
        (f"{LETTERS}?cursor=x", "cursor"),
        (f"{LETTERS}?cursor=", "cursor"),
        (f"{LETTERS}?since=2026-01-01T00:00:00", "since: use RFC 3339 with an offset"),
        (f"{LETTERS}?until=2026-01-01", "until"),
        (f"{LETTERS}?until=1767225600", "until"),
        (f"{LETTERS}?until=yesterday", "until"),
        (f"{LETTERS}?until=2026-13-01T00:00:00Z", "until"),
        (f"{LETTERS}?since=", "since"),
    ],
)
async def test_a_wrong_parameter_is_named(tmp_path: Path, path: str, named: str) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.ask(path)

    assert (reply.status, reply.json["code"]) == (400, "bad_request")
    assert named in reply.json["message"]


async def test_the_most_and_the_fewest_entries_are_allowed(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for limit in (1, 1000):
            assert (await port.ask(f"{LETTERS}?limit={limit}")).status == 200


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
        "dead_at": letter["dead_at"],
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
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
        lifetime = by_name((await port.ask("/api/v1/destinations")).json)
        assert funnel(lifetime[PINTEREST]) == [1, 0, 1, 0, 0]


async def test_a_replay_counts_what_is_too_old_as_expired(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        port.now_s += 3601
        reply = await port.post(REPLAY, {"reason": "invalid_event", "dry_run": False})

    assert reply.json == REPLAYED | {"replayed": 0, "expired": 1}


async def test_a_dropped_letter_stays_dead_for_another_reason(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        body = {"ids": await letter_ids(port), "dry_run": False, "note": "a test order"}
        reply = await port.post(DROP, body)

        assert reply.json == {"matched": 1, "dropped": 1, "expired": 0, "dry_run": False}
        found = (await port.ask(f"{LETTERS}?reason=dropped_by_operator")).json
        assert found["total"] == 1


async def test_ids_that_are_no_dead_letters_match_nothing(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
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
        plain = await port.post(DROP, b" " * (2**20 + 1))
        packed = gzip.compress(b" " * (2**20 + 1))
        bomb = await port.post(DROP, packed, **{"Content-Encoding": "gzip"})

    for reply in (plain, bomb):
        assert (reply.status, reply.json["code"]) == (413, "too_large")


async def test_a_body_that_is_not_encoded_as_it_says_is_refused(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(DROP, b"no gzip", **{"Content-Encoding": "gzip"})

    assert (reply.status, reply.json["code"]) == (400, "bad_request")


async def test_a_pause_and_its_end_answer_with_the_destination(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1")
        paused = (await port.post(f"/api/v1/destinations/{PINTEREST}/pause")).json
        resumed = (await port.post(f"/api/v1/destinations/{PINTEREST}/resume")).json

    assert set(paused) == FUNNEL
    assert (paused["state"], paused["reason"]) == ("paused", "paused_by_operator")
    assert paused["since"] == TIME
    assert funnel(paused) == [1, 0, 1, 0, 0]
    assert (resumed["state"], resumed["reason"], resumed["since"]) == ("active", None, None)


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize("name", ["nowhere", "Pinterest-Main", "%20", "pinterest-main%2F"])
async def test_an_unknown_destination_is_not_found(tmp_path: Path, verb: str, name: str) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(f"/api/v1/destinations/{name}/{verb}")

    assert (reply.status, reply.json["code"]) == (404, "not_found")


async def test_rejections_are_listed_newest_first(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        rejections = [
            Rejection(NOW_S * 1000 + at, "http", None, f"order-{at}", "missing", "user", "Needed.")
            for at in range(3)
        ]
        await port.journal.append([], rejections)
        all_of_them = (await port.ask("/api/v1/rejections")).json["rejections"]
        latest = (await port.ask("/api/v1/rejections?limit=1")).json["rejections"]

    assert [each["event_id"] for each in all_of_them] == ["order-2", "order-1", "order-0"]
    assert latest == all_of_them[:1]
    assert latest == [
        {
            "at": "2026-01-01T00:00:00.002Z",
            "source": "http",
            "key": None,
            "event_id": "order-2",
            "code": "missing",
            "path": "user",
            "message": "Needed.",
        }
    ]


async def test_all_rejections_that_are_kept_are_listed_without_a_limit(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        one = Rejection(NOW_S * 1000, "http", None, None, "missing", "user", "Needed.")
        await port.journal.append([], [one] * 300)
        assert len((await port.ask("/api/v1/rejections")).json["rejections"]) == 300


async def test_the_journal_tells_how_full_it_is_and_when_it_will_be(tmp_path: Path) -> None:
    """Four hundred large events in ten minutes, against a limit of 1 GiB."""
    async with AdminPort(tmp_path) as port:
        empty = (await port.ask("/api/v1/journal")).json
        await port.journal.maintain(NOW_S * 1000)
        page = f"https://shop.example/{'x' * 4_000}"
        large = msgspec.structs.replace(conversion("large"), page_url=page)
        await port.journal.append([entry_of(large, {})] * 400)
        await port.journal.maintain((NOW_S + 600) * 1000)
        growing = (await port.ask("/api/v1/journal")).json
        await port.journal.maintain((NOW_S + 3 * 3600) * 1000)
        resting = (await port.ask("/api/v1/journal")).json

    assert set(empty) == {
        *("size_bytes", "used_bytes", "limit_bytes", "left_bytes"),
        *("hours_to_full", "oldest_event_at", "unavailable"),
    }
    assert (empty["limit_bytes"], empty["hours_to_full"]) == (2**30, None)
    assert (empty["oldest_event_at"], empty["unavailable"]) == (None, None)
    grown = growing["used_bytes"] - empty["used_bytes"]
    assert 400 * 4_000 < grown < 400 * 6_000
    assert growing["used_bytes"] <= growing["size_bytes"]
    assert growing["left_bytes"] == empty["left_bytes"] - grown
    assert growing["hours_to_full"] == round(growing["left_bytes"] / grown / 6, 1)
    assert growing["oldest_event_at"] == TIME
    assert resting["hours_to_full"] is None


async def test_another_method_is_told_which_one_to_use(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for method, path, allowed in [
            ("POST", "/api/v1/summary", "GET, HEAD"),
            ("DELETE", "/api/v1/events/order-1", "GET, HEAD"),
            ("GET", REPLAY, "POST"),
            ("PUT", "/healthz", "GET, HEAD"),
        ]:
            reply = await port.ask(path, method=method)
            assert (reply.status, reply.json["code"]) == (405, "method_not_allowed")
            assert reply.headers["Allow"] == allowed


async def test_head_answers_as_get_does_without_a_body(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for path in ("/", "/healthz", "/api/v1/summary", "/metrics"):
            reply = await port.ask(path, method="HEAD")
            assert (reply.status, reply.body) == (200, b"")
            assert int(reply.headers["Content-Length"]) > 0


async def test_a_relay_that_takes_no_events_is_alive_but_not_ready(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert (await port.ask("/readyz")).json == {"status": "ready"}
        port.not_ready = "the disk is full"
        not_ready = await port.ask("/readyz")

        assert (await port.ask("/healthz")).json == {"status": "alive"}
        assert not_ready.status == 503
        assert not_ready.json == {"code": "unavailable", "message": "the disk is full"}


async def test_metrics_are_in_prometheus_text_format(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await take_four(port)
        reply = await port.ask("/metrics")

    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert f'relay_events_pending{{destination="{PINTEREST}"}} 1.0'.encode() in reply.body


async def test_the_document_of_the_port_is_served(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert (await port.ask("/openapi.json")).json == {"openapi": "3.1.1"}


async def test_the_doctor_lists_what_to_mend_the_greatest_gain_first(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(20):
            await port.take(f"e-{number}", value="0.00")
        await port.reject("user.email", "no_identifier")
        found = (await port.ask("/api/v1/doctor")).json

    gains = [each["gain"] for each in found["findings"]]
    by_code = {each["code"]: each for each in found["findings"]}
    assert found["events"] == 20
    assert gains == sorted(gains, reverse=True)
    assert {"no_value", "rejected"} <= set(by_code)
    assert by_code["rejected"]["sentence"] == (
        "1 event was refused at `user.email`:"
        " Nothing in `user` points at one person, device or click."
    )


async def test_the_doctor_tells_what_the_events_carry(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("e-1")
        found = (await port.ask("/api/v1/doctor")).json

    [group] = found["match"]
    assert (group["event"], group["key"], group["events"]) == ("purchase", "", 1)
    email = {"identifier": "email", "carried": 1, "hashed": 0, "unusable": []}
    assert email in group["identifiers"]


async def test_the_doctor_looks_back_a_day(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(20):
            await port.take(f"e-{number}", value="0.00")
        await port.reject("user.email", "no_identifier")
        port.now_s += 86_401
        found = (await port.ask("/api/v1/doctor")).json

    assert found == {"events": 0, "findings": [], "match": []}


def producer_key(
    name: str, limits: Limits | None = None, *, uses_of: str = "", revoked_at: int | None = None
) -> Key:
    return Key(
        key=f"relay_{name}",
        name=name,
        digest="d" * 64,
        limits=limits or Limits(),
        created_at=NOW_S,
        revoked_at=revoked_at,
        uses_of=uses_of or f"relay_{name}",
    )


async def test_keys_are_listed_with_their_uses_and_without_a_secret(tmp_path: Path) -> None:
    """A key that was rotated goes on with the uses of the one before."""
    async with AdminPort(tmp_path) as port:
        port.keys = [
            producer_key("a", Limits(max_uses=5)),
            producer_key("b", uses_of="relay_a"),
            producer_key("c", revoked_at=1),
        ]
        await port.take("e-1", key="relay_a")
        answer = await port.ask("/api/v1/keys")

    found = answer.json["keys"]
    assert [(each["uses"], each["uses_left"]) for each in found] == [(1, 4), (1, None), (0, None)]
    assert [each["last_used_at"] for each in found] == [TIME, TIME, None]
    assert [each["state"] for each in found] == ["good", "good", "revoked"]
    assert "d" * 64 not in answer.body.decode()
