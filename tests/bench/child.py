"""The processes that a bench starts: pinned to their cores, with a deadline, ended by their id.

`timeout` ends each of them at its deadline even when the bench itself is gone, and `taskset` pins
it with all its threads before it runs. Only what was started here is ever ended.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import msgspec

DEADLINE_S = 600
"""How long any process may run."""
KILL_AFTER_S = 30
"""How long it may take to end when it is told to."""
POLL_S = 0.02
LOG_TAIL_BYTES = 2_000


class BenchError(Exception):
    """The bench cannot go on, so there is no figure; the text says why."""


class Cores(msgspec.Struct, frozen=True):
    """Which cores the measured service has to itself, and which the tools share."""

    service: str
    tools: str

    def of(self, workers: int) -> str:
        """Return the cores of a service: several workers share all of them with the tools."""
        return self.service if workers == 1 else f"{self.service},{self.tools}"

    def stay(self) -> None:
        """Keep this process on the core of the service: it measures itself."""
        os.sched_setaffinity(0, {int(self.service)})

    def leave(self) -> None:
        """Keep this process, and what it starts without a core of its own, among the tools."""
        os.sched_setaffinity(0, {int(core) for core in self.tools.split(",")})


def available_cores() -> Cores:
    """Return the first core of this process for the service and the others for the tools."""
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores(str(first), ",".join(map(str, others)) or str(first))


def python(module: str, *arguments: str, cores: str) -> list[str]:
    """Return the command that runs a module with this Python, on `cores` and until the deadline."""
    limit = ["timeout", f"--kill-after={KILL_AFTER_S}", str(DEADLINE_S), "taskset", "-c", cores]
    return [*limit, sys.executable, "-m", module, *arguments]


class Child:
    """A process that runs beside the bench, and the file that its output goes to."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The root of its tree of processes."""
        return self._process.pid

    def wait_until(self, condition: Callable[[], bool], what: str, deadline_s: float) -> None:
        """Return when `condition` holds; raises `BenchError` at the deadline, or if it ends."""
        end_s = monotonic() + deadline_s
        while not condition():
            if self._process.poll() is not None or monotonic() > end_s:
                raise self.failure(f"waited in vain for {what}")
            sleep(POLL_S)

    def failure(self, text: str) -> BenchError:
        """Return an error that also tells what the process said last."""
        return BenchError(f"{text}; its last words:\n{self._tail()}")

    def _tail(self) -> str:
        return self._log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """Run `command` beside the block, and end it after the block."""
    variables = {**os.environ, **(environment or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=variables)
    try:
        yield Child(process, log)
    finally:
        process.terminate()
        process.wait(KILL_AFTER_S + 5)


def output_of(command: Sequence[str]) -> bytes:
    """Return what `command` prints; raises `BenchError` when it fails."""
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise BenchError(f"a tool ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout
