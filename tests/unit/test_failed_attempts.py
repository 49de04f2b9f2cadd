"""How long failing keys wait for their answers; the clock and the sleep are the test's."""

import asyncio

import pytest

from relay.failed_attempts import (
    FREE,
    MAX_PEERS,
    MAX_WAIT_S,
    MAX_WAITING,
    STEP_S,
    WINDOW_S,
    DelayedRefusals,
    FailedAttempts,
)

GUESSER, CUSTOMER = "203.0.113.7", "198.51.100.4"


class Bed:
    """A clock that stands still, and sleeps that are over once `wake` says so."""

    def __init__(self, *, awake: bool = True) -> None:
        self.now_s = 1_000.0
        self.slept_s: list[float] = []
        self.refusals = DelayedRefusals(FailedAttempts(lambda: self.now_s), self._sleep)
        self._woken = asyncio.Event()
        if awake:
            self._woken.set()

    async def fail(self, count: int, peer: str | None = GUESSER) -> None:
        """Have a peer try so many keys, one after the other."""
        for _ in range(count):
            await self.refusals.failed(peer)

    def wake(self) -> None:
        """End all sleeps."""
        self._woken.set()

    async def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        await self._woken.wait()


async def test_ten_failing_keys_a_minute_are_answered_at_once() -> None:
    bed = Bed()
    await bed.fail(FREE)
    assert bed.slept_s == []


async def test_further_ones_wait_longer_each_time_up_to_half_a_second() -> None:
    bed = Bed()
    await bed.fail(FREE + 12)
    assert bed.slept_s[:3] == pytest.approx([STEP_S, 2 * STEP_S, 3 * STEP_S])
    assert bed.slept_s[-3:] == [MAX_WAIT_S] * 3


@pytest.mark.parametrize("prefix", ["", "::ffff:"])
async def test_another_peer_does_not_wait(prefix: str) -> None:
    """Nor where IPv4 comes in through a socket of IPv6."""
    bed = Bed()
    await bed.fail(FREE + 5, prefix + GUESSER)
    del bed.slept_s[:]
    await bed.fail(FREE, prefix + CUSTOMER)
    await bed.fail(1, None)
    assert bed.slept_s == []


async def test_after_a_minute_a_peer_begins_anew_also_if_the_clock_was_set_back() -> None:
    for step_s in (WINDOW_S, -3_600.0):
        bed = Bed()
        await bed.fail(FREE)
        bed.now_s += step_s
        await bed.fail(FREE)
        assert bed.slept_s == []


async def test_addresses_that_one_owner_may_choose_among_are_one_peer() -> None:
    bed = Bed()
    for number in range(FREE + 1):
        await bed.fail(1, f"2001:db8:1:2::{number:x}")
    assert len(bed.slept_s) == 1
    await bed.fail(1, "2001:db8:1:3::1")
    await bed.fail(1, "::ffff:198.51.100.4")
    assert len(bed.slept_s) == 1


async def test_no_more_answers_wait_than_may_and_the_next_one_goes_out_at_once() -> None:
    bed = Bed(awake=False)
    await bed.fail(FREE)
    waiting = [asyncio.create_task(bed.fail(1)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    assert len(bed.slept_s) == MAX_WAITING
    await bed.fail(1)
    assert len(bed.slept_s) == MAX_WAITING
    bed.wake()
    await asyncio.gather(*waiting)
    await bed.fail(1)
    assert len(bed.slept_s) == MAX_WAITING + 1


async def test_of_too_many_peers_the_one_that_began_first_is_forgotten() -> None:
    bed = Bed()
    await bed.fail(FREE)
    await bed.fail(FREE, CUSTOMER)
    for number in range(MAX_PEERS - 1):
        await bed.fail(1, f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
    await bed.fail(1, CUSTOMER)
    assert len(bed.slept_s) == 1
    await bed.fail(1)
    assert len(bed.slept_s) == 1


async def test_a_peer_that_begins_anew_is_forgotten_as_if_it_had_begun_then() -> None:
    bed = Bed()
    await bed.fail(1)
    await bed.fail(1, CUSTOMER)
    bed.now_s += WINDOW_S
    await bed.fail(FREE)
    for number in range(MAX_PEERS - 1):
        await bed.fail(1, f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
    await bed.fail(1)
    assert len(bed.slept_s) == 1


async def test_whoever_hangs_up_while_waiting_frees_the_place() -> None:
    bed = Bed(awake=False)
    await bed.fail(FREE)
    waiting = [asyncio.create_task(bed.fail(1)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    bed.wake()
    await bed.fail(1)
    assert len(bed.slept_s) == MAX_WAITING + 1
