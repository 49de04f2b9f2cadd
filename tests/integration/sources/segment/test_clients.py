"""The real clients of Segment and RudderStack, unchanged but for the host, against a real relay."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from relay.intake.intake import CHUNK_EVENTS
from relay.intake.split import MAX_EVENTS
from tests.acceptance.process import free_ports
from tests.given.command.process import Shop, answers
from tests.given.event.builders import NOW_S
from tests.given.hostile.row import raw
from tests.given.port import producers
from tests.given.port.producers import serving
from tests.given.port.unreliable import unreliable

MINUTE: Final = timedelta(minutes=1)
NO_HEADERS: Final[Mapping[str, str]] = {}
SHARED: Final = {
    "userId": "customer-7",
    "context": {
        "ip": "203.0.113.7",
        "userAgent": "Mozilla/5.0",
        "page": {"url": "https://shop.example/thanks?epik=dj0yJnU9&ttclid=t1"},
        "traits": {"email": "Jane@Example.com", "phone": "+49 30 123456"},
    },
}
SESSION: Final = (
    ("Product Viewed", {"product_id": "p-1", "name": "Lamp", "price": 49.5, "currency": "EUR"}),
    ("Product Added", {"product_id": "p-1", "price": 49.5, "quantity": 2, "currency": "EUR"}),
    ("Button Clicked", {"colour": "red"}),
    (
        "Order Completed",
        {
            "event_id": "order-4711",
            "order_id": "4711",
            "subtotal": 99,
            "discount": 9,
            "total": 119.9,
            "currency": "EUR",
            "products": [{"product_id": "p-1", "price": 49.5, "quantity": 2}],
        },
    ),
)
Sdk = Callable[[str, str, list[object]], Any]


def segment(host: str, key: str, errors: list[object]) -> Any:
    def failed(error: object, _: object) -> None:
        errors.append(error)

    return SegmentClient(key, host=host, on_error=failed, max_retries=5, gzip=True)


def rudder(host: str, key: str, errors: list[object]) -> Any:
    def failed(error: object, _: object) -> None:
        errors.append(error)

    return RudderClient(key, host=host, on_error=failed, max_retries=5)


CONFIG: Final = """
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:TOKEN"
base_url = "{url}"
[destinations.tiktok-main]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TOKEN"
base_url = "{url}"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(tmp_path)


@contextmanager
def platforms(shop: Shop) -> Iterator[str]:
    """Run the emulator beside the block, and have the shop's relay send to it."""
    [port] = free_ports(1)
    folder = shop.folder / "platforms"
    folder.mkdir()
    (shop.folder / "relay.toml").write_text(CONFIG.format(url=f"http://127.0.0.1:{port}"))
    with Shop.of(folder).running("sandbox", "--listen", f"127.0.0.1:{port}") as emulator:
        emulator.wait_until(lambda: answers(port, "/sandbox/summary"))
        yield f"http://127.0.0.1:{port}"


def key_of(shop: Shop) -> str:
    token: str = json.loads(shop.run("keys", "create", "sdk", "--json").out)["token"]
    return token


def send_session(client: Any) -> None:
    for event, properties in SESSION:
        client.track(SHARED["userId"], event, properties, context=SHARED["context"])
    client.identify(SHARED["userId"], {"email": "jane@example.com"})
    client.shutdown()


@pytest.mark.parametrize("sdk", [segment, rudder])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_session_arrives_once_at_both_platforms(shop: Shop, sdk: Sdk) -> None:
    errors: list[object] = []
    with (
        platforms(shop) as emulator,
        shop.serving(TOKEN="sandbox") as relay,
        unreliable(shop.producers) as proxy,
    ):
        send_session(sdk(f"http://127.0.0.1:{proxy}", key_of(shop), errors))
        relay.wait_until(lambda: delivered(shop) == {"pinterest": 3, "tiktok": 3})
        timeline = json.loads(shop.run("event", "order-4711", "--json").out)
        metrics = get(f"http://127.0.0.1:{shop.admin}/metrics")
        received = get(f"{emulator}/sandbox/events")
    assert not errors
    assert timeline["events"][0]["order_id"] == "4711"
    assert 'relay_calls_passed_over_total{client="segment",kind="identify"} 1.0' in metrics
    assert 'relay_calls_passed_over_total{client="segment",kind="track"} 1.0' in metrics
    check_payloads(received)


def check_payloads(received: str) -> None:
    """Check names, ids, money and hashes of what the platforms were sent."""
    assert '"checkout"' in received
    assert '"Purchase"' in received
    assert "order-4711" in received
    assert '"90"' in received  # subtotal less discount, as Pinterest takes it
    assert "119.9" not in received
    assert sha256(b"jane@example.com").hexdigest() in received
    assert "jane@example.com" not in received.lower()


def get(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def delivered(shop: Shop) -> dict[str, int]:
    found = json.loads(get(f"http://127.0.0.1:{shop.admin}/api/v1/destinations"))
    return {each["type"]: each["delivered"] for each in found["destinations"]}


def post(
    shop: Shop, path: str, body: object, key: str | None, more: Mapping[str, str] = NO_HEADERS
) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", **more}
    if key is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"
    url = f"http://127.0.0.1:{shop.producers}{path}"
    request = Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status), json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_key_that_is_shown_in_two_ways_or_in_the_address_is_refused(shop: Shop) -> None:
    key = key_of(shop)
    halves = key.rpartition("_")
    with shop.serving("--sandbox"):
        assert post(shop, "/v1/batch", {"batch": []}, key)[0] == 200
        assert post(shop, f"/v1/batch?writeKey={key}", {"batch": []}, key)[0] == 401
        pair = {"relay-api-key": halves[0], "relay-api-secret": halves[2]}
        assert post(shop, "/v1/batch", {"batch": []}, key, pair)[0] == 401
        assert post(shop, "/v1/batch", {"batch": []}, None, pair)[0] == 200


def test_answers_are_in_segments_shape(shop: Shop) -> None:
    key = key_of(shop)
    track: dict[str, Any] = {"event": "Order Completed", "messageId": "m-1", "userId": "7"}
    track |= {"properties": {"revenue": 1, "currency": "EUR"}}
    with shop.serving("--sandbox"):
        assert post(shop, "/v1/track", track, key) == (200, {"success": True})
        assert post(shop, "/v1/identify", {"userId": "7"}, key) == (200, {"success": True})
        assert post(shop, "/v1/batch", {"batch": []}, key) == (200, {"success": True})
        assert post(shop, "/v1/import", {"batch": []}, key) == (200, {"success": True})
        status, answer = post(shop, "/v1/track", {**track, "userId": None}, key)
        assert (status, set(answer), answer["code"]) == (400, {"code", "message"}, "no_identifier")
        status, answer = post(shop, "/v1/batch", {}, key)
        assert (status, answer["code"]) == (400, "not_json")
        status, answer = post(shop, "/v1/batch", {"batch": []}, None)
        assert (status, answer["code"]) == (401, "unauthorized")
        assert post(shop, "/v1/batch", {"batch": []}, "wrong")[0] == 401


def test_what_is_no_call_is_counted_beside_the_others(shop: Shop) -> None:
    call = {"type": "track", "event": "Signed Up", "messageId": "m-1", "userId": "7"}
    with shop.serving("--sandbox"):
        assert post(shop, "/v1/batch", {"batch": [5, call, None, "text"]}, None)[0] == 200
        metrics = get(f"http://127.0.0.1:{shop.admin}/metrics")
    assert 'relay_calls_passed_over_total{client="segment",kind="other"} 3.0' in metrics
    assert 'relay_events_received_total{event="signup",source="http"} 1.0' in metrics


async def test_a_large_batch_leaves_the_loop_to_others_between_its_chunks() -> None:
    body = json.dumps({"batch": [{"type": "identify"}] * CHUNK_EVENTS * 3}).encode()
    assert {CHUNK_EVENTS, CHUNK_EVENTS * 2} <= await turns_of_others(body)


async def test_long_calls_leave_the_loop_to_others_however_few_they_are() -> None:
    url = "https://shop.example/?" + "a=%40&" * 1300
    page = {"type": "page", "messageId": "m-1", "userId": "7", "properties": {"url": url}}
    body = json.dumps({"batch": [page, {"type": "identify"}] * 40}).encode()
    assert len(await turns_of_others(body)) > 4


async def turns_of_others(body: bytes) -> set[int]:
    """Post a batch; return after how many calls that it passed over others had a turn."""
    seen = set()
    async with serving() as port:
        sending = asyncio.create_task(port.send(producers.post(body, path="/v1/batch")))
        while not sending.done():
            seen.add(sum(port.metrics.passed_over.counts().values()))
            await asyncio.sleep(0)
        assert (await sending).status == 200
    return seen


async def test_a_text_that_was_cut_through_an_emoji_costs_no_call_of_its_batch() -> None:
    calls = [
        {"type": "track", "event": "Signed Up", "messageId": each, "userId": "7", "properties": cut}
        for each, cut in (("m-1", {"name": "a party \ud83c"}), ("m-2", {}))
    ]
    async with serving() as port:
        body = json.dumps({"batch": calls}).encode()
        answered = await port.send(producers.post(body, path="/v1/batch"))

        assert answered.status == 200
        assert port.journal.event_ids == ["m-1", "m-2"]


SIGNED_UP: Final = {"type": "track", "event": "Signed Up", "userId": "7"}


async def test_a_number_that_no_decoder_takes_costs_at_most_its_own_call() -> None:
    """It counts as a value only where one belongs, and is refused there."""
    calls = [
        {**SIGNED_UP, "messageId": f"m-{at}", "properties": properties}
        for at, properties in enumerate(({"revenue": "@"}, {"loaded": "@"}, {}))
    ]
    async with serving() as port:
        body = json.dumps({"batch": calls}).replace('"@"', "1e400").encode()
        answered = await port.send(producers.post(body, path="/v1/batch"))

        assert answered.status == 200
        assert port.journal.event_ids == ["m-1", "m-2"]
        [refused] = port.journal.rejections
        assert (refused.event_id, refused.path) == ("m-0", "order.value")


async def test_a_refused_event_does_not_fail_its_batch_and_alone_says_why() -> None:
    bad = {**SIGNED_UP, "userId": None, "messageId": "m-2"}
    worse = {"type": "page", "userId": "7"}
    async with serving() as port:
        body = json.dumps({"batch": [bad, {**SIGNED_UP, "messageId": "m-1"}]}).encode()
        mixed = await port.send(producers.post(body, path="/v1/batch"))
        body = json.dumps({"batch": [worse, bad]}).encode()
        refused = await port.send(producers.post(body, path="/v1/batch"))

        assert (mixed.status, mixed.json) == (200, {"success": True})
        assert port.journal.event_ids == ["m-1"]
        assert len(port.journal.rejections) == 3
        assert (refused.status, refused.json) == (
            400,
            {"code": "missing", "message": "event_id: This key is required."},
        )


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
async def test_a_clock_that_is_wrong_is_corrected_by_the_moment_of_sending(path: str) -> None:
    sent_at = datetime.fromtimestamp(NOW_S + 7200, UTC)
    call = {**SIGNED_UP, "messageId": "m-1", "timestamp": (sent_at - MINUTE).isoformat()}
    body = {"batch": [call]} if path == "/v1/batch" else call
    async with serving() as port:
        sent = json.dumps({**body, "sentAt": sent_at.isoformat()}).encode()
        answered = await port.send(producers.post(sent, path=path))

        assert answered.status == 200
        [entry] = port.journal.entries
        assert entry.conversion.event_time == NOW_S - 60


async def test_the_path_says_what_a_single_call_is() -> None:
    async with serving() as port:
        for path, more in (("/v1/page", {}), ("/v1/group", {}), ("/v1/track", {"type": "page"})):
            body = json.dumps({**SIGNED_UP, "messageId": path, **more}).encode()
            assert (await port.send(producers.post(body, path=path))).status == 200

        events = [(each.event_id, each.conversion.event) for each in port.journal.entries]
        assert events == [("/v1/page", "page_view"), ("/v1/track", "signup")]
        counted = port.metrics.passed_over.counts()
        assert {labels: count for labels, count in counted.items() if count} == {
            ("segment", "group"): 1
        }


async def test_a_batch_of_too_many_calls_is_refused_as_too_large() -> None:
    async with serving() as port:
        body = b'{"batch":[' + b"0," * MAX_EVENTS + b"0]}"
        answered = await port.send(producers.post(body, path="/v1/batch"))

        assert (answered.status, answered.json["code"]) == (413, "too_large")


async def test_the_shared_context_of_a_batch_is_not_copied_for_each_call() -> None:
    shared = {f"k{number}": 1 for number in range(30_000)}
    body = json.dumps({"batch": [{}] * 40_000, "context": shared}).encode()
    async with serving() as port:
        start = time.process_time()
        answered = await port.send(producers.post(body, path="/v1/batch"))
        took_s = time.process_time() - start

    assert answered.status == 200
    assert took_s < 1


@pytest.mark.parametrize(
    "shared",
    [
        {"userAgent": "x" * 100_000},
        {"consent": {"categoryPreferences": dict.fromkeys(map(str, range(10_000)), True)}},
    ],
)
async def test_a_batch_whose_calls_share_too_much_is_refused_as_too_large(
    shared: dict[str, Any],
) -> None:
    """It would come to many times its own size, or take many times as long."""
    body = json.dumps({"batch": [{"type": "page"}] * 400, "context": shared}).encode()
    async with serving() as port:
        answered = await port.send(producers.post(body, path="/v1/batch"))

    assert (answered.status, answered.json["code"]) == (413, "too_large")


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
async def test_a_wrong_method_is_refused_in_segments_shape(method: str) -> None:
    async with serving() as port:
        answered = await port.send(raw(f"{method} /v1/track HTTP/1.1\nHost: relay"))

        assert (answered.status, answered.headers["allow"]) == (405, "POST")
        assert answered.headers["connection"] == "close"
        assert answered.json == {"code": "method_not_allowed", "message": "Use POST here."}
