"""The figures of the process, read from a `/proc` as a confined service sees it."""

import subprocess
import time
from pathlib import Path

import pytest

from relay.outcome.process import ProcessFigures

TOLD = {
    *("process_cpu_seconds_total", "process_resident_memory_bytes"),
    *("process_virtual_memory_bytes", "process_open_fds", "process_max_fds"),
    "process_start_time_seconds",
}


def told(figures: ProcessFigures) -> dict[str, float]:
    return {sample.name: sample.value for metric in figures.collect() for sample in metric.samples}


def test_they_are_told_where_proc_shows_nothing_but_processes(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("/proc/self")

    assert told(ProcessFigures(proc=str(tmp_path), registry=None)).keys() == TOLD


def test_a_process_has_started_when_it_was_and_not_anew_at_each_look() -> None:
    before_s = time.time()
    with subprocess.Popen(["sleep", "60"]) as child:
        figures = ProcessFigures(pid=lambda: child.pid, registry=None)
        started_s = [told(figures)["process_start_time_seconds"] for _ in range(2)]
        child.kill()

    assert started_s[0] == started_s[1]
    assert started_s[0] == pytest.approx(before_s, abs=5)
