"""Whole runs of the bench, its stages and its profiles, at a small size."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.bench import corpus, micro
from tests.bench.case import BASELINE, CHAIN, RELAY
from tests.bench.child import BenchError
from tests.bench.flame import own_shares, watched
from tests.bench.run import Report
from tests.bench.usage import tree, usage

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def bodies(count: int, body_events: int) -> list[bytes]:
    return list(corpus.bodies(corpus.Shop(7, NOW).events(count), body_events))


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
