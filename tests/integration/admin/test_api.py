"""The JSON of the admin port: every endpoint's shape, and what each refuses."""

from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from relay.conversion import Order
from relay.journal.codec import entry_of
from relay.journal.entry import Passed, Rejection
from relay.journal.settlement import Receipt
from relay.outcome.health import STATES, Health
from relay.outcome.views.source import SourcesView
from tests.given.event.builders import NOW_S, conversion
from tests.given.port.admin import INVALID, PINTEREST, TIKTOK, AdminPort
from tests.ui.world import OUTCOMES

NO_CONSENT = Passed("skipped", "no_consent")
RECEIPT = Receipt(at_ms=NOW_S * 1000 + 500, duration_ms=90, outcome="ok", http_status=200)
TIME = "2026-01-01T00:00:00.000Z"
LETTERS = "/api/v1/dead-letters"
FUNNEL = {
    *("name", "type", "test", "state", "reason", "message", "since", "until", "received"),
    *("skipped", "pending", "delivered", "dead", "oldest_pending_seconds", "value_delivered"),
    *("minutes_left", "money_at_risk", "warnings", "emulated"),
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


async def test_the_sources_are_told_as_they_are_now(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        without = (await port.ask("/api/v1/sources")).json
        port.sources = SourcesView(kafka=None, outcomes=OUTCOMES)
        told = (await port.ask("/api/v1/sources")).json

    assert without == {"kafka": None, "outcomes": None}
    assert (told["kafka"], told["outcomes"]["topic"]) == (None, OUTCOMES.topic)


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

    assert found[PINTEREST]["value_delivered"] == {"USD": "10.00"}
    assert found[TIKTOK]["value_delivered"] == {}
    assert (found[PINTEREST]["minutes_left"], found[TIKTOK]["minutes_left"]) == (58.5, 58.5)
    assert found[PINTEREST]["money_at_risk"] == {"USD": "12.50"}
    assert found[TIKTOK]["money_at_risk"] == {"USD": "32.50"}
    assert late[PINTEREST]["minutes_left"] == 0
    assert found[PINTEREST]["warnings"] == {}


async def test_advice_is_told_where_it_was_given_and_counted(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.metrics.warnings.add(TIKTOK, "may_count_twice", count=0)
        port.metrics.warnings.add(TIKTOK, "may_be_offline", count=3)
        found = by_name((await port.ask("/api/v1/destinations")).json)

    assert found[TIKTOK]["warnings"] == {"may_be_offline": 3}
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
        ("/api/v1/events", "exactly one of event_id and order_id"),
        ("/api/v1/events?event_id=a&order_id=b", "exactly one"),
        (f"{LETTERS}?limit=0", "limit: use a whole number from 1 to 1000."),
        (f"{LETTERS}?limit=1001", "limit"),
        (f"{LETTERS}?limit=-1", "limit"),
        (f"{LETTERS}?limit=1.0", "limit"),
        (f"{LETTERS}?limit=1e2", "limit"),
        (f"{LETTERS}?limit=%D9%A1", "limit"),
        (f"{LETTERS}?limit={'9' * 5000}", "limit"),
        ("/api/v1/rejections?limit=many", "limit"),
        (f"{LETTERS}?reason=bad_luck", "reason: use one of"),
        (f"{LETTERS}?cursor=x", "cursor"),
        (f"{LETTERS}?since=2026-01-01T00:00:00", "since: use RFC 3339 with an offset"),
        (f"{LETTERS}?until=2026-01-01", "until"),
        (f"{LETTERS}?until=1767225600", "until"),
        (f"{LETTERS}?until=yesterday", "until"),
        (f"{LETTERS}?until=2026-13-01T00:00:00Z", "until"),
    ],
)
async def test_a_wrong_parameter_is_named(tmp_path: Path, path: str, named: str) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.ask(path)

    assert (reply.status, reply.json["code"]) == (400, "bad_request")
    assert named in reply.json["message"]


async def test_a_blank_parameter_is_an_absent_one(tmp_path: Path) -> None:
    """Forms and scripts send every field, and a first page has no cursor yet."""
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        blank = f"{LETTERS}?destination=&reason=&event=&since=&until=&limit=&cursor="
        found = await port.ask(blank)
        summary = await port.ask("/api/v1/summary?range=")
        by_id = [(await port.ask(f"{LETTERS}?{name}=")).json for name in ("id", "event_id")]

    assert (found.status, found.json["total"]) == (200, 1)
    assert [page["total"] for page in by_id] == [0, 0], "a blank id names no letter"
    assert (summary.status, summary.json["range"]) == (200, "24h")


async def test_the_most_and_the_fewest_entries_are_allowed(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for limit in (1, 1000):
            assert (await port.ask(f"{LETTERS}?limit={limit}")).status == 200


async def test_a_pause_tells_the_platforms_own_fix(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.destinations[0].fixes = {"token_expired": "Press the button of the platform."}
        paused = Health("paused", "token_expired", "unused", NOW_S, None)
        port.switch.health |= dict.fromkeys((PINTEREST, TIKTOK), paused)
        told = by_name((await port.ask("/api/v1/destinations")).json)
        port.switch.health[TIKTOK] = Health("degraded", None, "It hangs.", NOW_S, NOW_S + 60.0)
        hangs = by_name((await port.ask("/api/v1/destinations")).json)[TIKTOK]

    assert told[PINTEREST]["message"] == (
        "The access token has expired. Press the button of the platform."
    )
    assert told[TIKTOK]["message"].startswith("The access token has expired. Make a new one.")
    assert (hangs["message"], hangs["until"]) == ("It hangs.", "2026-01-01T00:01:00.000Z")


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
            ("GET", f"{LETTERS}/replay", "POST"),
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


async def test_metrics_tell_what_the_page_tells(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await take_four(port)
        await port.reject("user", "missing")
        replay = {"destination": PINTEREST, "dry_run": False}
        assert (await port.post("/api/v1/dead-letters/replay", replay)).status == 200
        port.now_s += 90
        port.switch.health[TIKTOK] = Health("paused", "token_expired", "", NOW_S, None, 3)
        found = by_name((await port.ask("/api/v1/destinations")).json)
        figures = (await port.ask("/metrics")).body.decode().splitlines()
        space = (await port.ask("/api/v1/journal")).json

    def of(name: str, destination: str, label: str = "") -> float:
        start = f'{name}{{destination="{destination}"{label}}} '
        [value] = [line.removeprefix(start) for line in figures if line.startswith(start)]
        return float(value)

    def alone(name: str) -> float:
        [value] = [line.split()[1] for line in figures if line.startswith(f"{name} ")]
        return float(value)

    assert funnel(found[PINTEREST]) == [4, 1, 2, 1, 0]
    assert of("relay_events_pending", PINTEREST) == 2
    assert of("relay_events_accepted_total", PINTEREST) == 4
    assert of("relay_events_replayed_total", PINTEREST) == 1
    assert of("relay_events_dead_total", PINTEREST, ',reason="invalid_event"') == 1
    assert of("relay_events_dead_total", PINTEREST, ',reason="expired"') == 0
    assert of("relay_events_skipped_total", TIKTOK, ',reason="no_consent"') == 1
    assert of("relay_events_delivered_total", PINTEREST, ',event="purchase"') == 1
    assert 'relay_events_rejected_total{code="missing",source="http"} 1.0' in figures
    assert 'relay_events_received_total{event="purchase",source="http"} 4.0' in figures
    assert of("relay_oldest_pending_seconds", PINTEREST) == 90
    assert of("relay_expiry_seconds", PINTEREST) == 3_510
    assert [of("relay_destination_paused", each) for each in (PINTEREST, TIKTOK)] == [0, 1]
    states = [of("relay_destination_state", TIKTOK, f',state="{each}"') for each in STATES]
    assert dict(zip(STATES, states, strict=True)) == {
        **dict.fromkeys(STATES, 0),
        "paused": 1,
    }
    assert [of("relay_requests_in_flight", each) for each in (PINTEREST, TIKTOK)] == [0, 3]
    assert alone("relay_clock_seconds") == NOW_S + 90
    assert alone("relay_journal_unavailable") == 0
    assert alone("relay_journal_max_bytes") == space["limit_bytes"]
    assert alone("relay_journal_used_bytes") == space["used_bytes"]
    assert alone("relay_journal_left_bytes") == space["left_bytes"]
    assert alone("relay_journal_bytes") == space["size_bytes"]


async def test_metrics_count_what_waits_for_a_destination_that_is_configured_no_more(
    tmp_path: Path,
) -> None:
    """Nothing else tells of it, and the sums are of all that was accepted."""
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", value="10.50")
        await port.deliver(PINTEREST, RECEIPT)
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        figures = (await port.ask("/metrics")).body.decode().splitlines()

    pending = [line for line in figures if line.startswith("relay_events_pending{")]
    assert pending == [
        f'relay_events_pending{{destination="{PINTEREST}"}} 0.0',
        f'relay_events_pending{{destination="{TIKTOK}"}} 1.0',
    ]
    worth = [line for line in figures if line.startswith("relay_value_delivered_total{")]
    labels = f'currency="USD",destination="{PINTEREST}"'
    assert worth == [f"relay_value_delivered_total{{{labels}}} 10.5"]
    assert f'relay_build_info{{version="{version("conversion-relay")}"}} 1.0' in figures


async def test_where_nothing_waits_nothing_expires_and_the_oldest_has_not_waited(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("delivered", tiktok=NO_CONSENT)
        await port.deliver(PINTEREST, RECEIPT)
        port.now_s += 90
        figures = (await port.ask("/metrics")).body.decode()

    assert f'relay_oldest_pending_seconds{{destination="{PINTEREST}"}} 0.0' in figures
    assert "relay_expiry_seconds{" not in figures


async def test_the_document_of_the_port_is_served(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert (await port.ask("/openapi.json")).json == {"openapi": "3.1.1"}
