"""No thread is first asked for once events have been accepted; see the module's docstring."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from relay.journal.disk.threads import started

LIMITED = """\
import resource, sys, threading
from relay.journal.disk.threads import started

def limit():
    threading.stack_size(2**40)
    resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))

{steps}
"""
"""A process that can start no further thread from `limit` on, as at a limit of processes."""
LATE = "limit(); started(2, 'x')"
EARLY = """
import asyncio, sqlite3
from relay.journal.disk.checkpoint import Checkpointer
from relay.journal.reader import Reader

def connect():
    return sqlite3.connect(":memory:", check_same_thread=False)

async def main():
    reader, checkpointer = Reader(connect), Checkpointer(connect, every_bytes=1)
    limit()
    checkpointer.note(1)
    print(await reader.run(lambda connection: "read"), await checkpointer.empty())

asyncio.run(main())
"""

WRITER = """
import asyncio
from pathlib import Path
from relay.journal.sqlite import SqliteJournal

async def main():
    await asyncio.to_thread(bool)  # the thread that looks at the file is there
    limit()
    path = Path(sys.argv[1])
    journal = SqliteJournal(path, clock=float, max_size_bytes=2**30, retention_s=60)
    await journal.open([])

asyncio.run(main())
"""

READERS = """
import asyncio, sqlite3
from pathlib import Path
from relay.journal.disk.file import Lock
from relay.journal.sqlite import SqliteJournal

class Last(sqlite3.Connection):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if threading.current_thread().name == "journal-writer":
            limit()

async def main():
    path = Path(sys.argv[1])
    journal = SqliteJournal(
        path, clock=float, max_size_bytes=2**30, retention_s=60, connect=Last
    )
    try:
        await journal.open([])
    except RuntimeError as error:
        Lock(path).release()
        print(error, [each.name for each in threading.enumerate() if each.daemon])

asyncio.run(main())
"""


def run(steps: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = LIMITED.format(steps=steps)
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_what_is_read_or_moved_later_needs_no_further_thread() -> None:
    found = run(EARLY)

    assert (found.stdout, found.stderr, found.returncode) == ("read True\n", "", 0)


def test_where_no_thread_can_be_had_it_fails_at_once() -> None:
    found = run(LATE)

    assert found.returncode == 1
    assert "can't start new thread" in found.stderr


def test_a_journal_without_a_thread_to_write_it_is_not_opened(tmp_path: Path) -> None:
    """The start waited for ever for the end of a thread that there never was."""
    found = run(WRITER, str(tmp_path / "relay.db"))

    assert found.returncode == 1
    assert "can't start new thread" in found.stderr


def test_a_journal_without_a_thread_to_read_it_is_let_go_of(tmp_path: Path) -> None:
    found = run(READERS, str(tmp_path / "relay.db"))

    assert found.stdout == "can't start new thread []\n"


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_all_threads_run_and_are_free(threads: int) -> None:
    meeting = threading.Barrier(threads, timeout=20)
    executor: ThreadPoolExecutor = started(threads, "meeting")

    with executor:
        assert sorted(executor.map(lambda _: meeting.wait(), range(threads))) == list(
            range(threads)
        )
