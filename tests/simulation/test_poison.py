"""Poisoned events among good ones, while the platform is throttled, times out and comes back.

In virtual time, with the real journal and senders, drawn from seeds. Whatever happens in between, a
batch that was refused is only ever taken apart: none of its events meets an event from outside it
again. An event that failed alone stays alone.
"""

import random
from pathlib import Path
from typing import Final, Literal

import pytest

from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import Fault
from tests.given.destination.sending import PINTEREST, TIKTOK, purchase
from tests.simulation import virtual_time
from tests.simulation.world import HOUR_S, event_ids, pinterest_answer, relay

BURST: Final = 120
POISON: Final = 3
"""Of the burst."""
LATER: Final = 24
"""Good events that come after it, ten minutes apart."""
MAX_TRIES: Final = 100
"""How often such a day may try an event that fails alone: not once a minute."""
GOOD: Final = BURST - POISON + LATER
MAX_BATCH: Final = 40
TROUBLE: Final = 0.3
"""The share of requests that fail for reasons of the platform's own, until the last hours."""

Ids = frozenset[str]
Way = Literal["refuses", "fails"]


class Poisoned:
    """A `Transport`: takes everything but requests with a poisoned event, and has bad hours."""

    def __init__(self, seed: int, way: Way) -> None:
        self.asked: list[Ids] = []
        """What each request held, in order."""
        self.vain: list[tuple[int, Ids]] = []
        """What the platform would not have, and how many requests had been asked by then."""
        self.taken: list[str] = []
        self.trouble = TROUBLE
        self._way = way
        self._random = random.Random(seed)

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """See `Transport.send`."""
        ids = event_ids(request)
        if "/ad_accounts/" not in request.url:
            return HttpResponse(200, {}, b'{"code": 0, "message": "OK", "request_id": "1"}')
        self.asked.append(frozenset(ids))
        if self._random.random() < self.trouble:
            return self._random.choice(_TROUBLES)
        if any(each.startswith("poison") for each in ids):
            self.vain.append((len(self.asked), frozenset(ids)))
            return _REFUSED if self._way == "refuses" else _FAILED
        self.taken += ids
        return pinterest_answer(len(ids))

    async def close(self) -> None:
        """See `Transport.close`."""


async def _day(folder: Path, platform: Poisoned) -> tuple[int, int]:
    """Send good and poisoned events through a bad day; return the delivered and the dead."""
    async with relay(folder, platform, max_batch=MAX_BATCH) as sending:
        events = [purchase(sending.clock, f"good-{at}") for at in range(BURST - POISON)]
        events += [purchase(sending.clock, f"poison-{at}") for at in range(POISON)]
        random.Random(BURST).shuffle(events)
        await sending.accept(*events)
        for at in range(LATER):
            platform.trouble = TROUBLE if at < LATER // 2 else 0.0
            await virtual_time.sleep(600)
            await sending.accept(purchase(sending.clock, f"later-{at}"))
        await virtual_time.sleep(HOUR_S)
        funnels = await sending.funnels()
        assert funnels[TIKTOK].delivered == BURST + LATER
        return funnels[PINTEREST].delivered, funnels[PINTEREST].dead


def day(folder: Path, seed: int, way: Way) -> tuple[Poisoned, int, int]:
    """Run a day; return the platform and what became of the events."""
    platform = Poisoned(seed, way)
    delivered, dead = virtual_time.run(_day(folder, platform))
    return platform, delivered, dead


@pytest.mark.parametrize("seed", range(3))
def test_a_refused_batch_is_only_ever_taken_apart(tmp_path: Path, seed: int) -> None:
    """Also where its halves meet a throttle, an outage, and the small trials after that."""
    platform, delivered, dead = day(tmp_path, seed, "refuses")
    assert (delivered, dead) == (GOOD, POISON)
    assert len(platform.taken) == len(set(platform.taken)) == GOOD
    for asked, refused in platform.vain:
        assert all(each <= refused for each in platform.asked[asked:] if each & refused)


@pytest.mark.parametrize("seed", range(3))
def test_an_event_that_failed_alone_stays_alone(tmp_path: Path, seed: int) -> None:
    """It may be the platform's own fault, so it is tried on, ever more rarely, until too old."""
    platform, delivered, dead = day(tmp_path, seed, "fails")
    assert (delivered, dead) == (GOOD, 0)
    learnt = {next(iter(ids)): asked for asked, ids in reversed(platform.vain) if len(ids) == 1}
    assert set(learnt) == {f"poison-{at}" for at in range(POISON)}
    for event_id, asked in learnt.items():
        later = [each for each in platform.asked[asked:] if event_id in each]
        assert 0 < len(later) < MAX_TRIES
        assert all(len(each) == 1 for each in later)


_REFUSED: Final = HttpResponse(400, {}, b'{"code": 4196, "message": "Invalid request"}')
_FAILED: Final = HttpResponse(500, {}, b"")
_TROUBLES: Final = (
    HttpResponse(429, {"x-ratelimit-reset": "20"}, b'{"code": 8, "message": "rate limit"}'),
    HttpResponse(503, {}, b'{"code": 4197, "message": "ramped down"}'),
    Fault("timeout"),
    Fault("connect"),
    Fault("broken"),
)
