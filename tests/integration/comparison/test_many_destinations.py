"""A relay of an agency, with more destinations than a byte counts."""

import io
from pathlib import Path
from typing import Final

from relay.comparison.dedup import check
from relay.comparison.pixel_file import PixelFile
from relay.conversion import Order
from relay.journal.codec import entry_of
from relay.journal.sqlite import SqliteJournal
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, conversion

NAMES: Final = [f"shop-{number:03}" for number in range(300)]
PIXEL: Final = f"event_id,event_name,time,order_id\nb-1,purchase,{NOW_S},1001\n"


async def test_what_is_counted_twice_is_found_at_each_of_them(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    journal = SqliteJournal(path, clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=60)
    await journal.open(NAMES)
    await journal.append([entry_of(conversion("s-1", order=Order(order_id="1001")), {})])
    await journal.close()
    pixel = PixelFile(io.BytesIO(PIXEL.encode()), [], lambda _: None)

    found = check(path, list(map(StubDestination, NAMES)), pixel, NOW_S, lambda *_: None)

    assert [(each.destination, each.twice) for each in found.destinations] == [
        (name, 1) for name in NAMES
    ]
