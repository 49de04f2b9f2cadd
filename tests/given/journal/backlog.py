"""A journal in which many events wait for both platforms, written through its own front door."""

import asyncio
import time
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from relay.conversion import Conversion, Item, Order
from relay.identity import Identity
from relay.journal.codec import entry_of
from relay.journal.entry import Entry
from relay.journal.sqlite import SqliteJournal

GROUP: Final = 1_000
"""Events of one append: a request of a large shop."""
AHEAD: Final = 10
"""Appends under way at once."""
DESTINATIONS: Final = ("pinterest-main", "tiktok-main")
MAX_SIZE_BYTES: Final = 40 * 2**30


async def fill(path: Path, count: int, destinations: Sequence[str] = DESTINATIONS) -> None:
    """Add `count` events, received just now, that wait for these destinations; or are over.

    Makes the journal if there is none. Takes about eight seconds a million.
    """
    journal = SqliteJournal(
        path, clock=time.time, max_size_bytes=MAX_SIZE_BYTES, retention_s=7 * 86_400
    )
    await journal.open(destinations)
    stored: deque[Future[None]] = deque()
    try:
        for first in range(0, count, GROUP):
            stored.append(journal.append(_group(first, min(GROUP, count - first))))
            if len(stored) > AHEAD:
                await stored.popleft()
        await asyncio.gather(*stored)
    finally:
        await journal.close()


def _group(first: int, count: int) -> list[Entry]:
    now_s = int(time.time())
    return [entry_of(_conversion(first + number, now_s), {}) for number in range(count)]


def _conversion(number: int, now_s: int) -> Conversion:
    """Return an event of the size that shops send; every third one is a purchase."""
    digest = sha256(str(number).encode()).hexdigest()
    identity = Identity(
        email_compact=(digest,),
        email_trimmed=(digest,),
        phone_e164=(digest,),
        external_id=(digest,),
    )
    name = "purchase" if number % 3 == 0 else "add_to_cart"
    url = f"https://shop.example/{'lamps/' * 10}{number}"
    order = Order(order_id=f"order-{number}", items=(Item(f"lamp-{number}", "Lamp", quantity=2),))
    return Conversion(name, f"waiting-{number}", now_s, now_s * 1000, "web", identity, order, url)
