"""A worker's process watches the main process from its first line on."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from relay.worker import ORPHANED

WITHIN_S = 20.0
WATCHING = "import sys; from relay.worker import Lifeline; line = Lifeline(int(sys.argv[1])); "
TELL = "import os; os.write(1, b'.'); "
BUSY = "x = 1\nwhile x: x = 3 ** 9"


@contextmanager
def started(*command: str) -> Iterator[tuple[socket.socket, "subprocess.Popen[bytes]"]]:
    """Start Python with one end of a socket, whose number it is told; hand out the other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, *command, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdout=subprocess.PIPE,
        )
        theirs.close()
        with process:
            try:
                yield ours, process
            finally:
                process.kill()


@pytest.mark.parametrize("busy", ["import time; time.sleep(99)", BUSY])
def test_a_worker_ends_with_the_other_end_of_its_socket_whatever_it_does(busy: str) -> None:
    with started("-c", WATCHING + TELL + busy) as (ours, process):
        assert process.stdout is not None
        assert process.stdout.read(1) == b"."
        ours.close()
        assert process.wait(WITHIN_S) == ORPHANED


def test_one_that_leaves_by_itself_is_not_hurried() -> None:
    leaving = "line.release(); " + TELL + "import time; time.sleep(99)"
    with started("-c", WATCHING + leaving) as (ours, process):
        assert process.stdout is not None
        assert process.stdout.read(1) == b"."
        ours.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)


def test_a_worker_that_is_still_loading_ends_as_well() -> None:
    with started("-m", "relay.worker") as (ours, process):
        ours.close()
        assert process.wait(WITHIN_S) == ORPHANED
