"""The pace over real sockets, in real time; `tests/unit/dispatch/test_throttling.py` has more."""

from pathlib import Path
from typing import Any

from relay.config.quantity import Duration
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    Clock,
    asked,
    pinterest,
    purchase,
    purchases,
    requests,
    sending,
)

SHARED: dict[str, Any] = {"rate": 20.0, "max_batch": 1, "linger": Duration("1ms")}


async def test_destinations_of_one_account_share_its_rate_and_take_turns(tmp_path: Path) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        targets = [pinterest(sandbox.url, name, **SHARED) for name in ("first", "second")]
        async with sending(tmp_path, *targets, clock=clock) as relay:
            await relay.accept(*purchases(clock, 100))
            await relay.until(asked(sandbox, 41))
            funnels = await relay.funnels()
            seen = requests(sandbox)
    assert 1.8 <= seen[40].received_at - seen[0].received_at <= 4  # 2 by the rate
    assert abs(funnels["first"].delivered - funnels["second"].delivered) <= 3


async def test_a_second_destination_of_an_account_is_not_starved_by_the_backlog_of_the_first(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        targets = [pinterest(sandbox.url, name, **SHARED) for name in (PINTEREST, "other")]
        async with sending(tmp_path, *targets, clock=clock) as relay:
            await relay.accept(*purchases(clock, 200), to=[PINTEREST])
            await relay.until(asked(sandbox, 5))
            await relay.accept(purchase(clock, "late"), to=["other"])
            await relay.settled("other", within_s=2)
            assert (await relay.funnels())[PINTEREST].pending > 100
