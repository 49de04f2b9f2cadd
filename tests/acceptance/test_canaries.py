"""Raw PII and tokens leave no byte anywhere: not on disk, in logs, errors, metrics or answers.

The platforms of this test echo whatever they were sent, tokens included, in every kind of refusal.
"""

import asyncio
import itertools
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tests.acceptance.foreign_canaries import SHOP, SHOP_SECRET, foreign
from tests.acceptance.process import TOKENS, Relay, purchase

PERSON = {
    "email": "Zebulon.Canary+tag@Example.com",
    "phone": "+1 (415) 555-0177",
    "external_id": "Canary-Customer-778812",
    "first_name": "Zebulonia",
    "last_name": "Quixotrine",
    "gender": "non-binary",
    "birth_date": "1931-07-29",
    "zip": "94107-7531",
    "mobile_ad_id": "9C5E41D2-77AA-4B0C-9D11-0FEDCBA98765",
}
CANARIES = [
    *("zebulon.canary", "zebulon%2ecanary", "5550177", "555-0177", "canary-customer-778812"),
    *("zebulonia", "quixotrine", "non-binary", "1931-07-29", "19310729", "94107-7531"),
    *("941077531", "9c5e41d2-77aa", "hidden-canary", *(each.lower() for each in TOKENS.values())),
]
DEBUGGING = {"RELAY_SERVER__LOG_LEVEL": "debug", "SHOP_SECRET": SHOP_SECRET}
OPTIONS = 'linger = "10ms"\nmax_batch = 1'


@pytest.mark.parametrize("workers", [1, 3])
async def test_no_byte_of_a_person_or_a_token_is_kept_or_told(tmp_path: Path, workers: int) -> None:
    """With all that can be logged in the log, which is among the files."""
    async with echoing_platforms() as url, relay_of(tmp_path, url, workers) as relay:
        told = await post_all(relay)
        told += await post_foreign(relay)
        told += await break_off(relay)
        await relay.until_nothing_waits()
        told += await read_all(relay)
        await relay.end(signal.SIGTERM)
    found = [each for each in CANARIES if each.encode() in told.lower()]
    assert not found, "in answers"
    kept = relay.text_on_disk()
    found = [each for each in CANARIES if each.encode() in kept.lower()]
    assert not found, "on disk"
    assert b'"level":"debug"' in kept


def relay_of(folder: Path, platforms: str, workers: int) -> Relay:
    """Return a relay that takes a shop's webhooks, too."""
    relay = Relay(folder, platforms, OPTIONS, DEBUGGING, workers=workers)
    with (folder / "relay.toml").open("a") as config:
        config.write(SHOP)
    return relay


def bodies() -> list[Any]:
    """Return events that are fine, refused on arrival, and refused by the platforms."""
    events: list[Any] = [purchase(f"order-{number}", **PERSON) for number in range(8)]
    events[0]["page"]["url"] += "?email=Zebulon.Canary%2Btag%40Example.com&epik=abc"
    events[1]["page"]["referrer"] = "https://shop.example/u/zebulon.canary@example.com"
    events[2]["custom"] = {"note": "hidden-canary"}
    wrong = purchase("wrong", **PERSON)
    return [
        events,
        wrong | {"zebulon.canary@example.com": 1},
        wrong | {"user": PERSON | {"email": {"zebulon.canary": "@"}}},
        wrong | {"user": PERSON | {"phone": ["+1 (415) 555-0177", 5]}},
        wrong | {"user": {"email": "zebulon.canary at example.com"}},
        wrong | {"order": {"currency": "Zebulonia"}},
        wrong | {"action_source": "hidden-canary"},
        wrong | {"destinations": ["hidden-canary"]},
        "hidden-canary zebulon.canary@example.com",
    ]


async def post_all(relay: Relay) -> bytes:
    """Post everything; return all that was answered."""
    told = b""
    async with aiohttp.ClientSession() as session:
        for body in bodies():
            async with session.post(f"{relay.producers}/v1/events", json=body) as response:
                assert response.status in (202, 400)
                told += await response.read()
    return told


async def post_foreign(relay: Relay) -> bytes:
    """Post what others would; return all that was answered."""
    told = b""
    async with aiohttp.ClientSession() as session:
        for sent in foreign(PERSON):
            url = relay.producers + sent.path
            async with session.post(url, data=sent.body, headers=sent.headers) as response:
                assert response.status == sent.status, sent.path
                told += await response.read()
    return told


async def break_off(relay: Relay) -> bytes:
    """Send requests that are no HTTP, or hang up in the middle; return all that was answered."""
    told, port = b"", int(relay.producers.rpartition(":")[2])
    person = "zebulon.canary@example.com hidden-canary"
    for request in (
        f"POST /v1/events?email={person} HTTP/1.1\r\nHost: relay\r\nX-Person: {person}\r\n\r\n",
        f"POST /v1/events HTTP/1.1\r\nHost: relay\r\nContent-Length: 9000\r\n\r\n{person}",
        f"{person}\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        writer.write_eof()
        with suppress(ConnectionError):
            told += await reader.read()
        writer.close()
    return told


async def read_all(relay: Relay) -> bytes:
    """Return all that the admin port tells."""
    told = b""
    paths = [
        *("/", "/metrics", "/api/v1/summary", "/api/v1/destinations", "/api/v1/rejections"),
        *("/api/v1/dead-letters", *(f"/api/v1/events/order-{number}" for number in range(8))),
    ]
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(relay.admin + path) as response:
                assert response.status == 200, path
                told += await response.read()
    return told


@asynccontextmanager
async def echoing_platforms() -> AsyncIterator[str]:
    """Serve both platforms: refusals of every kind that repeat the request, then success."""
    application = web.Application()
    pinterest, tiktok = itertools.count(), itertools.count()

    async def to_pinterest(request: web.Request) -> web.Response:
        return _pinterest(next(pinterest), await _echo(request))

    async def to_tiktok(request: web.Request) -> web.Response:
        return _tiktok(next(tiktok), await _echo(request))

    application.router.add_post("/v5/ad_accounts/{account}/events", to_pinterest)
    application.router.add_post("/open_api/v1.3/event/track/", to_tiktok)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _echo(request: web.Request) -> str:
    """Return all that a platform knows, and PII as if it had unhashed it."""
    person = json.dumps(PERSON) + " zebulon.canary@example.com"
    return f"{dict(request.headers)} {person} {(await request.read()).decode()}"


def _pinterest(number: int, echo: str) -> web.Response:
    headers = {"X-Pinterest-RID": next(iter(TOKENS.values()))}
    verdict = {"status": "failed", "error_message": echo, "warning_message": echo}
    listed = {"num_events_received": 1, "num_events_processed": 0, "events": [verdict]}
    fine = {"status": "processed", "error_message": "", "warning_message": echo}
    answers: list[tuple[int, Any]] = [
        (500, echo),
        (429, {"code": 8, "message": echo}),
        (200, listed),
        (422, {"code": 4200, "message": echo, "details": listed}),
        (400, {"code": 4196, "message": echo}),
        (200, listed | {"num_events_processed": 1, "events": [fine]}),
    ]
    status, body = answers[min(number, len(answers) - 1)]
    return web.Response(status=status, body=msgspec.json.encode(body), headers=headers)


def _tiktok(number: int, echo: str) -> web.Response:
    answers: list[tuple[int, int, str]] = [
        (200, 50000, echo),
        (200, 40002, f"Invalid value for data.0.user.email: {echo}"),
        (401, 40100, echo),
        (200, 40002, echo),
        (200, 0, "OK"),
    ]
    status, code, message = answers[min(number, len(answers) - 1)]
    body = {"code": code, "message": message, "request_id": echo, "data": {"echo": echo}}
    return web.Response(status=status, body=msgspec.json.encode(body))
