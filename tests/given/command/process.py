"""`relay` as a process of its own: run to its end, or beside a test until it is told to stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec

from tests.acceptance.process import free_ports

WITHIN_S = 30.0
LOOK_S = 0.02


class Ended(msgspec.Struct, frozen=True):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def assert_one_line(ended: Ended, code: int, *words: str) -> None:
    """Require one line on stderr, with these words in it, and nothing on stdout."""
    assert (ended.code, ended.out) == (code, ""), ended
    [line] = ended.err.splitlines()
    assert line.startswith("relay: ")
    assert all(word in line for word in words), line


class Shop(msgspec.Struct, frozen=True):
    """A folder in which commands are run, with the ports of its relay in the environment."""

    folder: Path
    producers: int
    admin: int

    @classmethod
    def of(cls, folder: Path) -> "Shop":
        """Return a shop with ports that nobody uses."""
        producers, admin = free_ports(2)
        return cls(folder, producers, admin)

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return what a process of this shop sees; nothing of `RELAY_…` leaks in from outside."""
        inherited = {name: text for name, text in os.environ.items() if not _ours(name)}
        ports = {
            "RELAY_SERVER__LISTEN": f"127.0.0.1:{self.producers}",
            "RELAY_ADMIN__LISTEN": f"127.0.0.1:{self.admin}",
        }
        return {**inherited, **ports, **given}

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Ended:
        """Run a command to its end."""
        done = subprocess.run(
            command(*arguments),
            cwd=self.folder,
            env=self.environment(environment),
            input=stdin.encode(),
            capture_output=True,
            timeout=WITHIN_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator["Running"]:
        """Run a command beside the block; whatever is left of it then is killed."""
        out, err = self.folder / "out.txt", self.folder / "err.txt"
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                command(*arguments),
                cwd=self.folder,
                env=self.environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
            )
        try:
            yield Running(process, out, err)
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def serving(self, *arguments: str, **environment: str) -> Iterator["Running"]:
        """Run `relay serve` beside the block, which begins once it can take events."""
        with self.running("serve", *arguments, **environment) as process:
            process.wait_until(lambda: answers(self.admin, "/readyz"))
            yield process


class Running:
    """A process beside a test, and the files that it prints to."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self._process = process
        self._out = out
        self._err = err

    @property
    def id(self) -> int:
        """The id of the process."""
        return self._process.pid

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds; fails if the process ends before, or never comes."""
        end_s = time.monotonic() + WITHIN_S
        while not condition():
            assert self._process.poll() is None, self.err
            assert time.monotonic() < end_s, self.err
            time.sleep(LOOK_S)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.send(number)
        return self._process.wait(WITHIN_S)

    def wait(self) -> int:
        """Return the exit code."""
        return self._process.wait(WITHIN_S)

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it has logged so far."""
        return self._err.read_text()


def unmeasured(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which coverage counts no lines: it takes time, and files."""
    return {name: text for name, text in environment.items() if not name.startswith("COVERAGE_")}


def command(*arguments: str) -> list[str]:
    """Return the command line of `relay …`."""
    return [sys.executable, "-m", "relay", *arguments]


def answers(port: int, path: str) -> bool:
    """Return whether somebody answers with 200 there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def fetch(url: str, body: bytes | None = None) -> Any:
    """Return the JSON at an address; with a body, it is posted."""
    with urlopen(url, body, timeout=10) as answer:
        return msgspec.json.decode(answer.read())


def _ours(name: str) -> bool:
    return name.startswith("RELAY_") or name in {"NO_COLOR", "FORCE_COLOR"}
