"""The load and the sinks of the bench: what is posted, answered, counted and timed."""

import asyncio
import os
import subprocess
import sys
from array import array
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import pairwise

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tests.bench import corpus, load, sink
from tests.bench.measurement import latencies_s
from tests.bench.usage import usage

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PINTEREST_PATH = "/v5/ad_accounts/549755885175/events"
TIKTOK_PATH = "/open_api/v1.3/event/track/"


def bodies(count: int, body_events: int) -> list[bytes]:
    return list(corpus.bodies(corpus.Shop(7, NOW).events(count), body_events))


async def listening(stack: AsyncExitStack) -> str:
    """Return the address of a sink that runs until the stack ends."""
    server = await stack.enter_async_context(await sink.start("127.0.0.1", 0))
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def post(session: aiohttp.ClientSession, url: str, events: int) -> tuple[int, object]:
    data = [{"event_id": str(number)} for number in range(events)]
    async with session.post(url, json={"data": data}) as answer:
        return answer.status, msgspec.json.decode(await answer.read())


async def counted(session: aiohttp.ClientSession, url: str) -> sink.Count:
    async with session.get(f"{url}/count") as answer:
        return msgspec.json.decode(await answer.read(), type=sink.Count)


async def test_the_sink_answers_as_pinterest_does() -> None:
    """The answer has a verdict for each event, and the count is theirs."""
    async with AsyncExitStack() as stack:
        url = await listening(stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        status, answer = await post(session, url + PINTEREST_PATH, 3)
        count = await counted(session, url)
    verdict = {"status": "processed", "error_message": "", "warning_message": ""}
    assert status == 200
    assert answer == {
        "num_events_received": 3,
        "num_events_processed": 3,
        "events": [verdict] * 3,
    }
    assert (count.pinterest.events, count.pinterest.requests, count.tiktok.events) == (3, 1, 0)


async def test_the_sink_answers_as_tiktok_does() -> None:
    async with AsyncExitStack() as stack:
        url = await listening(stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        status, answer = await post(session, url + TIKTOK_PATH, 1_000)
        count = await counted(session, url)
    assert status == 200
    assert isinstance(answer, dict)
    assert (answer["code"], answer["message"], answer["data"]) == (0, "OK", {})
    assert (count.tiktok.events, count.tiktok.requests, count.last_at_s > 0) == (1_000, 1, True)


@pytest.mark.parametrize("events", [0, 1_001])
async def test_the_sink_refuses_what_the_platforms_would(events: int) -> None:
    async with AsyncExitStack() as stack:
        url = await listening(stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        pinterest_status, _ = await post(session, url + PINTEREST_PATH, events)
        _, tiktok_answer = await post(session, url + TIKTOK_PATH, events)
        count = await counted(session, url)
    assert pinterest_status == 400
    assert isinstance(tiktok_answer, dict)
    assert tiktok_answer["code"] == 40002
    assert (count.events, count.refused) == (0, 2)


async def test_the_sink_counts_requests_that_come_in_pieces() -> None:
    """Two requests of one connection, cut at every place, are two requests."""
    async with AsyncExitStack() as stack:
        url = await listening(stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        body = b'{"data":[{"event_id":"1"},{"event_id":"2"}]}'
        head = f"POST {TIKTOK_PATH} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        for byte in (head + body) * 2:
            writer.write(bytes([byte]))
            await writer.drain()
        for _ in range(2):
            await reader.readuntil(b'"data":{}}')
        writer.close()
        await writer.wait_closed()
        count = await counted(session, url)
    assert (count.tiktok.events, count.tiktok.requests) == (4, 2)


async def test_the_load_posts_each_body_once() -> None:
    """What the server saw is what was handed in, and refusals are counted as such."""
    seen: list[bytes] = []

    async def accept(request: web.Request) -> web.Response:
        seen.append(await request.read())
        if len(seen) == 1:
            return web.json_response({"accepted": 0}, status=503)
        return web.json_response({"accepted": 10, "rejected": 0}, status=202)

    app = web.Application()
    app.router.add_post("/v1/events", accept)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    posted = bodies(100, 10)
    summary = await load.post([load.render(body, port) for body in posted], port, 3)
    await runner.cleanup()
    assert sorted(seen) == sorted(posted)
    assert summary.accepted == 90
    assert summary.statuses == {"202": 9, "503": 1}
    assert summary.answer_p50_ms is not None
    assert summary.answer_p99_ms is not None
    assert 0 < summary.answer_p50_ms <= summary.answer_p99_ms


def test_the_usage_of_a_process_includes_its_children() -> None:
    alone = usage(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        together = usage(os.getpid())
        child.communicate(b"\n")
    assert together.rss_peak_bytes > alone.rss_peak_bytes
    assert together.cpu_s >= alone.cpu_s > 0


async def test_an_open_loop_counts_from_the_moment_a_body_was_due() -> None:
    """A server that is slower than the pace makes bodies wait, and the wait is in the answer."""

    async def accept(request: web.Request) -> web.Response:
        await asyncio.sleep(0.02)
        return web.json_response({"accepted": 1, "rejected": 0}, status=202)

    app = web.Application()
    app.router.add_post("/v1/events", accept)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    requests = [load.render(body, port) for body in bodies(20, 1)]
    summary = await load.post(requests, port, 1, requests_per_s=1_000)
    await runner.cleanup()
    assert summary.statuses == {"202": 20}
    gaps_s = [later - sooner for sooner, later in pairwise(summary.sent_at_s)]
    assert gaps_s == pytest.approx([0.001] * 19)
    assert summary.answer_p99_ms is not None
    assert summary.answer_p99_ms > 19 * 20 - 20


def test_delivery_is_measured_for_each_event_and_destination() -> None:
    """From the body that an event was in to each arrival; events of the warm-up do not count."""
    first = sink.Arrival(12.0, array(sink.NUMBERS, [3, 4, 5]).tobytes())
    second = sink.Arrival(15.0, array(sink.NUMBERS, [5, 6]).tobytes())
    found = latencies_s([first, second], sent_at_s=[10.0, 11.0], first=4, body_events=2)
    assert list(found) == [2.0, 2.0, 5.0, 4.0]


async def test_the_sink_knows_when_each_event_of_the_corpus_came() -> None:
    async with AsyncExitStack() as stack:
        url = await listening(stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        data = [*corpus.Shop(7, NOW).events(3), {"event_id": "of-another-kind"}]
        async with session.post(url + TIKTOK_PATH, json={"data": data}) as answer:
            assert answer.status == 200
        async with session.get(f"{url}/arrivals") as answer:
            [arrival] = msgspec.msgpack.decode(await answer.read(), type=list[sink.Arrival])
    assert list(array(sink.NUMBERS, arrival.numbers)) == [0, 1, 2]
    assert arrival.at_s > 0
