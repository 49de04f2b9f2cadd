"""A crash leaves no memory on the disk: people in plain text would be in it, and tokens."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.acceptance.process import Relay
from tests.acceptance.test_workers import UNREACHABLE
from tests.given.command.process import Shop, answers

LIMIT = re.compile(r"^Max core file size +(\d+|unlimited) +(\d+|unlimited) ", re.MULTILINE)


@pytest.mark.parametrize("workers", [1, 2])
async def test_no_process_of_the_relay_may_be_dumped(tmp_path: Path, workers: int) -> None:
    """Whatever it was started with: at 1 byte, the kernel writes nothing and calls no program."""
    async with Relay(tmp_path, UNREACHABLE, workers=workers) as relay:
        for process_id in (relay.process_id, *relay.worker_ids):
            assert set(limits_of(process_id)) <= {"0", "1"}


def test_no_other_command_may_be_dumped(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    with shop.running("sandbox", "--listen", f"127.0.0.1:{shop.producers}") as command:
        command.wait_until(lambda: answers(shop.producers, "/"))

        assert set(limits_of(command.id)) <= {"0", "1"}


def limits_of(process_id: int) -> Sequence[str]:
    """Return how large a dump of a process may be, and how far it may raise that."""
    found = LIMIT.search(Path(f"/proc/{process_id}/limits").read_text())
    assert found is not None
    return found.groups()
