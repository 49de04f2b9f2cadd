"""The tools of the bench measure what they say: the corpus, the sink, the load, the verdicts."""

import asyncio
import os
import subprocess
import sys
from array import array
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import aiohttp
import msgspec
import pytest
from aiohttp import web

from relay.event import InboundEvent
from tests.bench import corpus, load, micro, sink
from tests.bench.case import BASELINE, CASES, CHAIN, PACED_BOUNDS, RELAY, Bound, Case
from tests.bench.child import BenchError
from tests.bench.figure import FIGURES
from tests.bench.flame import own_shares, watched
from tests.bench.machine import Machine
from tests.bench.measurement import Measurement, latencies_s
from tests.bench.plot import plot
from tests.bench.report import Result, Verdict, verdicts
from tests.bench.run import Report, attempt
from tests.bench.stage import Stage
from tests.bench.usage import tree, usage

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


def trial(events_per_s: float, cpu_us: float, answer_p99_ms: float = 1.0) -> Measurement:
    return Measurement(
        events=1_000,
        wall_s=1_000 / events_per_s,
        events_per_s=events_per_s,
        cpu_us_per_event=cpu_us,
        answer_p99_ms=answer_p99_ms,
        delivery_p50_ms=249.0,
    )


MACHINE = Machine(
    at=NOW,
    python="3.11",
    system="Linux",
    processor="a processor",
    core_count=2,
    sync_p50_ms=0.3,
    sync_p99_ms=4.0,
)


def case_with(name: str, *bounds: Bound) -> Case:
    return msgspec.structs.replace(CASES[0], name=name, bounds=bounds)


def judged(*results: Result) -> list[Verdict]:
    return verdicts(results, MACHINE)


def test_verdicts_are_on_the_median_of_the_rounds() -> None:
    """One bad round of three misses no bound; a median beyond it does."""
    case = case_with(
        "bodies",
        Bound(figure="events_per_s", at_least=20, times=BASELINE),
        Bound(figure="cpu_us_per_event", at_most=40),
    )
    baseline = [trial(1_000, 900)] * 3
    kept = [trial(30_000, 30), trial(5_000, 90), trial(25_000, 39)]
    missed = [trial(30_000, 41), trial(19_000, 41), trial(18_000, 30)]
    found = judged(Result(case=case, trials={RELAY: kept, BASELINE: baseline}))
    assert [each.is_kept for each in found] == [True, True]
    found = judged(Result(case=case, trials={RELAY: missed, BASELINE: baseline}))
    assert [each.text for each in found if not each.is_kept] == [
        "events/s, delivered to all: 19.00 times that of baseline, promised at least 20",
        "CPU µs an event: 41.0, promised at most 40",
    ]


def test_cases_are_compared_round_by_round() -> None:
    """A machine that was slow in one round was so for both."""
    two = case_with("two")
    four = case_with("four", Bound(figure="cpu_us_per_event", at_most=5, beyond="two", per=2))
    results = (
        Result(case=two, trials={RELAY: [trial(1, 30), trial(1, 60), trial(1, 30)]}),
        Result(case=four, trials={RELAY: [trial(1, 41), trial(1, 69), trial(1, 38)]}),
    )
    [verdict] = judged(*results)
    assert verdict.is_kept
    assert verdict.text.startswith("CPU µs an event: 4.5 more than two, for each of 2")


def test_the_disk_and_the_linger_are_added_to_a_limit() -> None:
    """What the disk takes and what a request waits by its settings is not the relay's fault."""
    case = case_with("paced", *PACED_BOUNDS)
    kept = judged(Result(case=case, trials={RELAY: [trial(1, 1, answer_p99_ms=13.9)]}))
    missed = judged(Result(case=case, trials={RELAY: [trial(1, 1, answer_p99_ms=14.1)]}))
    assert [each.is_kept for each in kept] == [True, True]
    assert [each.is_kept for each in missed] == [False, True]


def test_a_promise_that_the_machine_may_not_allow_is_kept_by_the_other_one() -> None:
    """Both are told, whichever is kept."""
    otherwise = Bound(figure="cpu_us_per_event", at_most=1.15, times="one")
    faster = Bound(figure="events_per_s", at_least=1.6, times="one", otherwise=otherwise)
    one, two = case_with("one"), case_with("two", faster)
    alone = Result(case=one, trials={RELAY: [trial(10, 100)]})
    for figures, is_kept in (((17, 200), True), ((12, 110), True), ((12, 120), False)):
        [verdict] = judged(alone, Result(case=two, trials={RELAY: [trial(*figures)]}))
        assert verdict.is_kept == is_kept
        assert "promised at least 1.6, or CPU µs an event" in verdict.text


def test_what_was_not_compared_has_no_verdict() -> None:
    case = case_with("bodies", Bound(figure="events_per_s", at_least=20, times=BASELINE))
    assert judged(Result(case=case, trials={RELAY: [trial(30_000, 30)], BASELINE: []})) == []


def test_a_case_that_failed_has_no_figures_and_the_others_go_on() -> None:
    """A whole run is not lost by one trial; what failed counts as a broken promise."""

    class Broken(Stage):
        def __init__(self) -> None:
            """Have no folder: no trial begins."""

        def trial(self, case: Case, contender: str, *_: object, **__: object) -> Measurement:
            if (case.name, contender) == ("two", BASELINE):
                raise BenchError("it did not start")
            return trial(1_000, 10)

    results = {
        name: Result(case=case_with(name), trials={RELAY: [], BASELINE: []})
        for name in ("one", "two")
    }
    for case in ("one", "two", "one", "two"):
        for contender in (RELAY, BASELINE):
            attempt(Broken(), results[case].case, contender, results)
    assert [len(results["one"].of(each)) for each in (RELAY, BASELINE)] == [2, 2]
    assert [len(results["two"].of(each)) for each in (RELAY, BASELINE)] == [0, 0]
    [verdict] = judged(*results.values())
    assert (verdict.case, verdict.is_kept) == ("two", False)
    assert verdict.text == "a trial failed: baseline: it did not start"


def test_every_bound_refers_to_what_is_measured() -> None:
    """Figures, cases and contenders exist, and what a pace refers to is measured before."""
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for number, case in enumerate(CASES):
        assert case.pace is None or case.pace.of in names[:number]
        for bound in case.bounds:
            assert bound.figure in FIGURES
            assert (bound.at_least is None) != (bound.at_most is None)
            assert bound.beyond in ("", *names)
            assert bound.times in ("", BASELINE, CHAIN, *names)
            assert bound.times != BASELINE or case.baseline is not None
            assert bound.times != CHAIN or case.has_chain


def test_a_plot_is_well_formed_and_says_its_figures_in_words() -> None:
    """It is XML; each mark has a title, and whoever cannot see them has a description."""
    case = case_with("<bodies>")
    trials = {RELAY: [trial(30_000, 30), trial(20_000, 50)], BASELINE: [trial(1_000, 900)]}
    text = plot([Result(case=case, trials=trials)], "2026 & later")
    drawn = ET.fromstring(text)  # noqa: S314 - the text is our own
    name = "{http://www.w3.org/2000/svg}"
    titles = [each.text for each in drawn.iter(f"{name}title")]
    assert "relay, CPU µs an event: 40.0 [30.0..50.0]" in titles
    assert "baseline, events/s, delivered to all: 1,000 [1,000..1,000]" in titles
    description = drawn.findtext(f"{name}desc")
    assert description is not None
    assert "<bodies>: CPU µs an event 40.0." in description


def quick_run(folder: Path, *options: str) -> Report:
    """Run the bench as a process, and see that nothing is left on disk but the figures."""
    figures = folder / "figures.json"
    arguments = ["--quick", f"--folder={folder / 'bench'}", f"--json={figures}", *options]
    command = [sys.executable, "-m", "tests.bench.run", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert list((folder / "bench").iterdir()) == []
    assert (folder / "figures.svg").exists()
    return msgspec.json.decode(figures.read_bytes(), type=Report)


@pytest.mark.slow
def test_a_quick_run_measures_baseline_and_chain(tmp_path: Path) -> None:
    """Everything arrives, and each has the figures that it can have."""
    report = quick_run(tmp_path, "--case=bodies-of-100")
    [result] = report.results
    [relay], [baseline], [chain] = (result.of(each) for each in (RELAY, BASELINE, CHAIN))
    assert (relay.events, baseline.events, chain.events) == (3_000, 300, 3_000)
    assert baseline.events_per_post == 1
    assert chain.answer_p50_ms is None
    assert chain.cpu_us_per_event > 0
    assert relay.delivery_p50_ms is not None
    assert relay.delivery_p99_ms is not None
    assert 0 < relay.delivery_p50_ms <= relay.delivery_p99_ms
    assert (report.verdicts, report.is_quick) == ([], True)


@pytest.mark.slow
def test_a_quick_run_paces_and_begins_with_a_past(tmp_path: Path) -> None:
    """An open loop has its reference measured first, and what waited is delivered as well."""
    report = quick_run(tmp_path, "--case=1-million-waiting", "--only=relay")
    [reference], [waiting] = (result.of(RELAY) for result in report.results)
    assert reference.events == 3_000
    assert 3_000 <= waiting.events <= 8_000


def test_the_stages_are_measured_one_by_one(tmp_path: Path) -> None:
    """Each stage has a figure of each round, and none of them lost an event on the way."""
    found = asyncio.run(micro.measure(rounds=2, events=300, folder=tmp_path))
    stages = {stage.partition(",")[0] for stage in found}
    assert {"decode and check", "convert", "map and encode", "claim", "append"} <= stages
    assert {"read and batch", "request", "answer", "settle"} <= stages
    assert len(found["convert"]) == 2
    assert len(found["settle, a destination, durable"]) == 4


def test_a_profile_tells_which_functions_were_at_work() -> None:
    """Only the innermost frame of a sample counts."""
    stacks = [
        "main (a.py:1);decode (b.py:7) 3",
        "main (a.py:1) 1",
        "main (a.py:1);decode (b.py:7) 4",
    ]
    assert own_shares(stacks) == [("decode (b.py:7)", 7 / 8), ("main (a.py:1)", 1 / 8)]


BUSY = "while True: sum(range(1_000))"


def test_a_process_is_profiled_from_outside(tmp_path: Path) -> None:
    """The first process below the one that keeps its time is looked at until the block ends."""
    path = tmp_path / "profile.txt"
    command = ["timeout", "30", sys.executable, "-c", BUSY]
    with subprocess.Popen(command) as child:
        try:
            while len(tree(child.pid)) < 2:
                os.sched_yield()
            with watched(child.pid, path, "raw"):
                used_s = usage(child.pid).cpu_s
                while usage(child.pid).cpu_s < used_s + 1:
                    os.sched_yield()
        except BenchError as error:
            if "ermission" not in str(error):
                raise
            pytest.skip("NOT TESTED: this user may not trace processes")
        finally:
            child.terminate()
    (name, share), *_ = own_shares(path.read_text().splitlines())
    assert name.startswith("<module> (<string>")
    assert share > 0.5  # what looks from outside, without stopping it, misreads some stacks
