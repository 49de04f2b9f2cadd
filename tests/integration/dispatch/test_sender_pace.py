"""The pace over real sockets, in real time; `tests/unit/dispatch/test_throttling.py` has more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from relay.config.quantity import Duration
from relay.sandbox.answer import PlatformName
from relay.sandbox.inbox import RequestSeen
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    Clock,
    asked,
    pinterest,
    purchase,
    purchases,
    requests,
    script,
    sending,
    tiktok,
)

ALLOWED_PER_S = 50
LEARNING_S = 30.0
WATCHED_S = 15.0
BATCH = 10
OVER = {"over": {"requests": ALLOWED_PER_S, "per_s": 1}}
SHARED: dict[str, Any] = {"rate": 20.0, "max_batch": 1, "linger": Duration("1ms")}
FREQUENT = '{"code": 40100, "message": "Requests are too frequent."}'
THROTTLES: list[dict[str, Any]] = [
    {"match": OVER, "action": {"answer": "pinterest-429"}},
    {"match": OVER, "platform": "tiktok", "action": {"answer": {"status": 200, "body": FREQUENT}}},
    {"action": {"delay_s": 0.02, "delay_up_to_s": 0.04}},
]
"""Pinterest's 429 names a second in its reset header; TikTok's throttle is a code in a 200."""
DELAYED = 2
"""The step that acts on what is within the allowance."""


@pytest.mark.slow
async def test_an_allowance_that_nobody_published_is_found_and_used(tmp_path: Path) -> None:
    """It allows 50 requests a second, the budgets are higher; the first half minute is for free."""
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        targets = pinterest(sandbox.url, max_batch=BATCH), tiktok(sandbox.url, max_batch=BATCH)
        async with sending(tmp_path, *targets, clock=clock) as relay:
            script(sandbox, *THROTTLES)
            backlog = round((LEARNING_S + WATCHED_S) * ALLOWED_PER_S * BATCH * 1.1)
            await relay.accept(*purchases(clock, backlog))
            begins_at = clock() + LEARNING_S
            await asyncio.sleep(LEARNING_S + WATCHED_S)
            _is_well_used(_seen(sandbox, "tiktok", begins_at))
            _is_well_used(_seen(sandbox, "pinterest", begins_at), asked_s=1)


def _seen(sandbox: Sandbox, platform: PlatformName, begins_at: float) -> list[RequestSeen]:
    ends_at = begins_at + WATCHED_S
    return [each for each in requests(sandbox, platform) if begins_at <= each.received_at < ends_at]


def _is_well_used(seen: list[RequestSeen], asked_s: float = 0.0) -> None:
    """Check it for a time that may hold one wait, if the platform asks for waits."""
    taken = sum(each.step == DELAYED for each in seen)
    found = f"{taken} of {len(seen)} requests were taken"
    assert taken >= 0.9 * ALLOWED_PER_S * (WATCHED_S - asked_s), found
    assert len(seen) - taken < 0.05 * len(seen), found


async def test_destinations_of_one_account_share_its_rate_and_take_turns(tmp_path: Path) -> None:
    clock = Clock()
    async with Sandbox(clock=clock) as sandbox:
        targets = [pinterest(sandbox.url, name, **SHARED) for name in ("first", "second")]
        async with sending(tmp_path, *targets, clock=clock) as relay:
            await relay.accept(*purchases(clock, 100))
            await relay.until(asked(sandbox, 41))
            funnels = await relay.funnels()
            seen = requests(sandbox)
    assert seen[40].received_at - seen[0].received_at >= 40 / 20 * 0.9
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
