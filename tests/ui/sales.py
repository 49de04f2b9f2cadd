"""A day at a shop in which everything happens once, and what all who tell figures must say of it.

The figures are written down here by hand, and computed nowhere.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from relay.sandbox import Sandbox
from tests.acceptance.process import Relay, fetch, purchase
from tests.given.destination.sending import script
from tests.ui.background import Background

DAY_S: Final = 86_400
WITHIN_S: Final = 20.0
OPTIONS: Final = 'linger = "10ms"'
PINTEREST, TIKTOK = "pinterest-main", "tiktok-main"
REPLAY: Final = {"destination": PINTEREST, "reason": "platform_rejected", "dry_run": False}

Figures = Mapping[str, str]
"""What is told, by what it is about; as text without thousands apart."""

TOLD: Final[Figures] = {
    "received": "35",
    "rejected": "5",
    "rejected missing": "3",
    "rejected unknown_key": "2",
    f"{PINTEREST} received": "35",
    f"{PINTEREST} skipped": "11",
    f"{PINTEREST} skipped duplicate": "4",
    f"{PINTEREST} skipped not_mapped": "3",
    f"{PINTEREST} skipped no_consent": "2",
    f"{PINTEREST} skipped not_selected": "2",
    f"{PINTEREST} pending": "0",
    f"{PINTEREST} delivered": "22",
    f"{PINTEREST} delivered purchase": "18",
    f"{PINTEREST} delivered add_to_cart": "4",
    f"{PINTEREST} dead": "2",
    f"{PINTEREST} ended platform_rejected": "2",
    f"{PINTEREST} ended expired": "1",
    f"{PINTEREST} replayed": "1",
    f"{PINTEREST} value EUR": "39.50",
    f"{PINTEREST} value USD": "199.93",
    f"{TIKTOK} received": "35",
    f"{TIKTOK} skipped": "9",
    f"{TIKTOK} skipped duplicate": "4",
    f"{TIKTOK} skipped not_mapped": "3",
    f"{TIKTOK} skipped no_consent": "2",
    f"{TIKTOK} pending": "6",
    f"{TIKTOK} delivered": "16",
    f"{TIKTOK} delivered purchase": "12",
    f"{TIKTOK} delivered add_to_cart": "4",
    f"{TIKTOK} dead": "4",
    f"{TIKTOK} ended invalid_event": "2",
    f"{TIKTOK} ended platform_rejected": "1",
    f"{TIKTOK} ended expired": "1",
    f"{TIKTOK} replayed": "0",
    f"{TIKTOK} value EUR": "37.50",
    f"{TIKTOK} value USD": "149.93",
    f"{TIKTOK} at risk USD": "60.00",
}
"""One event was refused by Pinterest, sent again, and refused again: it ended twice, and is one."""


def sale(event_id: str, value: str, currency: str = "USD", **changes: Any) -> Mapping[str, Any]:
    """Return a purchase."""
    order = {"value": value, "currency": currency, "order_id": f"o-{event_id}"}
    return {**purchase(event_id), "order": order, **changes}


def arrivals() -> Sequence[Mapping[str, Any]]:
    """Return what the shop posts before TikTok is paused."""
    dollars = [sale(f"usd-{at}", "19.99") for at in range(7)]
    long_ago = int(time.time()) - 8 * DAY_S
    return [
        *dollars,
        *(sale(f"eur-{at}", "12.50", "EUR") for at in range(3)),
        *dollars[:4],
        *(sale(f"no-{at}", "1.00", consent={"advertising": False}) for at in range(2)),
        *(sale(f"own-{at}", "1.00", event="wishlist_shared") for at in range(3)),
        *(sale(f"one-{at}", "5.00", destinations=[TIKTOK]) for at in range(2)),
        *(sale(f"pageless-{at}", "1.00", "EUR", page=None) for at in range(2)),
        sale("old", "1.00", event_time=long_ago),
        sale("poison-1", "3.00"),
        *(sale(f"cart-{at}", "2.00", event="add_to_cart") for at in range(4)),
        *({"event": "purchase", "event_id": f"bad-{at}", "event_time": 1} for at in range(3)),
        *(sale(f"odd-{at}", "1.00", colour="blue") for at in range(2)),
    ]


@contextmanager
def a_day(folder: Path) -> Iterator[Relay]:
    """Yield a relay at rest, after all of it has happened."""
    with Background() as background:
        sandbox = background.run(Sandbox().__aenter__())
        relay = Relay(folder, sandbox.url, OPTIONS)
        try:
            background.run(relay.start())
            background.run(sell(relay, sandbox))
            yield relay
        finally:
            background.run(relay.kill())
            background.run(sandbox.__aexit__(None, None, None))


async def sell(relay: Relay, sandbox: Sandbox) -> None:
    """Have all of it happen, and return once nothing moves any more."""
    script(sandbox, {"action": {"refuse": {"prefix": "poison"}}})
    await _post(f"{relay.producers}/v1/events", arrivals())
    await until(relay, {PINTEREST: (16, 0), TIKTOK: (16, 0)}, ended=1)
    await _post(f"{relay.admin}/api/v1/dead-letters/replay", REPLAY)
    await until(relay, {PINTEREST: (16, 0), TIKTOK: (16, 0)}, ended=2)
    await _post(f"{relay.admin}/api/v1/destinations/{TIKTOK}/pause", None)
    await _post(f"{relay.producers}/v1/events", [sale(f"late-{at}", "10.00") for at in range(6)])
    await until(relay, {PINTEREST: (22, 0), TIKTOK: (16, 6)}, ended=2)


async def until(relay: Relay, wanted: Mapping[str, tuple[int, int]], ended: int) -> None:
    """Wait until so many were delivered and wait, and Pinterest has refused one so often."""
    refused = f'relay_events_dead_total{{destination="{PINTEREST}",reason="platform_rejected"}}'
    async with asyncio.timeout(WITHIN_S):
        while True:
            funnels = await relay.summary()
            metrics = (await fetch(f"{relay.admin}/metrics")).decode()
            now = {name: (each["delivered"], each["pending"]) for name, each in funnels.items()}
            if now == wanted and f"{refused} {ended}.0" in metrics:
                return
            await asyncio.sleep(0.05)


async def _post(url: str, body: Any) -> None:
    async with aiohttp.request("POST", url, json=body) as answer:
        assert answer.status in (200, 202), await answer.text()
