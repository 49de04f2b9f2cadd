"""Both platforms allow less than the relay's budget, and tell nobody how much.

In virtual time, with the real journal and senders; `tests/unit/dispatch/test_throttling.py` has
every other way in which a platform may count.
"""

import asyncio
from pathlib import Path
from typing import Final

from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import Fault
from tests.given.destination.sending import purchases
from tests.given.destination.throttling import FixedWindow
from tests.simulation import virtual_time
from tests.simulation.world import Platforms, relay

ALLOWED_PER_S: Final = 50
BUDGET_PER_S: Final = 1000.0
LEARNING_S: Final = 30.0
"""The first half minute is for free."""
WATCHED_S: Final = 15.0
MAX_BATCH: Final = 10
LATENCY_S: Final = 0.05


class Throttling:
    """A `Transport`: platforms that take so many requests of each second, and throttle the rest.

    Pinterest's 429 names a second in its reset header; TikTok's throttle is a code in a 200.
    """

    def __init__(self) -> None:
        self.taken = {_PINTEREST: 0, _TIKTOK: 0}
        self.throttled = {_PINTEREST: 0, _TIKTOK: 0}
        self._allowed = {name: FixedWindow(ALLOWED_PER_S) for name in self.taken}
        self._within = Platforms()

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """See `Transport.send`."""
        name = _PINTEREST if "/ad_accounts/" in request.url else _TIKTOK
        if not self._allowed[name].takes(virtual_time.virtual_loop().time()):
            self.throttled[name] += 1
            await asyncio.sleep(LATENCY_S)
            return _THROTTLES[name]
        self.taken[name] += 1
        return await self._within.send(request, timeout_s)

    async def close(self) -> None:
        """See `Transport.close`."""

    def forget(self) -> None:
        """Count from here on."""
        self.taken = dict.fromkeys(self.taken, 0)
        self.throttled = dict.fromkeys(self.throttled, 0)


def test_an_allowance_that_nobody_published_is_found_and_used(tmp_path: Path) -> None:
    platforms = Throttling()
    virtual_time.run(_backlog(tmp_path, platforms))
    _is_well_used(platforms, _TIKTOK, WATCHED_S)
    _is_well_used(platforms, _PINTEREST, WATCHED_S - 1)  # it may ask for one wait


async def _backlog(folder: Path, platforms: Throttling) -> None:
    """Send what is more than the platforms allow in all that time."""
    count = round((LEARNING_S + WATCHED_S) * ALLOWED_PER_S * MAX_BATCH * 1.1)
    async with relay(folder, platforms, max_batch=MAX_BATCH, rate=BUDGET_PER_S) as sending:
        await sending.accept(*purchases(sending.clock, count))
        await virtual_time.sleep(LEARNING_S)
        platforms.forget()
        await virtual_time.sleep(WATCHED_S)


def _is_well_used(platforms: Throttling, name: str, passing_s: float) -> None:
    taken, throttled = platforms.taken[name], platforms.throttled[name]
    assert taken >= 0.9 * ALLOWED_PER_S * passing_s
    assert throttled < 0.05 * (taken + throttled)


_PINTEREST: Final = "pinterest"
_TIKTOK: Final = "tiktok"
_THROTTLES: Final = {
    _PINTEREST: HttpResponse(429, {"x-ratelimit-reset": "1"}, b'{"code": 8, "message": "limit"}'),
    _TIKTOK: HttpResponse(200, {}, b'{"code": 40100, "message": "Requests are too frequent."}'),
}
