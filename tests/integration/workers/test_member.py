"""Worker processes that do not behave; each is a few lines that speak over the socket."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence

import pytest

from relay.keys.record import KeyFile
from relay.workers.member import Member
from relay.workers.message import Setup
from relay.workers.session import MainServices
from tests.unit.workers.test_link_and_session import Main

SPEAK = """
import os, socket, sys, time
from msgspec import msgpack
from relay.workers.message import Alive, Ready
line = socket.socket(fileno=int(sys.argv[1]))
def say(message):
    body = msgpack.encode(message)
    line.sendall(len(body).to_bytes(4, "big") + body)
say(Ready())
"""
SAYS_NOTHING = "import time; time.sleep(99)"
HANGS = SPEAK + "time.sleep(99)"
GOES_ON = SPEAK + "for _ in range(12): time.sleep(0.2); say(Alive())\nsys.exit(7)"
ENDS = SPEAK + "time.sleep(1.5); say(Alive()); sys.exit(7)"
LETS_GO = SPEAK + "line.close(); os.close(0); sys.exit(4)"


@pytest.fixture
def no_threads() -> Iterator[None]:
    """Let no thread start: each would need more memory than there are addresses."""
    former = threading.stack_size(2**47)
    yield
    threading.stack_size(former)


class Watched(Member):
    """A member that counts how often it was ready, and is then stopped if asked for."""

    stops = False

    def __init__(self, services: MainServices, silent_s: float, starting_looks: int) -> None:
        self.ready = 0
        super().__init__(services, self._count, silent_s, starting_looks)

    def _count(self) -> None:
        self.ready += 1
        if self.stops:
            self.stop(within_s=30.0)


async def run(
    script: str, silent_s: float, starting_looks: int = 1000, *, stops: bool = False
) -> tuple[int, int]:
    """Return how it ended, and how often it was ready."""
    member = Watched(Main().services, silent_s, starting_looks)
    member.stops = stops
    command: Sequence[str] = (sys.executable, "-c", script)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        setup = Setup(0, 1, {}, {}, KeyFile(pepper="00"), b"", [], null, 30)
        return await member.run(command, os.environ, setup), member.ready
    finally:
        os.close(null)


@pytest.mark.parametrize(
    ("script", "looks", "ready"),
    [(HANGS, 1000, 1), (SAYS_NOTHING, 2, 0)],
    ids=["after its first word", "before it"],
)
async def test_a_worker_that_hangs_is_ended(
    caplog: pytest.LogCaptureFixture, script: str, looks: int, ready: int
) -> None:
    assert await run(script, 0.5, looks) == (-9, ready)
    assert [record.getMessage() for record in caplog.records] == [
        "a worker process hangs and is ended"
    ]
    caplog.clear()


async def test_one_that_has_nothing_to_say_but_that_it_is_alive_goes_on() -> None:
    assert await run(GOES_ON, silent_s=1.0) == (7, 1)


async def test_one_that_ends_may_say_nothing_meanwhile() -> None:
    assert await run(ENDS, silent_s=0.3, stops=True) == (7, 1)


async def test_one_that_lets_go_of_its_socket_is_waited_for() -> None:
    assert await run(LETS_GO, silent_s=30.0) == (4, 1)


@pytest.mark.usefixtures("no_threads")
async def test_one_that_needs_a_thread_too_many_is_told_as_a_process_too_many() -> None:
    """Up to Python 3.11, asyncio waits for the end of each process in a thread."""
    try:
        assert await run(LETS_GO, silent_s=30.0) == (4, 1)
    except OSError as error:
        assert error.strerror == "Resource temporarily unavailable"  # noqa: PT017 - may not be raised
