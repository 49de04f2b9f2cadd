"""Workers that do not start: the relay does not, either, and says where to look."""

import random
import sys
from collections.abc import Sequence

import pytest

from relay.cli.failure import failure_of
from relay.dispatch.retry import Backoff
from relay.keys.record import KeyFile
from relay.metrics import Metrics
from relay.workers.message import Setup
from relay.workers.pool import Plan, Pool
from tests.unit.workers.test_link_and_session import Main

LIMITS = "check permissions and the limits of memory, processes and threads"


def pool(command: Sequence[str]) -> Pool:
    plan = Plan(
        command=command,
        environ={},
        host="127.0.0.1",
        port=0,
        workers=2,
        setup=lambda slot, _, counts: Setup(
            slot, 2, {}, {}, KeyFile(pepper="00"), b"", [], counts, 30
        ),
        backoff=lambda: Backoff(0.5, 1.0, random.Random(1)),
    )
    return Pool(plan, Main().services, Metrics())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "(exit code 3); its log says why"),
        (
            ("/nowhere/python",),
            f"(the system refused: No such file or directory); {LIMITS}",
        ),
    ],
)
async def test_a_start_that_fails_says_where_to_look(command: Sequence[str], told: str) -> None:
    with pytest.raises(BaseExceptionGroup) as failed:
        async with pool(command).open(1.0):
            pass

    assert failure_of(failed.value).line == f"relay: a worker process did not start {told}"
