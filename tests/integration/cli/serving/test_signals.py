"""How a process ends by signals, whatever hangs in it: each case is a small process of its own."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WITHIN_S = 20.0
HANGING = """\
import asyncio, logging, resource, threading, time
from relay import logs
from relay.cli.serving.signals import until_told

async def main():
    async with until_told({limit_s}, lambda: print("told", flush=True)) as stop:
        {before}
        print("ready", flush=True)
        await stop.wait()
        {after}

asyncio.run(main())
print("ended", flush=True)
"""
BLOCKED = "time.sleep(60)"
"""The event loop itself hangs: no task of it could end the process."""
BLOCKED_BY_THE_LOG = f"logs.configure(); logging.root.handlers[0].acquire(); {BLOCKED}"
"""As while a line is written to a disk that never answers."""
LOOKING_UP = "asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)"
"""As a name is looked up at a server that never answers: a loop that is closed waits for it."""
NO_THREADS = "threading.stack_size(2**40); resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))"
"""No further thread can be started, as at a limit of memory or of processes."""


def ended(
    tmp_path: Path,
    after: str,
    *signals: signal.Signals,
    before: str = "pass",
    limit_s: float = 0.5,
) -> tuple[int, str, float]:
    """Return exit code, output and seconds after the first signal."""
    script = tmp_path / "script.py"
    script.write_text(HANGING.format(before=before, after=after, limit_s=limit_s))
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        out = process.stdout.readline()
        began = time.monotonic()
        for each in signals:
            process.send_signal(each)
            out += process.stdout.readline()
        out += process.stdout.read()
        code = process.wait(WITHIN_S)
    return code, out.decode(), time.monotonic() - began


def test_the_first_signal_lets_the_process_end_by_itself(tmp_path: Path) -> None:
    code, out, _ = ended(tmp_path, "pass", signal.SIGTERM)

    assert (code, out.split()) == (0, ["ready", "told", "ended"])


def test_a_time_that_no_thread_can_wait_for_is_no_error(tmp_path: Path) -> None:
    told = "threading.excepthook = lambda failed: print(failed.exc_type, flush=True)"
    watched = "[each.join(0.5) for each in threading.enumerate() if each.daemon]"
    code, out, _ = ended(tmp_path, watched, signal.SIGTERM, before=told, limit_s=1e12)

    assert (code, out.split()) == (0, ["ready", "told", "ended"])


@pytest.mark.parametrize("hang", [BLOCKED, BLOCKED_BY_THE_LOG, LOOKING_UP])
def test_a_process_whose_loop_hangs_ends_when_its_time_is_over(tmp_path: Path, hang: str) -> None:
    """A disk that never answers cannot keep it: what it would have written is written next time."""
    code, out, took_s = ended(tmp_path, hang, signal.SIGTERM)

    assert (code, out.split()) == (0, ["ready", "told"])
    assert took_s < WITHIN_S


@pytest.mark.parametrize("after", ["pass", BLOCKED])
def test_it_ends_within_its_time_also_where_no_thread_can_be_started(
    tmp_path: Path, after: str
) -> None:
    code, out, took_s = ended(tmp_path, after, signal.SIGTERM, before=NO_THREADS)

    assert code == 0
    assert out.split()[:2] == ["ready", "told"]
    assert took_s < WITHIN_S


@pytest.mark.parametrize(("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_with_the_code_that_shells_expect(
    tmp_path: Path, second: signal.Signals, code: int
) -> None:
    found, out, _ = ended(tmp_path, "await asyncio.sleep(60)", signal.SIGTERM, second)

    assert (found, out.split()) == (code, ["ready", "told"])
