"""The tools of the bench measure what they say: the corpus, the sink, the load, the verdicts."""

import asyncio
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from relay.event import InboundEvent
from tests.bench import corpus, load, sink
from tests.bench.case import CASES
from tests.bench.report import Result, verdicts
from tests.bench.run import Report
from tests.bench.trial import Measurement
from tests.bench.usage import usage

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
PINTEREST_PATH = "/v5/ad_accounts/549755885175/events"
TIKTOK_PATH = "/open_api/v1.3/event/track/"


def bodies(count: int, body_events: int) -> list[bytes]:
    return list(corpus.bodies(corpus.Shop(7, NOW).events(count), body_events))


def test_the_corpus_is_in_the_inbound_format() -> None:
    """Every body decodes strictly, and the last one is what was left over."""
    decoded = [msgspec.json.decode(body, type=list[InboundEvent]) for body in bodies(250, 100)]
    assert [len(events) for events in decoded] == [100, 100, 50]


def test_no_two_events_are_the_same() -> None:
    events = list(corpus.Shop(7, NOW).events(5_000))
    assert len({str(event["event_id"]) for event in events}) == 5_000
    assert len({str(event["user"]) for event in events}) == 5_000


def test_the_same_seed_gives_the_same_events() -> None:
    assert bodies(50, 10) == bodies(50, 10)


def test_an_event_has_the_size_of_a_real_one() -> None:
    mean_bytes = sum(map(len, bodies(2_000, 100))) / 2_000
    assert 850 < mean_bytes < 950


def test_a_file_of_bodies_holds_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "bodies"
    corpus.write(path, iter(bodies(30, 10)))
    assert path.read_bytes().splitlines() == bodies(30, 10)


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
    assert 0 < summary.answer_p50_ms <= summary.answer_p99_ms


def test_the_usage_of_a_process_includes_its_children() -> None:
    alone = usage(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        together = usage(os.getpid())
        child.communicate(b"\n")
    assert together.rss_peak_bytes > alone.rss_peak_bytes
    assert together.cpu_s >= alone.cpu_s > 0


def trial(events_per_s: float, cpu_us: float) -> Measurement:
    return Measurement(
        events=1_000,
        wall_s=1_000 / events_per_s,
        events_per_s=events_per_s,
        cpu_us_per_event=cpu_us,
        rss_peak_bytes=1,
        written_bytes_per_event=1.0,
        answer_p50_ms=1.0,
        answer_p99_ms=1.0,
        events_per_post=1.0,
    )


def test_verdicts_are_on_the_median_of_the_rounds() -> None:
    """One bad round of three misses no bound; a median beyond it does."""
    case = CASES[0]
    baseline = [trial(1_000, 900)] * 3
    kept = [trial(30_000, 30), trial(5_000, 90), trial(25_000, 39)]
    missed = [trial(30_000, 41), trial(19_000, 41), trial(18_000, 30)]
    found = verdicts(Result(case=case, relay=kept, baseline=baseline))
    assert [each.is_kept for each in found] == [True, True]
    found = verdicts(Result(case=case, relay=missed, baseline=baseline))
    assert [each.text for each in found if not each.is_kept] == [
        "19.0 times the events a second of the baseline, promised 20",
        "41.0 µs of CPU an event, promised at most 40",
    ]


def test_half_a_run_has_no_verdict() -> None:
    assert verdicts(Result(case=CASES[0], relay=[trial(30_000, 30)], baseline=[])) == []


def test_a_quick_run_measures_the_baseline(tmp_path: Path) -> None:
    """The whole bench as a process: everything arrives, nothing is left running or on disk."""
    folder, figures = tmp_path / "bench", tmp_path / "figures.json"
    options = ["--only=baseline", "--quick", f"--folder={folder}", f"--json={figures}"]
    command = [sys.executable, "-m", "tests.bench.run", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    report = msgspec.json.decode(figures.read_bytes(), type=Report)
    [measured] = report.results[0].baseline
    assert measured.events == 300
    assert measured.events_per_post == 1
    assert list(folder.iterdir()) == []
